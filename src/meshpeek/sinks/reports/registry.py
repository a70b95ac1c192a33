"""The reports that the command line can ask for, and opening them before anything runs."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from meshpeek.errors import EnvironmentUnfitError, MeshpeekError, broken_sinks
from meshpeek.run.events import Event, RunRefused
from meshpeek.sinks import Sink
from meshpeek.sinks.fanout import Fanout
from meshpeek.sinks.reports.clock import ReportClock

if TYPE_CHECKING:
    from datetime import datetime

    from meshpeek.sinks.reports.incremental.document import Formatter


class ReportPaths(NamedTuple):
    """The files of the reports; None for those that are not wanted."""

    events: Path | None = None
    junit: Path | None = None
    json: Path | None = None
    html: Path | None = None
    cast: Path | None = None


@contextlib.contextmanager
def open_reports(
    paths: ReportPaths,
    more: Sequence[tuple[str, Sink]] = (),
    clock: ReportClock | None = None,
) -> Iterator[Fanout]:
    """Yield a sink for all the events of one run, or of several one after the other.

    `more` are further sinks, each with the name of its file. `clock` is for events that are
    reported later than they happened. Raises EnvironmentUnfitError at once for a file that cannot
    be opened, and at the end for files that could not be written.
    """
    with contextlib.ExitStack() as stack:
        for _, sink in more:
            stack.callback(sink.close)
        sinks: list[tuple[str, Sink]] = []
        for name, path in zip(ReportPaths._fields, paths, strict=True):
            if path is None:
                continue
            with refusing_unwritable(path):
                sink = _OPEN[name](path, clock or ReportClock())
            stack.callback(sink.close)
            sinks.append((str(path), sink))
        stack.pop_all()
        reports = Fanout([*sinks, *more])
        try:
            yield reports
        finally:
            reports.close()
    if reports.broken:
        raise broken_sinks("a report could not be written", reports.broken, os.environ)


@contextlib.contextmanager
def refusing_unwritable(path: Path) -> Iterator[None]:
    """Raise EnvironmentUnfitError if the file at `path` cannot be opened for writing."""
    try:
        yield
    except OSError as error:
        raise EnvironmentUnfitError(
            f"cannot write {path}: {error.strerror}",
            hint="name a file in an existing folder that you may write to",
        ) from error


@contextlib.contextmanager
def refusal_reported(path: str, take: Callable[[Event], None]) -> Iterator[None]:
    """Hand `take` the refusal of the workshop `path` where it cannot be run; the error goes on."""
    try:
        yield
    except MeshpeekError as error:
        take(RunRefused(path, error.render()))
        raise


def _dates(clock: ReportClock) -> Callable[[], datetime]:
    from datetime import datetime

    return lambda: datetime.fromtimestamp(clock.now()).astimezone()


def _events(path: Path, _clock: ReportClock) -> Sink:
    from meshpeek.sinks.reports.jsonl import EventLog

    return EventLog(path)


def _file(path: Path, formatter: Formatter) -> Sink:
    from meshpeek.sinks.reports.incremental.report_file import ReportFile

    return ReportFile(path, formatter)


def _junit(path: Path, clock: ReportClock) -> Sink:
    from meshpeek.sinks.reports.junit import JUnitFormatter

    return _file(path, JUnitFormatter(_dates(clock)))


def _json(path: Path, clock: ReportClock) -> Sink:
    from meshpeek.sinks.reports.json_document import JsonFormatter

    return _file(path, JsonFormatter(_dates(clock)))


def _html(path: Path, clock: ReportClock) -> Sink:
    from meshpeek.sinks.html.report import HtmlFormatter

    return _file(path, HtmlFormatter(_dates(clock)))


def _cast(path: Path, clock: ReportClock) -> Sink:
    from meshpeek.sinks.reports.cast import CastFile

    return CastFile(path, clock=clock.elapsed, now=clock.now)


_OPEN: dict[str, Callable[[Path, ReportClock], Sink]] = {
    "events": _events,
    "junit": _junit,
    "json": _json,
    "html": _html,
    "cast": _cast,
}
