"""Findings for programs: JSON, SARIF and annotations of a GitHub job."""

from __future__ import annotations

import json
from pathlib import Path

from meshpeek.cli.pipelines.finding_formats import as_github, as_json, as_sarif
from meshpeek.workshop.problems import Problem
from meshpeek.workshop.spans import Span
from tests.conftest import RunProgram

PROBLEMS = [
    Problem("no, 100%", Span("a b.md", 3, 4, 2, 5), "do\nthis", "", True, "prompt"),
    Problem("wrong", Span("c.md", 1, 1, 1, 1)),
]


def test_json_has_a_finding_for_each() -> None:
    first, second = json.loads(as_json(PROBLEMS))["findings"]
    assert first == {
        "path": "a b.md", "line": 3, "column": 2, "severity": "warning",
        "code": "prompt", "message": "no, 100%", "hint": "do\nthis",
    }  # fmt: skip
    assert (second["severity"], second["code"], second["hint"]) == ("error", None, None)


def test_sarif_has_a_rule_and_a_place_for_each() -> None:
    document = json.loads(as_sarif(PROBLEMS))
    (run,) = document["runs"]
    assert document["version"] == "2.1.0"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["error", "prompt"]
    assert [(each["ruleId"], each["level"]) for each in run["results"]] == [
        ("prompt", "warning"),
        ("error", "error"),
    ]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "a%20b.md"}
    assert place["region"] == {"startLine": 3, "endLine": 4, "startColumn": 2}


def test_github_gets_a_command_for_each() -> None:
    assert as_github(PROBLEMS).splitlines() == [
        "::warning file=a b.md,line=3,endLine=4,title=meshpeek lint%3A prompt"
        "::no, 100%25%0Ado%0Athis",
        "::error file=c.md,line=1,endLine=1,title=meshpeek lint::wrong",
    ]


def test_the_command_prints_all_files_in_one_document(meshpeek: RunProgram, tmp_path: Path) -> None:
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text("<!-- @SHOW -->\n\n```bash\necho\n```\n")
    ran = meshpeek("lint", "--strict", "--format", "json", "a.md", "b.md")
    found = json.loads(ran.stdout)["findings"]
    assert [each["code"] for each in found] == ["no-expectation"] * 2
    assert ran.returncode == 1
