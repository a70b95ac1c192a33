"""The clock of a show, that stands still while it is told to."""

from __future__ import annotations

from collections.abc import Callable


class Stopwatch:
    """Counts seconds from its making, by `clock`, but for those in which it is stopped."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._counted = 0.0
        self._since: float | None = clock()

    @property
    def running(self) -> bool:
        """Whether time counts at present."""
        return self._since is not None

    def elapsed(self) -> float:
        """Return the seconds counted so far."""
        return self._counted + (0.0 if self._since is None else self._clock() - self._since)

    def toggle(self) -> None:
        """Stop, or go on."""
        self._counted = self.elapsed()
        self._since = self._clock() if self._since is None else None

    def seconds_to_next_minute(self) -> float | None:
        """Return when the next minute will have been counted, None while nothing counts."""
        return 60 - self.elapsed() % 60 if self.running else None
