"""Why a step did not pass is in every report, not in the log alone."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshpeek.run.events import (
    CommandEnded,
    CommandStarted,
    Difference,
    DifferenceRow,
    Event,
    Reason,
    RunEnded,
    RunRefused,
    RunStarted,
    Verdict,
    VerdictKind,
)
from meshpeek.sinks.difference_lines import difference_lines
from meshpeek.sinks.html.report import HtmlFormatter
from meshpeek.sinks.log.server_groups import STYLES, ServerGroups, find_style
from meshpeek.sinks.reports.github import GitHub
from meshpeek.sinks.reports.json_document import JsonFormatter
from meshpeek.sinks.reports.jsonl import EventLines
from meshpeek.sinks.reports.junit import JUnitFormatter
from meshpeek.sinks.run_report import RunReport
from meshpeek.sinks.summary import conclusion
from meshpeek.workshop.model import Command, Mode
from meshpeek.workshop.parse import parse
from tests.sinks.reports.formatted import now, text
from tests.sinks.story import result

ROWS = (
    DifferenceRow("same", "same", same=True),
    DifferenceRow("BETA", "beta", same=False),
    DifferenceRow("gone", None, same=False),
)
DIFFERENCE = Difference("the output differs from the transcript", ROWS)


def run(*, failures: int = 1, path: str = "w.md") -> Iterator[Event]:
    code = "\n".join(f"step {number}" for number in range(failures))
    workshop = parse(f"# T\n\n```bash\n{code}\n```\n", path, lambda name: name)
    yield RunStarted(workshop, Mode.CI, False)
    verdict = Verdict(VerdictKind.FAILED, (DIFFERENCE.message,))
    for step in workshop.steps:
        if isinstance(step, Command):
            yield CommandStarted(step, 1)
            yield CommandEnded(step, result("", verdict).replace(difference=DIFFERENCE))
    yield RunEnded(Reason.STOPPED, 1.0)


def test_lines_of_a_difference_are_those_of_diff() -> None:
    assert difference_lines(DIFFERENCE) == [" same", "-BETA", "+beta", "-gone"]
    assert difference_lines(DIFFERENCE, 2) == [" same", "-BETA", " [… 2 more lines …]"]
    assert difference_lines(None) == []


def test_what_differs_from_the_transcript_is_in_every_report(tmp_path: Path) -> None:
    assert "\n-BETA\n+beta\n" in text(JUnitFormatter(now), run())
    (workshop,) = json.loads(text(JsonFormatter(now), run()))["workshops"]
    assert workshop["steps"][0]["difference"] == [" same", "-BETA", "+beta", "-gone"]
    lines = EventLines()
    events = [json.loads(line) for event in run() if (line := lines.line(event))]
    assert events[2]["difference"][1] == "-BETA"
    page = text(HtmlFormatter(now), run())
    assert "<del>-BETA</del>" in page
    assert "<ins>+beta</ins>" in page
    log = io.BytesIO()
    github = GitHub(log, {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")})
    for event in run():
        github.take(event)
    assert "%0A-BETA%0A+beta" in log.getvalue().decode()
    summary = (tmp_path / "summary.md").read_text()
    assert "```diff\n--- transcript\n+++ this run\n same\n-BETA\n+beta\n" in summary


@pytest.mark.parametrize(
    ("failures", "refused", "annotations", "more"),
    [(9, 0, 9, ""), (10, 0, 10, ""), (12, 0, 10, "2 more"), (8, 5, 10, "3 more")],
)
def test_the_tenth_annotation_says_how_many_follow(
    failures: int, refused: int, annotations: int, more: str
) -> None:
    log = io.BytesIO()
    github = GitHub(log, {})
    for event in run(failures=failures):
        github.take(event)
    for number in range(refused):
        github.take(RunRefused(f"{number}.md", "error: no"))
    github.close()
    written = [line for line in log.getvalue().decode().splitlines() if line.startswith("::error")]
    assert len(written) == annotations
    assert written[-1].endswith("all") is bool(more)
    assert f"%0Aand {more} failures" in written[-1] or not more


@pytest.mark.parametrize(
    ("variable", "lines"),
    [
        ("GITHUB_ACTIONS", ["::group::w.md: T", "::endgroup::"]),
        (
            "GITLAB_CI",
            [
                "\x1b[0Ksection_start:7:meshpeek_1\r\x1b[0Kw.md: T",
                "\x1b[0Ksection_end:7:meshpeek_1\r\x1b[0K",
            ],
        ),
        ("BUILDKITE", ["--- w.md: T"]),
        ("TF_BUILD", ["##[group]w.md: T", "##[endgroup]"]),
    ],
)
def test_a_section_is_a_group_of_the_server(variable: str, lines: list[str]) -> None:
    style = find_style({variable: "true"})
    assert style == STYLES[variable]
    written: list[str] = []
    groups = ServerGroups(written.append, style, now=lambda: 7.9)
    for event in run(failures=2):
        groups.take(event)
    groups.close()
    assert written == lines


def test_elsewhere_there_are_no_groups() -> None:
    assert find_style({"CI": "true"}) is None


def test_counts_say_how_many_the_room_saw() -> None:
    code = "```bash\na\n```\n\n<!-- @SHOW -->\n\n```bash\nb\nc\n```\n"
    workshop = parse(code, "w.md", lambda path: path)
    report = RunReport()
    report.take(RunStarted(workshop, Mode.CI, False))
    for step in workshop.steps:
        if isinstance(step, Command):
            report.take(CommandEnded(step, result("")))
    report.take(RunEnded(Reason.FINISHED, 1.0))
    assert conclusion(report) == "3 passed (2 of them shown) in 1.00 s"
