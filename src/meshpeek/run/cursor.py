"""Where a run is in its steps. Moving runs nothing and undoes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from meshpeek.model import AnyStep, Command


class Cursor:
    """A position in `steps`, from the first to just after the last."""

    def __init__(self, steps: Sequence[AnyStep]) -> None:
        self._steps = steps
        self.index = 0

    @property
    def step(self) -> AnyStep | None:
        """The step that is next, or None after the last."""
        return self._steps[self.index] if self.index < len(self._steps) else None

    def advance(self) -> None:
        """Go to the following step."""
        self.index = min(self.index + 1, len(self._steps))

    def back(self) -> None:
        """Go to the last shown command before this step; stay if there is none."""
        for index in range(self.index - 1, -1, -1):
            step = self._steps[index]
            if isinstance(step, Command) and step.shown:
                self.index = index
                return

    def rest(self) -> Sequence[AnyStep]:
        """Return the steps from here to the end."""
        return self._steps[self.index :]
