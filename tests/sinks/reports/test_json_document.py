"""The JSON document: parseable at every moment, and complete."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from meshpeek.run.events import RunRefused, Verdict, VerdictKind
from meshpeek.sinks.reports.json_document import JsonFormatter
from meshpeek.workshop.model import Mode
from tests.conftest import ROOT
from tests.sinks.reports.formatted import now, text, texts
from tests.sinks.reports.test_junit import run_of
from tests.sinks.story import tell


def test_it_is_json_after_every_event_and_for_several_workshops() -> None:
    events = [*tell(Mode.CI), RunRefused("bad.md", "bad.md:1:1: error: no"), *tell(Mode.CI)]
    documents = [json.loads(document) for document in texts(JsonFormatter(now), events)]
    assert documents[0]["workshops"] == []
    assert documents[2]["workshops"][0]["outcome"] == "running"
    assert documents[-1]["format"] == 1
    assert documents[-1]["counts"] == {"passed": 4, "failed": 2, "skipped": 2, "could not run": 1}
    first, refused, last = documents[-1]["workshops"]
    assert refused["message"] == "bad.md:1:1: error: no"
    assert refused["outcome"] == "could not run"
    assert first == last
    assert (first["outcome"], first["end"], first["duration"]) == ("failed", "finished", 65.0)
    assert first["counts"] == {"passed": 2, "failed": 1, "skipped": 1}
    assert first["jobs_left"].startswith("[1]+ 4711 Running")
    assert first["contexts"] == ["north", "east"]


def test_a_failure_is_complete() -> None:
    document = json.loads(text(JsonFormatter(now), tell(Mode.CI)))
    passed, failed, skipped, repeated = document["workshops"][0]["steps"]
    assert failed == {
        "step": failed["step"],
        "path": "w.md",
        "line": 16,
        "end_line": 16,
        "section": passed["section"],
        "name": None,
        "tags": [],
        "note": None,
        "contexts": ["north"],
        "shown": True,
        "command": "kubectl --context north get svc | grep smiley-east",
        "outcome": "failed",
        "reasons": ["part 1 of the pipeline: exit status 1"],
        "hint": "there is no context nrth",
        "status": 1,
        "pipestatus": [1],
        "duration": 0.25,
        "output": "no final newline",
        "omitted": 0,
        "shell_ended": False,
        "difference": [],
        "attempts": failed["attempts"],
    }
    assert document["workshops"][0]["sections"][failed["section"]] == "Links"
    assert (skipped["outcome"], skipped["reasons"]) == ("skipped", ["only present"])
    assert [attempt["outcome"] for attempt in repeated["attempts"]] == ["failed", "passed"]
    assert repeated["attempts"][0]["output_tail"] == "not yet there\n"
    assert repeated["duration"] == 0.5


@given(st.text(st.characters(), max_size=40))
def test_any_output_comes_back_as_it_was(output: str) -> None:
    verdict = Verdict(VerdictKind.FAILED, (output,))
    document = json.loads(text(JsonFormatter(now), run_of(output.replace("\x1b", ""), verdict)))
    assert document["workshops"][0]["steps"][0]["reasons"] == [output]


def test_the_documented_sample_has_the_keys_that_there_are() -> None:
    described = (ROOT / "docs" / "reports.md").read_text().partition("```json\n")[2]
    sample = json.loads(described.partition("```")[0])
    document = json.loads(text(JsonFormatter(now), tell(Mode.CI)))

    def shape(value: object) -> object:
        if isinstance(value, dict):
            return {key: shape(item) for key, item in value.items() if key != "jobs_left"}
        return [shape(value[0])] if isinstance(value, list) and value else type(value).__name__

    failed = document["workshops"][0]["steps"][1]
    assert shape(failed | {"hint": None}) == shape(sample["workshops"][0]["steps"][0])
    document["workshops"][0]["steps"] = sample["workshops"][0]["steps"]
    assert shape(document) == shape(sample)
