"""A workshop that was left out is told as skipped, with the reason, in every report."""

from __future__ import annotations

import io
import json
from pathlib import Path

from meshpeek.run.events import EarlierFailure, RunStarted, Verdict, VerdictKind, WorkshopSkipped
from meshpeek.sinks.html.report import HtmlFormatter
from meshpeek.sinks.log.overview import Overview
from meshpeek.sinks.reports.cast import CastFile
from meshpeek.sinks.reports.github import GitHub
from meshpeek.sinks.reports.json_document import JsonFormatter
from meshpeek.sinks.reports.jsonl import EventLines
from meshpeek.workshop.model import Command, Mode
from tests.sinks.reports.formatted import now, text
from tests.sinks.story import result, tell

SKIPPED = WorkshopSkipped("a.md", "not touched since main")


def test_the_document_has_it_without_steps() -> None:
    (workshop,) = json.loads(text(JsonFormatter(now), [SKIPPED]))["workshops"]
    assert (workshop["path"], workshop["outcome"]) == ("a.md", "skipped")
    assert (workshop["message"], workshop["steps"]) == ("not touched since main", [])


def test_the_page_has_it() -> None:
    page = text(HtmlFormatter(now), [SKIPPED, *tell(Mode.CI)])
    assert page.index("This workshop was skipped") < page.index("not touched since main")


def test_the_lines_have_it() -> None:
    line = EventLines().line(SKIPPED)
    assert line is not None
    assert json.loads(line) == {
        "event": "workshop-skipped",
        "path": "a.md",
        "reason": "not touched since main",
    }


def test_the_job_summary_has_it_and_no_annotation(tmp_path: Path) -> None:
    log, summary = io.BytesIO(), tmp_path / "summary"
    github = GitHub(log, {"GITHUB_STEP_SUMMARY": str(summary)})
    github.take(SKIPPED)
    github.close()
    assert "::error" not in log.getvalue().decode()
    assert "Skipped: not touched since main" in summary.read_text()


def test_the_recording_has_it(tmp_path: Path) -> None:
    file = CastFile(tmp_path / "cast", clock=lambda: 0.0, now=lambda: 0.0)
    file.take(SKIPPED)
    file.close()
    assert "a.md skipped: not touched since main" in (tmp_path / "cast").read_text()


def test_the_overview_counts_what_was_skipped_and_what_was_flaky() -> None:
    started, *rest = tell(Mode.CI)
    assert isinstance(started, RunStarted)
    (step, *_) = (step for step in started.workshop.steps if isinstance(step, Command))
    failure = EarlierFailure(1, step, result("", Verdict(VerdictKind.FAILED, ("no",))))
    overview = Overview(4)
    overview.leave_out(1)
    passed = [event for event in rest if getattr(getattr(event, "result", None), "verdict", True)]
    for event in (SKIPPED, started.replace(earlier=(failure,)), *passed):
        overview.take(event)
    *_, row, counts = overview.lines()
    assert "flaky" in row
    assert "; flaky, after 1 failed attempt" in row
    assert counts == "\n3 workshops: 1 skipped, 1 flaky, 1 not started"
