"""A disk that is full for a while: what could not be written is written once there is room."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from meshpeek.sinks import Sink
from meshpeek.sinks.fanout import Fanout
from meshpeek.sinks.html.report import HtmlFormatter
from meshpeek.sinks.reports.cast import CastFile
from meshpeek.sinks.reports.incremental.double_buffered_file import DoubleBufferedFile
from meshpeek.sinks.reports.incremental.report_file import ReportFile
from meshpeek.sinks.reports.json_document import JsonFormatter
from meshpeek.sinks.reports.jsonl import EventLog
from meshpeek.sinks.reports.junit import JUnitFormatter
from meshpeek.workshop.model import Mode
from tests.sinks.reports.formatted import now
from tests.sinks.story import tell

REPORTS: dict[str, Callable[[Path], Sink]] = {
    "events": EventLog,
    "junit": lambda path: ReportFile(path, JUnitFormatter(now)),
    "json": lambda path: ReportFile(path, JsonFormatter(now)),
    "html": lambda path: ReportFile(path, HtmlFormatter(now)),
    "cast": lambda path: CastFile(path, clock=lambda: 0.0, now=lambda: 0.0),
}


@contextlib.contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """Let no write make a file longer than `size`: as a full disk, it takes a part at most."""
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("full_at", [(1, 4), (3, 8), (9, 10)])
def test_a_report_is_complete_although_the_disk_was_full(
    tmp_path: Path, name: str, full_at: tuple[int, int]
) -> None:
    usual, late = tmp_path / "usual", tmp_path / "late"
    sinks = [REPORTS[name](path) for path in (usual, late)]
    fanout = Fanout([("late", sinks[1])])
    for number, event in enumerate(tell(Mode.CI)):
        sinks[0].take(event)
        with contextlib.ExitStack() as stack:
            if number in range(*full_at):
                stack.enter_context(files_limited_to(late.stat().st_size + 10))
            fanout.take(event)
    sinks[0].close()
    fanout.close()
    assert late.read_text() == usual.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["late", "usual"]


@pytest.mark.parametrize("name", ["junit", "json", "html", "cast"])
def test_a_disk_that_stays_full_leaves_what_was_there_and_nothing_beside_it(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / "report"
    sink = REPORTS[name](path)
    started, *events = tell(Mode.CI)
    sink.take(started)  # with which a recording begins
    whole = path.read_text()
    fanout = Fanout([("report", sink)])
    with files_limited_to(len(whole)):
        for event in events:
            fanout.take(event)
        fanout.close()
    assert path.read_text() == whole
    assert [entry.name for entry in tmp_path.iterdir()] == ["report"]
    assert [name for name, _ in fanout.broken] == ["report"]


def test_what_changed_when_nothing_could_be_written_is_in_both_copies(tmp_path: Path) -> None:
    path = tmp_path / "report"
    file = DoubleBufferedFile(path)
    place = file.add(b"old")
    for _ in range(2):
        file.publish(b"")
    file.overwrite(place, b"new")
    with files_limited_to(3), pytest.raises(OSError, match="too large"):
        file.publish(b"end")
    for _ in range(3):
        file.publish(b"end")
        assert path.read_bytes() == b"newend"
    file.close()
