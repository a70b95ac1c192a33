"""Opening a journal: of a new presentation, or of one that is resumed."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from meshpeek.errors import EnvironmentUnfitError, InputError
from meshpeek.run.events import CommandEnded, Reason, StepSkipped
from meshpeek.run.journal import storage
from meshpeek.run.journal.history import (
    Header,
    History,
    fingerprints,
    header_line,
    read,
    resumed_line,
)
from meshpeek.run.journal.writer import JournalWriter
from meshpeek.run.settings import RunSettings
from meshpeek.session.session import Persistence, ResumedSession, Session
from meshpeek.session.shell import state
from meshpeek.session.shell.state import Restoration
from meshpeek.workshop.model import Workshop
from meshpeek.workshop.values import Value

_ENVIRONMENT = "environment.json"
_CLUSTERS = "clusters.json"


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


class Journal:
    """The journal of a run; `folder` has what belongs to it, `resumed` is the run it continues."""

    def __init__(
        self, workshop: Workshop, folder: Path, file: BinaryIO, resumed: ResumedRun | None = None
    ) -> None:
        # Of the workshop itself: the one in events is without its secrets.
        self._steps = fingerprints(workshop.steps)
        self.folder = folder
        self.resumed = resumed
        self._file = file
        self._writer: JournalWriter | None = None

    @property
    def persistence(self) -> Persistence:
        """Where the session saves its state, and the session that it resumes."""
        resumed = None
        if self.resumed:
            resumed = ResumedSession(self.resumed.session, self.resumed.restoration)
        return Persistence(self.folder, self.folder / _CLUSTERS, resumed)

    def writer(self, session: Session, settings: RunSettings) -> JournalWriter:
        """Return the sink for the events of a run in `session`."""

        def open_with() -> str:
            self._keep_environment(session.environment)
            if self.resumed is not None:
                # What was being written when the run was killed ends here.
                return f"\n{resumed_line(os.getpid())}"
            return header_line(
                Header(
                    session=str(session.folder),
                    process=os.getpid(),
                    rehearsal=settings.rehearse,
                    arguments=settings.arguments,
                    steps=self._steps,
                )
            )

        self._writer = JournalWriter(self._file, open_with, lambda: session.shell.count)
        return self._writer

    def _keep_environment(self, environment: Mapping[str, str]) -> None:
        unfinished = self.folder / f"{_ENVIRONMENT}.new"
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps(dict(environment)), encoding="utf-8")
        unfinished.replace(self.folder / _ENVIRONMENT)

    def close(self) -> None:
        """Remove all but the journal itself if the presentation finished."""
        if self._writer and self._writer.is_finished:
            state.discard(self.folder)
            for name in (_ENVIRONMENT, _CLUSTERS):
                (self.folder / name).unlink(missing_ok=True)


@contextlib.contextmanager
def open_journal(
    workshop: Workshop, *, resume: bool, notices: list[str]
) -> Iterator[Journal | None]:
    """Open the journal of a presentation of `workshop`, new or resumed; None if that fails.

    What the presenter should know about it is added to `notices`. Raises InputError if there is
    no presentation to resume, or the workshop has changed; EnvironmentUnfitError if its state is
    missing.
    """
    with contextlib.ExitStack() as stack:
        journal: Journal | None = None
        if resume:
            journal = stack.enter_context(_resume(workshop))
            notices.append(_describe_place(workshop, journal))
        else:
            try:
                offer = _describe_resumable(workshop)
                journal = stack.enter_context(_start(workshop))
            except OSError as error:
                offer = f"this presentation cannot be resumed if it is killed: its journal: {error}"
            if offer:
                notices.append(offer)
        yield journal
        if journal:
            journal.close()


def was_rehearsal(path: str) -> bool:
    """Tell whether the last presentation of the workshop at `path`, if any, was a rehearsal.

    The steps of a workshop depend on that, so it is needed before the workshop is read.
    """
    found = _last_presentation(path)
    return found is not None and found[1].header.rehearsal


@contextlib.contextmanager
def _start(workshop: Workshop) -> Iterator[Journal]:
    with storage.create_presentation(storage.workshop_folder(workshop.path)) as (folder, file):
        yield Journal(workshop, folder, file)


@contextlib.contextmanager
def _resume(workshop: Workshop) -> Iterator[Journal]:
    found = _last_presentation(workshop.path)
    if found is None:
        raise InputError(
            f"no presentation of {workshop.path} to resume",
            hint=f"`meshpeek present {workshop.path}` starts one",
        )
    folder, history = found
    with storage.reopen_presentation(folder) as file:
        if file is None:
            raise InputError(
                f"the last presentation of {workshop.path} is still running, in process "
                f"{history.header.process}",
                hint=f"end it first: Q in its terminal, or `kill {history.header.process}`",
            )
        # Read it again, now that no other process writes to it.
        history = read(folder / storage.JOURNAL) or history
        if history.ended is Reason.FINISHED:
            raise InputError(
                f"the last presentation of {workshop.path} finished, {_when(folder)}",
                hint="start a new one, or start at a step: --from STEP",
            )
        yield Journal(workshop, folder, file, _resumed_run(workshop, folder, history))


def _describe_place(workshop: Workshop, journal: Journal) -> str:
    if journal.resumed is None:
        raise ValueError("the journal of a new presentation")
    count = len({id(event.step) for event in journal.resumed.events})
    place = _place(workshop, journal.resumed.position)
    return f"resuming at {place}, after {count} command{'' if count == 1 else 's'}"


def _describe_resumable(workshop: Workshop) -> str | None:
    """Return the offer to resume the last presentation, None if that is impossible."""
    found = _last_presentation(workshop.path)
    if found is None or not found[1].has_begun:
        return None
    folder, history = found
    with storage.reopen_presentation(folder) as file:
        if file is None or history.ended is Reason.FINISHED:
            return None
    if history.first_change(workshop) is not None:
        return None
    return (
        f"the last presentation stopped at {_place(workshop, history.position(workshop))}, "
        f"{_when(folder)}; to resume there: meshpeek present --resume {workshop.path}"
    )


def _place(workshop: Workshop, index: int) -> str:
    return str(workshop.steps[index].span) if index < len(workshop.steps) else "its end"


def _last_presentation(path: str) -> tuple[Path, History] | None:
    """Return the last presentation in which anything was done, or else the last, with its folder.

    So one that is started by mistake does not hide the one to resume.
    """
    unused = None
    for folder in storage.list_presentations(storage.workshop_folder(path)):
        history = read(folder / storage.JOURNAL)
        if history is not None and history.has_begun:
            return folder, history
        if history is not None and unused is None:
            unused = folder, history
    return unused


def _resumed_run(workshop: Workshop, folder: Path, history: History) -> ResumedRun:
    changed = history.first_change(workshop)
    if changed is not None:
        place = _place(workshop, changed)
        raise InputError(
            f"{place}: the workshop has changed here since the presentation started",
            hint=f"start there instead: --from {place}, with --setup for the hidden steps before",
        )
    saved = state.newest(folder, before=history.under_way) or state.newest(folder)
    if saved is None:
        raise EnvironmentUnfitError(
            f"the state of the last presentation of {workshop.path} is missing from {folder}",
            hint="start at a step instead: --from STEP, with --setup for the hidden steps before",
        )
    history = history.until(saved)
    environment = json.loads((folder / _ENVIRONMENT).read_text(encoding="utf-8"))
    return ResumedRun(
        position=history.position(workshop),
        events=tuple(history.events(workshop)),
        restoration=Restoration(saved, environment, history.statuses),
        session=Path(history.header.session),
        rehearsal=history.header.rehearsal,
        arguments=history.header.arguments,
    )


def _when(folder: Path) -> str:
    """Return how long ago a presentation's journal was written to."""
    seconds = max(time.time() - (folder / storage.JOURNAL).stat().st_mtime, 0)
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
