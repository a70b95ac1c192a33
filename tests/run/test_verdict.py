"""Verdicts that depend on the mode, on bash's ways, and on what a reader needs to know."""

from __future__ import annotations

import pytest

from meshpeek.run.settings import RunSettings
from meshpeek.run.verdict import describe_status, judge
from meshpeek.session.shell.command_stream import CommandExit
from meshpeek.workshop.model import Command, Mode
from meshpeek.workshop.parse import parse

COMPARING = [
    ("diff a b", (1,)),
    ("cmp a b", (1,)),
    ("LC_ALL=C diff -u a b", (1,)),
    ("echo now; diff a b", (1,)),
    ("diff <(sort a) <(sort b)", (1,)),
    ("kubectl --context north diff -f k8s", (1,)),
    ("diff a b | head", (1, 0)),
    ("/usr/bin/diff a b", (1,)),
]


def step_of(code: str, annotation: str = "") -> Command:
    text = f"```bash\n{annotation}{code}\n```\n"
    workshop = parse(text, "w.md", lambda path: path)
    (step,) = (step for step in workshop.steps if isinstance(step, Command))
    return step


@pytest.mark.parametrize(("code", "statuses"), COMPARING)
def test_a_difference_that_is_shown_is_a_failure_in_a_test_only(
    code: str, statuses: tuple[int, ...]
) -> None:
    outcome = CommandExit(statuses[-1], statuses)
    for mode in (Mode.RUN, Mode.PRESENT):
        assert judge(step_of(code), outcome, "< a\n", None, RunSettings(mode), None)
    verdict = judge(step_of(code), outcome, "< a\n", None, RunSettings(Mode.CI), None)
    assert not verdict
    assert "meshpeek: exit" in (verdict.hint or "")


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize(
    ("code", "statuses", "annotation"),
    [
        ("diff a b", (2,), ""),
        ("diff a b; false", (1,), ""),
        ("grep x a", (1,), ""),
        ("kubectl get diff", (2,), ""),
        ("diff a b | grep x", (1, 1), ""),
        ("false | diff a b", (1, 1), ""),
        ("diff a b", (0,), "## meshpeek: exit 1\n"),
        ("diff a b", (1,), "## meshpeek: expect no such thing\n"),
    ],
)
def test_what_is_no_difference_fails_everywhere(
    mode: Mode, code: str, statuses: tuple[int, ...], annotation: str
) -> None:
    step = step_of(code, annotation)
    outcome = CommandExit(statuses[-1], statuses)
    assert not judge(step, outcome, "", None, RunSettings(mode), None)


@pytest.mark.parametrize(
    ("expectation", "output", "nearest"),
    [
        (r"/\bface-\S+\s+2\/2\s+Up/", "face-x  1/2\nface-y  1/2   Up\n", "face-y 1/2 Up"),
        (r"/(\ba-\S+\s+b\.faces\b[\s\S]*){2}/", "IP\na-x   b.faces\n", "a-x b.faces"),
        ("done 100%", "at 10%\ndone 99%\n", "done 99%"),
        ("nowhere", "at 10%\n", None),
    ],
)  # fmt: skip
def test_the_line_that_came_nearest_is_told(
    expectation: str, output: str, nearest: str | None
) -> None:
    step = step_of("true", f"## meshpeek: expect {expectation}\n")
    verdict = judge(step, CommandExit(0, (0,)), output, None, RunSettings(Mode.CI), None)
    assert verdict.hint == (nearest and f"the nearest line is “{nearest}”")


@pytest.mark.parametrize(("status", "told"), [(192, "192 (signal 64)"), (193, "193"), (255, "255")])
def test_signals_end_at_64(status: int, told: str) -> None:
    assert describe_status(status) == told


@pytest.mark.parametrize(
    ("code", "status", "stops"),
    [("false", 1, True), ("false | true", 0, False), ("true | false", 1, True)],
)
def test_set_e_ends_a_run_where_it_ends_bash(code: str, status: int, stops: bool) -> None:
    step = step_of(code).replace(stops_run=True)
    assert RunSettings(Mode.RUN).stops_at(step, status) is stops
    assert RunSettings(Mode.CI, stop_on_failure=True).stops_at(step, status)
