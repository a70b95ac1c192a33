"""The presentation to resume: which one it is, and what the run that resumes it starts from."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from meshpeek.errors import EnvironmentUnfitError, InputError
from meshpeek.run.events import CommandEnded, Reason, StepSkipped
from meshpeek.run.journal import storage
from meshpeek.run.journal.history import History, read
from meshpeek.run.settings import RunSettings
from meshpeek.session.shell import state
from meshpeek.session.shell.state import Restoration
from meshpeek.workshop.model import Workshop
from meshpeek.workshop.values import Value


class ResumedRun(Value):
    """The run that this one resumes.

    `position` is the index of the next step, `events` what happened to commands, `session` the
    folder that the session had.
    """

    position: int
    events: tuple[CommandEnded | StepSkipped, ...]
    restoration: Restoration
    session: Path
    rehearsal: bool
    arguments: tuple[str, ...]

    def continued(self, settings: RunSettings) -> RunSettings:
        """Return `settings` for a run that continues this one, on the clusters that it used.

        Raises InputError for a rehearsal that continues a run on real clusters.
        """
        if settings.rehearse and not self.rehearsal:
            raise InputError(
                "the last presentation used real clusters, so it cannot continue as a rehearsal",
                hint="leave --rehearse out, or start a new one without --resume",
            )
        return settings.replace(
            rehearse=self.rehearsal,
            arguments=settings.arguments or self.arguments,
            start=self.position if settings.start is None else settings.start,
        )

    def describe(self, workshop: Workshop) -> str:
        """Return the notice that the run of `workshop` resumes this one."""
        count = len({id(event.step) for event in self.events})
        place = _place(workshop, self.position)
        return f"resuming at {place}, after {count} command{'' if count == 1 else 's'}"


class Presentation(Value):
    """A presentation that has a journal: its folder, and what the journal says."""

    folder: Path
    history: History

    @contextlib.contextmanager
    def reopened(self, workshop: Workshop) -> Iterator[tuple[BinaryIO, ResumedRun]]:
        """Yield the journal, locked, to append to, and what a run of `workshop` starts from.

        Raises InputError if the presentation is running or finished, or if the workshop has
        changed; EnvironmentUnfitError if its state is missing.
        """
        with storage.reopen_presentation(self.folder) as file:
            if file is None:
                process = self.history.header.process
                raise InputError(
                    f"the last presentation of {workshop.path} is still running, in process "
                    f"{process}",
                    hint=f"end it first: Q in its terminal, or `kill {process}`",
                )
            # Read it again, now that no other process writes to it.
            history = read(self.folder / storage.JOURNAL) or self.history
            if history.ended is Reason.FINISHED:
                raise InputError(
                    f"the last presentation of {workshop.path} finished, {self._when()}",
                    hint="start a new one, or start at a step: --from STEP",
                )
            yield file, self._starting_point(workshop, history)

    def offer(self, workshop: Workshop) -> str | None:
        """Return the notice that the presentation can be resumed, None if it cannot."""
        history = self.history
        if not history.has_begun or history.ended is Reason.FINISHED:
            return None
        with storage.reopen_presentation(self.folder) as file:
            if file is None or history.first_change(workshop) is not None:
                return None
        place = _place(workshop, history.position(workshop))
        return (
            f"the last presentation stopped at {place}, {self._when()}; "
            f"to resume there: meshpeek present --resume {workshop.path}"
        )

    def _starting_point(self, workshop: Workshop, history: History) -> ResumedRun:
        changed = history.first_change(workshop)
        if changed is not None:
            place = _place(workshop, changed)
            raise InputError(
                f"{place}: the workshop has changed here since the presentation started",
                hint=f"start there instead: --from {place}, "
                "with --setup for the hidden steps before",
            )
        saved = state.newest(self.folder, before=history.under_way) or state.newest(self.folder)
        if saved is None:
            raise EnvironmentUnfitError(
                f"the state of the last presentation of {workshop.path} is missing from "
                f"{self.folder}",
                hint="start at a step instead: --from STEP, "
                "with --setup for the hidden steps before",
            )
        history = history.until(saved)
        environment = json.loads((self.folder / storage.ENVIRONMENT).read_text(encoding="utf-8"))
        return ResumedRun(
            position=history.position(workshop),
            events=tuple(history.events(workshop)),
            restoration=Restoration(saved, environment, history.statuses),
            session=Path(history.header.session),
            rehearsal=history.header.rehearsal,
            arguments=history.header.arguments,
        )

    def _when(self) -> str:
        """Return how long ago the journal was written to."""
        seconds = max(time.time() - (self.folder / storage.JOURNAL).stat().st_mtime, 0)
        for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
            if seconds >= size:
                count = int(seconds // size)
                return f"{count} {unit}{'s' if count > 1 else ''} ago"
        return "just now"


def last_presentation(path: str) -> Presentation | None:
    """Return the last presentation of the workshop at `path`, None if there is none.

    One in which nothing was done counts only if there is no other, so that one that is started by
    mistake does not hide the one to resume.
    """
    unused = None
    for folder in storage.list_presentations(storage.workshop_folder(path)):
        history = read(folder / storage.JOURNAL)
        if history is not None and history.has_begun:
            return Presentation(folder, history)
        if history is not None and unused is None:
            unused = Presentation(folder, history)
    return unused


def _place(workshop: Workshop, index: int) -> str:
    return str(workshop.steps[index].span) if index < len(workshop.steps) else "its end"
