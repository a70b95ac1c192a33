"""A report as text that only grows, placeholders in it, and an end.

The end is short however long the run is. What stands before it and must change all the same, such
as the counts at the head of a JUnit suite, is a placeholder of a fixed size.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from meshpeek.run.events import (
    CommandEnded,
    CommandStarted,
    Event,
    RunEnded,
    RunRefused,
    RunStarted,
    StepSkipped,
    WorkshopSkipped,
)


class Placeholder:
    """A place of `size` bytes whose text may still change; blanks pad it."""

    def __init__(self, size: int, text: str = "") -> None:
        self.size = size
        self.text = text

    def encode(self) -> bytes:
        """Return exactly `size` bytes. Raises ValueError for a text that needs more."""
        data = self.text.encode(errors="replace")
        if len(data) > self.size:
            raise ValueError(f"a placeholder of {self.size} bytes cannot hold {self.text!r}")
        return data.ljust(self.size)


Chunk = str | Placeholder
"""Text to append; a placeholder to append or, if it has been, to write again in its place."""


class Formatter(Protocol):
    """Turns the events of one run, or of several one after the other, into a report's text."""

    def head(self) -> Iterable[Chunk]:
        """Return what the report begins with."""

    def take(self, event: Event) -> Iterable[Chunk]:
        """Return what `event` adds or changes."""

    def tail(self) -> str:
        """Return what makes everything so far a whole report."""

    def finish(self) -> Iterable[Chunk]:
        """Return what changes when no event follows: until then, the job may have been killed."""


def must_be_on_disk(event: Event) -> bool:
    """Return whether a report on disk must hold everything up to and with `event`.

    That is the end of each step, and its start: a job that is killed does not say where.
    """
    if isinstance(event, CommandStarted):
        return event.attempt == 1
    if isinstance(event, CommandEnded):
        return event.result.final
    return isinstance(event, RunStarted | RunRefused | WorkshopSkipped | StepSkipped | RunEnded)
