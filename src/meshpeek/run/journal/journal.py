"""Opening a journal: of a new presentation, or of one that is resumed."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from meshpeek.errors import InputError
from meshpeek.run.journal import storage
from meshpeek.run.journal.history import Header, fingerprints, header_line, resumed_line
from meshpeek.run.journal.resuming import ResumedRun, last_presentation
from meshpeek.run.journal.writer import JournalWriter
from meshpeek.run.settings import RunSettings
from meshpeek.session.session import Persistence, ResumedSession, Session
from meshpeek.session.shell import state
from meshpeek.workshop.model import Workshop

_CLUSTERS = "clusters.json"


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
                    sealed=settings.sealed,
                    options=settings.kept or {},
                )
            )

        self._writer = JournalWriter(self._file, open_with, lambda: session.shell.count)
        return self._writer

    def _keep_environment(self, environment: Mapping[str, str]) -> None:
        unfinished = self.folder / f"{storage.ENVIRONMENT}.new"
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps(dict(environment)), encoding="utf-8")
        unfinished.replace(self.folder / storage.ENVIRONMENT)

    def close(self) -> None:
        """Remove all but the journal itself if the presentation finished."""
        if self._writer and self._writer.is_finished:
            state.discard(self.folder)
            for name in (storage.ENVIRONMENT, _CLUSTERS):
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
            journal = stack.enter_context(_resume(workshop, notices))
        else:
            try:
                journal = stack.enter_context(_create(workshop, notices))
            except OSError as error:
                notices.append(
                    f"this presentation cannot be resumed if it is killed: its journal: {error}"
                )
        yield journal
        if journal:
            journal.close()


def as_before(settings: RunSettings, path: str) -> RunSettings:
    """Return `settings` for what resumes the last presentation of the workshop at `path`, if any.

    It is a rehearsal, and sealed, if that was. The steps of a workshop depend on that, so it is
    needed before the workshop is read.
    """
    last = last_presentation(path)
    if last is None:
        return settings
    header = last.history.header
    return settings.replace(
        rehearse=settings.rehearse or header.rehearsal, sealed=settings.sealed or header.sealed
    )


def kept_options(path: str) -> Mapping[str, Any]:
    """Return the options that the last presentation of the workshop at `path` had, by name."""
    last = last_presentation(path)
    return last.history.header.options if last else {}


@contextlib.contextmanager
def _resume(workshop: Workshop, notices: list[str]) -> Iterator[Journal]:
    last = last_presentation(workshop.path)
    if last is None:
        raise InputError(
            f"no presentation of {workshop.path} to resume",
            hint=f"`meshpeek present {workshop.path}` starts one",
        )
    with last.reopened(workshop) as (file, run):
        notices.append(run.describe(workshop))
        yield Journal(workshop, last.folder, file, run)


@contextlib.contextmanager
def _create(workshop: Workshop, notices: list[str]) -> Iterator[Journal]:
    last = last_presentation(workshop.path)
    offer = last.offer(workshop) if last else None
    with storage.create_presentation(storage.workshop_folder(workshop.path)) as (folder, file):
        if offer:
            notices.append(offer)
        yield Journal(workshop, folder, file)
