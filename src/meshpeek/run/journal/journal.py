"""Opening a journal: for a show that begins, or for one that goes on where it stopped."""

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
from meshpeek.run.journal import folders
from meshpeek.run.journal.history import History, Show, fingerprints, first_line, read, resumed_line
from meshpeek.run.journal.recorder import Recorder
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
        # Of the workshop as it is written: what sinks are told of it is without secrets.
        self._steps = fingerprints(workshop.steps)
        self.folder = folder
        self.resumed = resumed
        self._file = file
        self._recorder: Recorder | None = None

    @property
    def persistence(self) -> Persistence:
        """Where the session saves its state, and the session that it resumes."""
        resumed = None
        if self.resumed:
            resumed = ResumedSession(self.resumed.session, self.resumed.restoration)
        return Persistence(self.folder, self.folder / _CLUSTERS, resumed)

    def writer(self, session: Session, settings: RunSettings) -> Recorder:
        """Return the sink for the events of a run in `session`."""

        def open_with() -> str:
            self._keep_environment(session.environment)
            if self.resumed is not None:
                # What was being written when the run was killed ends here.
                return f"\n{resumed_line(os.getpid())}"
            return first_line(
                Show(
                    session=str(session.folder),
                    process=os.getpid(),
                    rehearsal=settings.rehearse,
                    arguments=settings.arguments,
                    steps=self._steps,
                )
            )

        self._recorder = Recorder(self._file, open_with, lambda: session.shell.count)
        return self._recorder

    def _keep_environment(self, environment: Mapping[str, str]) -> None:
        unfinished = self.folder / f"{_ENVIRONMENT}.new"
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps(dict(environment)), encoding="utf-8")
        unfinished.replace(self.folder / _ENVIRONMENT)

    def close(self) -> None:
        """Remove all but the journal itself if the show ended: nobody will go on with it."""
        if self._recorder and self._recorder.is_finished:
            state.discard(self.folder)
            for name in (_ENVIRONMENT, _CLUSTERS):
                (self.folder / name).unlink(missing_ok=True)


@contextlib.contextmanager
def open_journal(
    workshop: Workshop, *, resume: bool, notices: list[str]
) -> Iterator[Journal | None]:
    """Open the journal of a show of `workshop`, new or to be resumed; None if that fails.

    What the presenter should know of it is added to `notices`. Raises InputError where there is
    no show to resume, or the workshop is another one now; EnvironmentUnfitError where its state
    is gone.
    """
    with contextlib.ExitStack() as stack:
        journal: Journal | None = None
        if resume:
            journal = stack.enter_context(_old_show(workshop))
            notices.append(_say_where(workshop, journal))
        else:
            try:
                offer = _describe_resumable(workshop)
                journal = stack.enter_context(_new_show(workshop))
            except OSError as error:
                offer = f"this show cannot be resumed if it is killed: its journal: {error}"
            if offer:
                notices.append(offer)
        yield journal
        if journal:
            journal.close()


def was_rehearsal(path: str) -> bool:
    """Tell whether the last show of the workshop at `path` was one; no, where there is none.

    What steps a workshop has depends on it, so it is to be known before the workshop is read.
    """
    found = _last_show(path)
    return found is not None and found[1].show.rehearsal


@contextlib.contextmanager
def _new_show(workshop: Workshop) -> Iterator[Journal]:
    with folders.new_show(folders.workshop_folder(workshop.path)) as (folder, file):
        yield Journal(workshop, folder, file)


@contextlib.contextmanager
def _old_show(workshop: Workshop) -> Iterator[Journal]:
    found = _last_show(workshop.path)
    if found is None:
        raise InputError(
            f"there is no show of {workshop.path} to go on with",
            hint=f"`meshpeek present {workshop.path}` begins one",
        )
    folder, history = found
    with folders.old_show(folder) as file:
        if file is None:
            raise InputError(
                f"the last show of {workshop.path} still goes on, in process "
                f"{history.show.process}",
                hint=f"end it first: Q in its terminal, or `kill {history.show.process}`",
            )
        # Read it again, now that nobody else writes to it.
        history = read(folder / folders.JOURNAL) or history
        if history.over is Reason.FINISHED:
            raise InputError(
                f"the last show of {workshop.path} came to its end, {_when(folder)}",
                hint="begin a new one, or begin at a step: --from STEP",
            )
        yield Journal(workshop, folder, file, _resumed_run(workshop, folder, history))


def _say_where(workshop: Workshop, journal: Journal) -> str:
    if journal.resumed is None:
        raise ValueError("the journal of a show that begins")
    count = len({id(event.step) for event in journal.resumed.events})
    place = _place(workshop, journal.resumed.position)
    return f"going on at {place}; {count} command{'' if count == 1 else 's'} came before"


def _describe_resumable(workshop: Workshop) -> str | None:
    """Return the words that offer to go on with the last show, None where that cannot be done."""
    found = _last_show(workshop.path)
    if found is None or not found[1].has_begun:
        return None
    folder, history = found
    with folders.old_show(folder) as file:
        if file is None or history.over is Reason.FINISHED:
            return None
    if history.first_change(workshop) is not None:
        return None
    return (
        f"the last show stopped at {_place(workshop, history.position(workshop))}, "
        f"{_when(folder)}; to go on there: meshpeek present --resume {workshop.path}"
    )


def _place(workshop: Workshop, index: int) -> str:
    return str(workshop.steps[index].span) if index < len(workshop.steps) else "its end"


def _last_show(path: str) -> tuple[Path, History] | None:
    """Return the last show, with its folder: one that was left at once only if there is no other.

    So a show that is started by mistake does not hide the one that was to be resumed.
    """
    left_at_once = None
    for folder in folders.shows(folders.workshop_folder(path)):
        history = read(folder / folders.JOURNAL)
        if history is not None and history.has_begun:
            return folder, history
        if history is not None and left_at_once is None:
            left_at_once = folder, history
    return left_at_once


def _resumed_run(workshop: Workshop, folder: Path, history: History) -> ResumedRun:
    changed = history.first_change(workshop)
    if changed is not None:
        place = _place(workshop, changed)
        raise InputError(
            f"{place}: the workshop has changed here since the show began, "
            "so what ran then is not what stands there now",
            hint=f"begin there instead: --from {place}, with --setup for the hidden steps before",
        )
    saved = state.newest(folder, before=history.under_way) or state.newest(folder)
    if saved is None:
        raise EnvironmentUnfitError(
            f"the state of the last show of {workshop.path} is gone: {folder} has none",
            hint="begin at a step instead: --from STEP, with --setup for the hidden steps before",
        )
    history = history.until(saved)
    environment = json.loads((folder / _ENVIRONMENT).read_text(encoding="utf-8"))
    return ResumedRun(
        position=history.position(workshop),
        events=tuple(history.events(workshop)),
        restoration=Restoration(saved, environment, history.statuses),
        session=Path(history.show.session),
        rehearsal=history.show.rehearsal,
        arguments=history.show.arguments,
    )


def _when(folder: Path) -> str:
    """Return how long ago something was written to a show's journal."""
    seconds = max(time.time() - (folder / folders.JOURNAL).stat().st_mtime, 0)
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
