"""The sink that writes a show's journal while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from meshpeek.run.events import (
    CommandEnded,
    CommandShown,
    CommandStarted,
    Event,
    Reason,
    RunEnded,
    RunStarted,
    RunStopping,
    StepSkipped,
    WaitStarted,
)
from meshpeek.run.journal.history import Mark, mark_line, over_line
from meshpeek.workshop.model import Step


class Recorder:
    """Adds a line to `journal` at each turn of a show, in one write.

    `open_with` gives the text that comes first, when the show begins. `count` tells how many
    commands the session has had: a command's number is what its state is known by.
    """

    def __init__(
        self, journal: BinaryIO, open_with: Callable[[], str], count: Callable[[], int]
    ) -> None:
        self._journal = journal
        self._open_with = open_with
        self._count = count
        self._indexes: dict[int, int] = {}
        self._index = -1
        self._is_stopping = False
        self._has_hole = False
        self.is_finished = False

    def take(self, event: Event) -> None:
        """Write the event's line, if it has one. Raises OSError, and writes nothing after that."""
        match event:
            case _ if self._has_hole:  # what came after it would be resumed at the wrong place
                pass
            case RunStarted(workshop=workshop):
                self._indexes = {id(step): index for index, step in enumerate(workshop.steps)}
                self._write(self._open_with())
            case RunStopping():
                # What is left is skipped or cleans up: it is as if it had not come up.
                self._is_stopping = True
            case RunEnded(reason=reason):
                self._write(over_line(reason))
                self.is_finished = reason is Reason.FINISHED
            case _ if self._is_stopping:
                pass
            case CommandShown(step=step):
                self._mark("up", step)
            case WaitStarted(step=step) if self._indexes[id(step)] != self._index:
                self._mark("up", step)
            case CommandStarted(step=step):
                # The session counts it when it runs, which is after it was said to start.
                self._mark("started", step, number=self._count() + 1)
            case CommandEnded(step=step, result=result):
                self._write(
                    mark_line(Mark("ended", self._indexes[id(step)], self._count(), result))
                )
            case StepSkipped(step=step, reason=reason):
                self._write(mark_line(Mark("skipped", self._indexes[id(step)], reason=reason)))

    def close(self) -> None:
        """Do nothing: every line has been written."""

    def _mark(self, kind: str, step: Step, number: int = 0) -> None:
        self._index = self._indexes[id(step)]
        self._write(mark_line(Mark(kind, self._index, number)))

    def _write(self, line: str) -> None:
        try:
            self._journal.write(line.encode())
        except OSError:
            self._has_hole = True
            raise
