"""The JUnit file: valid by the schema at every moment, and true."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from meshpeek.run.events import (
    CommandEnded,
    CommandStarted,
    EarlierFailure,
    Event,
    Reason,
    RunEnded,
    RunRefused,
    RunStarted,
    Verdict,
    VerdictKind,
    WorkshopSkipped,
)
from meshpeek.sinks.reports.junit import KEPT_CHARACTERS, JUnitFormatter, attribute, content
from meshpeek.workshop.model import Command, Mode
from meshpeek.workshop.parse import parse
from tests.sinks.reports.formatted import now, text, texts
from tests.sinks.story import result, tell

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("junit.xsd")))


def valid(xml: str) -> etree._Element:
    root = etree.fromstring(xml.encode())
    SCHEMA.assertValid(root)
    return root


def run_of(output: str, verdict: Verdict, *, code: str = "true") -> Iterator[Event]:
    workshop = parse(f"# Sect & <ion>\n\n```bash\n{code}\n```\n", "w.md", lambda path: path)
    yield RunStarted(workshop, Mode.CI, False)
    for step in workshop.steps:
        if isinstance(step, Command):
            yield CommandStarted(step, 1)
            yield CommandEnded(step, result(output, verdict))
    yield RunEnded(Reason.FINISHED, 1.0)


def test_it_is_valid_after_every_event_and_for_two_workshops() -> None:
    events = [*tell(Mode.CI), RunRefused("bad.md", "bad.md:1:1: error: <no>"), *tell(Mode.CI)]
    for xml in texts(JUnitFormatter(now), events):
        root = valid(xml)
    assert dict(root.attrib) == {
        "name": "meshpeek", "tests": "9", "failures": "2", "errors": "1", "time": "2.000",
    }  # fmt: skip
    first, refused, last = root
    assert {**first.attrib} == {
        "name": "w.md", "file": "w.md", "timestamp": "2026-11-24T14:00:00+00:00",
        "tests": "4", "failures": "1", "errors": "0", "skipped": "1", "time": "1.000",
    }  # fmt: skip
    assert refused.find("testcase/error").get("message") == "bad.md:1:1: error: <no>"
    assert [len(case) for case in first] == [len(case) for case in last]


def test_a_case_says_where_what_and_why() -> None:
    (suite,) = valid(text(JUnitFormatter(now), tell(Mode.CI)))
    passed, failed, skipped, repeated = suite
    assert {**passed.attrib} == {
        "name": "kubectl --context north get link", "classname": "Links",
        "file": "w.md", "line": "15", "time": "0.250",
    }  # fmt: skip
    assert passed.findtext("system-out") == "NAME   AGE\neast   4m\n"
    failure = failed.find("failure")
    assert failure.get("type") == "failed"
    assert failure.get("message") == "part 1 of the pipeline: exit status 1"
    assert "w.md:16\n$ kubectl --context north get svc" in failure.text
    assert "hint: there is no context nrth" in failure.text
    assert skipped.find("skipped").get("message") == "only present"
    assert repeated.get("time") == "0.500"
    attempts = repeated.findtext("system-out").splitlines()
    assert [line.partition(" in ")[0] for line in attempts[:2]] == [
        "attempt 1: failed",
        "attempt 2: passed",
    ]


def errors_of(xml: str) -> list[tuple[str | None, str]]:
    """Return the name and the message of each error case; fail unless they are counted."""
    root = valid(xml)
    cases = [case for suite in root for case in suite if case.find("error") is not None]
    assert sum(int(suite.get("errors")) for suite in root) == len(cases) == int(root.get("errors"))
    return [(case.get("name"), case.find("error").get("message")) for case in cases]


def test_until_it_ends_what_is_under_way_is_an_error() -> None:
    events = list(run_of("", Verdict(VerdictKind.PASSED), code="one\ntwo"))
    killed = "under way, or the job was killed"
    assert [errors_of(xml) for xml in texts(JUnitFormatter(now), events)] == [
        [("meshpeek", f"meshpeek: {killed}")],
        [("w.md", f"w.md: {killed}")],
        [("one", f"w.md:4: {killed}")],
        [("w.md", f"w.md: {killed}")],
        [("two", f"w.md:5: {killed}")],
        [("w.md", f"w.md: {killed}")],
        [("meshpeek", f"meshpeek: {killed}")],
        [],
    ]
    *_, last = texts(JUnitFormatter(now), events[:3])
    assert errors_of(last) == [("w.md", f"w.md: {killed}")]  # a defect of ours, say


def test_a_run_without_a_step_to_blame_is_an_error() -> None:
    started, *_ = run_of("", Verdict(VerdictKind.PASSED))
    ended = RunEnded(Reason.NOTHING_RAN, 0.0, "contains no command")
    assert errors_of(text(JUnitFormatter(now), [started, ended])) == [
        ("w.md", "contains no command")
    ]


@pytest.mark.parametrize(
    ("kind", "element", "counted"),
    [
        (VerdictKind.FAILED, "failure", "failures"),
        (VerdictKind.TIMED_OUT, "failure", "failures"),
        (VerdictKind.NOT_RUN, "error", "errors"),
        (VerdictKind.INTERRUPTED, "error", "errors"),
    ],
)
def test_failures_and_errors_are_told_apart(kind: VerdictKind, element: str, counted: str) -> None:
    (suite,) = valid(text(JUnitFormatter(now), run_of("", Verdict(kind, ("because",)))))
    assert suite.find(f"testcase/{element}").get("type") == kind.value
    assert suite.get(counted) == "1"


@pytest.mark.parametrize(
    ("last", "elements"),
    [
        (VerdictKind.PASSED, ["flakyFailure", "flakyError"]),
        (VerdictKind.FAILED, ["failure", "rerunFailure", "rerunError"]),
    ],
)
def test_attempts_before_the_last_are_told(last: VerdictKind, elements: list[str]) -> None:
    started, *rest = run_of("", Verdict(last))
    assert isinstance(started, RunStarted)
    (step,) = (step for step in started.workshop.steps if isinstance(step, Command))
    earlier = tuple(
        EarlierFailure(number, step, result("", Verdict(kind, ("because",))))
        for number, kind in enumerate((VerdictKind.FAILED, VerdictKind.NOT_RUN), 1)
    )
    (suite,) = valid(text(JUnitFormatter(now), [started.replace(earlier=earlier), *rest]))
    (case,) = suite
    assert [each.tag for each in case] == elements
    assert case[-2].get("message") == "attempt 1: because"
    assert "$ true" in case[-1].findtext("stackTrace")


def test_a_workshop_that_was_left_out_is_a_skipped_case() -> None:
    (suite,) = valid(text(JUnitFormatter(now), [WorkshopSkipped("a.md", "not touched")]))
    assert (suite.get("skipped"), suite.get("errors")) == ("1", "0")
    assert suite.find("testcase/skipped").get("message") == "not touched"


def test_the_same_command_twice_is_two_names() -> None:
    (suite,) = valid(
        text(JUnitFormatter(now), run_of("", Verdict(VerdictKind.PASSED), code="true\ntrue"))
    )
    assert [case.get("name") for case in suite] == ["true", "true (2)"]


def test_a_large_output_is_shortened_in_the_middle() -> None:
    output = "a" * KEPT_CHARACTERS + "b" + "c" * KEPT_CHARACTERS
    xml = text(JUnitFormatter(now), run_of(output, Verdict(VerdictKind.PASSED)))
    kept = valid(xml).findtext("testsuite/testcase/system-out")
    assert kept.startswith("aaa")
    assert kept.endswith("ccc")
    assert "b" not in kept.replace("[… 1 characters omitted …]", "")


ANY_TEXT = st.text(st.characters(), max_size=40) | st.sampled_from(["]]>", "\x00\x1b]", "\ufffe"])


@given(ANY_TEXT, ANY_TEXT)
def test_any_output_and_reason_give_valid_xml(output: str, reason: str) -> None:
    verdict = Verdict(VerdictKind.FAILED, (reason,))
    valid(text(JUnitFormatter(now), run_of(output, verdict)))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
def test_what_xml_can_hold_is_kept(words: str) -> None:
    words = "".join(c for c in words if ord(c) & 0xFFFE != 0xFFFE and not 0xFDD0 <= ord(c) < 0xFDF0)
    root = etree.fromstring(f'<a b="{attribute(words)}">{content(words)}</a>'.encode())
    assert root.get("b") == words
    assert (root.text or "") == words
