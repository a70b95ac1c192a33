"""The sink that writes a journal during a presentation."""

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
from meshpeek.run.journal.history import Entry, end_line, entry_line
from meshpeek.workshop.model import Step


class JournalWriter:
    """Appends a line to `journal` for each step that is shown, started or ended, in one write.

    `open_with` gives the text that comes first, when the run starts. `count` tells how many
    commands the session has run: a command's number identifies the state after it.
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
            case _ if self._has_hole:  # a later line would resume the run at the wrong step
                pass
            case RunStarted(workshop=workshop):
                self._indexes = {id(step): index for index, step in enumerate(workshop.steps)}
                self._write(self._open_with())
            case RunStopping():
                # The rest is skipped or cleans up, as if it had not been reached.
                self._is_stopping = True
            case RunEnded(reason=reason):
                self._write(end_line(reason))
                self.is_finished = reason is Reason.FINISHED
            case _ if self._is_stopping:
                pass
            case CommandShown(step=step):
                self._add("up", step)
            case WaitStarted(step=Step() as step) if self._indexes[id(step)] != self._index:
                self._add("up", step)
            case CommandStarted(step=step):
                # The session counts it when it runs, which is after this event.
                self._add("started", step, number=self._count() + 1)
            case CommandEnded(step=step, result=result):
                index = self._indexes[id(step)]
                self._write(entry_line(Entry("ended", index, self._count(), result)))
            case StepSkipped(step=step, reason=reason):
                self._write(entry_line(Entry("skipped", self._indexes[id(step)], reason=reason)))

    def close(self) -> None:
        """Do nothing: every line has been written."""

    def _add(self, kind: str, step: Step, number: int = 0) -> None:
        self._index = self._indexes[id(step)]
        self._write(entry_line(Entry(kind, self._index, number)))

    def _write(self, line: str) -> None:
        try:
            self._journal.write(line.encode())
        except OSError:
            self._has_hole = True
            raise
