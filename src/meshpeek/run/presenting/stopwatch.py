"""The clock of a presentation."""

from __future__ import annotations

from collections.abc import Callable


class Stopwatch:
    """Counts seconds, by `clock`, from its start; not while it is stopped."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._counted = 0.0
        self._since: float | None = None
        self.started = False

    @property
    def running(self) -> bool:
        """Whether it counts at present."""
        return self._since is not None

    def elapsed(self) -> float:
        """Return the seconds counted so far."""
        return self._counted + (0.0 if self._since is None else self._clock() - self._since)

    def start(self) -> None:
        """Start it, the first time."""
        if not self.started:
            self.toggle()

    def toggle(self) -> None:
        """Stop it, or start it again."""
        self.started = True
        self._counted = self.elapsed()
        self._since = self._clock() if self._since is None else None

    def seconds_to_next_minute(self) -> float | None:
        """Return the seconds until the next full minute, None while it is stopped."""
        return 60 - self.elapsed() % 60 if self.running else None
