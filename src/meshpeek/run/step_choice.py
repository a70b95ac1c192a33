"""Which commands of a workshop take part in a run, where somebody chooses some of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from meshpeek.workshop.model import Command, Workshop
from meshpeek.workshop.step_address import find_last_step, find_step
from meshpeek.workshop.values import Value


class Choice(Value):
    """What somebody chooses: commands with one of `tags`, with one of `names`, in a range.

    `start` and `until` are addresses of a step or a section, as `find_step` takes them; None for
    the beginning and the end. A choice of several kinds is what all of them have in common.
    """

    tags: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    start: str | None = None
    until: str | None = None

    def left_out(self, workshop: Workshop) -> Mapping[int, str]:
        """Return why commands are left out, by the index of their step.

        Hidden commands before a chosen one run, since it may need what they prepare; those marked
        `always` clean up, and run. Raises InputError for an address that is in no step.
        """
        first = 0 if self.start is None else find_step(workshop, self.start)
        last = len(workshop.steps) - 1
        if self.until is not None:
            last = find_last_step(workshop, self.until)
        chosen = {
            index
            for index, step in _commands(workshop)
            if first <= index <= last
            and (not self.tags or self.tags & step.tags)
            and (not self.names or step.name in self.names)
        }
        end = max(chosen, default=-1)
        return {
            index: f"not chosen by {self.told}"
            for index, step in _commands(workshop)
            if index not in chosen and (step.shown or index > end) and not (step.always and chosen)
        }

    def chooses(self, workshop: Workshop) -> bool:
        """Tell whether any command of `workshop` is chosen. Raises as `left_out` does."""
        return len(self.left_out(workshop)) < sum(1 for _ in _commands(workshop))

    @property
    def told(self) -> str:
        """The choice, as options of the command line."""
        options = {
            "--tags": ",".join(sorted(self.tags)),
            "--name": ",".join(sorted(self.names)),
            "--from": self.start,
            "--until": self.until,
        }
        return " ".join(f"{option} {value}" for option, value in options.items() if value)


def why_nothing_ran(workshop: Workshop, excludes: Callable[[int, Command], str | None]) -> str:
    """Return why no command of a test ran; `excludes` tells why one, by its index, does not."""
    reasons = {reason for index, step in _commands(workshop) if (reason := excludes(index, step))}
    if reasons:
        return f"every command was skipped ({'; '.join(sorted(reasons))})"
    return "contains no command"


def _commands(workshop: Workshop) -> list[tuple[int, Command]]:
    return [
        (index, step)
        for index, step in enumerate(workshop.steps)
        if isinstance(step, Command) and step.runs
    ]
