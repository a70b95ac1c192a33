"""The position of a run in its steps. Moving runs nothing and undoes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from meshpeek.run.actions import Action, AnyAction, Jump
from meshpeek.workshop.model import AnyStep, Command, Pause

_NOWHERE = {
    Action.BACK: "no command is before this",
    Action.NEXT_SECTION: "this is the last section",
    Action.PREVIOUS_SECTION: "this is the beginning",
}


class Cursor:
    """A position in `steps`, from the first to just after the last."""

    def __init__(self, steps: Sequence[AnyStep]) -> None:
        self._steps = steps
        self.index = 0

    @property
    def step(self) -> AnyStep | None:
        """The step that is next, or None after the last."""
        return self._steps[self.index] if self.index < len(self._steps) else None

    def move(self, action: AnyAction) -> None:
        """Go where `action` leads: to the next step, unless it names another place."""
        match action:
            case Jump(target=target):
                self.index = min(max(target, 0), len(self._steps))
            case Action.BACK:
                self._back()
            case Action.NEXT_SECTION:
                self._next_section()
            case Action.PREVIOUS_SECTION:
                self._previous_section()
            case _:
                self.index = min(self.index + 1, len(self._steps))

    def stays_at(self, action: AnyAction) -> str | None:
        """Return why `action` leads nowhere, None if it does or is not about a place."""
        if isinstance(action, Jump) or action not in _NOWHERE:
            return None
        before = self.index
        self.move(action)
        after, self.index = self.index, before
        return _NOWHERE[action] if after == before else None

    def _back(self) -> None:
        """Go to the last shown command before this step; stay if there is none."""
        before = range(self.index - 1, -1, -1)
        self._go_to_first(before, lambda step: isinstance(step, Command) and step.shown)

    def _next_section(self) -> None:
        """Go to the first shown step after this section; stay if there is none."""
        section = self._section
        after = range(self.index, len(self._steps))
        self._go_to_first(after, lambda step: step.shown and step.section != section)

    def _previous_section(self) -> None:
        """Go to this section's beginning; before its first wait, to that of the section before."""
        beginning = self._beginning(self.index)
        if beginning is None:
            return
        has_waited = any(map(waits_for_presenter, self._steps[beginning : self.index]))
        before = None if has_waited else self._beginning(beginning - 1)
        self.index = beginning if before is None else before

    @property
    def _section(self) -> int:
        return self._steps[min(self.index, len(self._steps) - 1)].section

    def _beginning(self, index: int) -> int | None:
        """Return the index of the first shown step in the section that `index` is in.

        If nothing is shown in it, that of the section before; None if there is none.
        """
        found: int | None = None
        for at in range(min(index, len(self._steps) - 1), -1, -1):
            step = self._steps[at]
            if found is not None and step.section != self._steps[found].section:
                break
            if step.shown:
                found = at
        return found

    def _go_to_first(self, indexes: Iterable[int], wanted: Callable[[AnyStep], bool]) -> None:
        self.index = next((at for at in indexes if wanted(self._steps[at])), self.index)


def waits_for_presenter(step: AnyStep) -> bool:
    """Tell whether a presentation stops at `step`."""
    if isinstance(step, Command):
        return step.wait_before or step.wait_after
    return isinstance(step, Pause)
