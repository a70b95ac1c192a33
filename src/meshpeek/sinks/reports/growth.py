"""What a report file consists of: text that only grows, places in it that change, and an end.

A report is written anew after every step. So that a long run does not write the square of what it
has to say, a builder never gives its whole text: it gives what has come to it, and an end that is
short whatever the run's length. What stands before and must change all the same (counts at the
head of a JUnit suite) has a place of a fixed size.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from meshpeek.run.events import CommandEnded, Event, RunEnded, RunRefused, RunStarted, StepSkipped


class Slot:
    """A place of `size` bytes whose text may still change; blanks fill what it leaves."""

    def __init__(self, size: int, text: str = "") -> None:
        self.size = size
        self.text = text

    def encode(self) -> bytes:
        """Return exactly `size` bytes. Raises ValueError for a text that needs more."""
        data = self.text.encode(errors="replace")
        if len(data) > self.size:
            raise ValueError(f"a report has {self.size} bytes for {self.text!r}")
        return data.ljust(self.size)


Piece = str | Slot
"""Text to add at the end; a slot to put there or, where it has its place, to write again."""


class Builder(Protocol):
    """Turns the events of one run, or of several one after the other, into a report's text."""

    def head(self) -> Iterable[Piece]:
        """Return what the report begins with."""

    def take(self, event: Event) -> Iterable[Piece]:
        """Return what `event` adds or changes."""

    def tail(self) -> str:
        """Return what makes everything so far a whole report."""


def is_milestone(event: Event) -> bool:
    """Tell whether a report has to hold, on disk, all that came up to and with `event`."""
    if isinstance(event, CommandEnded):
        return event.result.final
    return isinstance(event, RunStarted | RunRefused | StepSkipped | RunEnded)
