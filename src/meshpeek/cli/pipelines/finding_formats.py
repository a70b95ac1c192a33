"""Findings of `meshpeek lint` for programs: JSON, SARIF, and annotations of a GitHub job."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from meshpeek import __version__
from meshpeek.sinks.reports.step_summary import workflow_command
from meshpeek.workshop.problems import Problem

_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
_ERROR_CODE = "error"
"""The code of what keeps a workshop from running: it cannot be switched off."""


def as_json(problems: Sequence[Problem]) -> str:
    """Return the JSON of `meshpeek lint --format json`: `{"findings": [{"path", "line", …}]}`."""
    found = [
        {
            "path": problem.span.path,
            "line": problem.span.line,
            "column": problem.span.column,
            "severity": _severity(problem),
            "code": problem.code or None,
            "message": problem.message,
            "hint": problem.hint,
        }
        for problem in problems
    ]
    return json.dumps({"findings": found}, indent=2, ensure_ascii=False)


def as_sarif(problems: Sequence[Problem]) -> str:
    """Return a log in SARIF 2.1.0, as code scanning takes it."""
    codes = sorted({problem.code or _ERROR_CODE for problem in problems})
    driver = {
        "name": "meshpeek",
        "version": __version__,
        "rules": [{"id": code} for code in codes],
    }
    results = [_result(problem) for problem in problems]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    document = {"$schema": _SARIF, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False)


def _result(problem: Problem) -> dict[str, Any]:
    span = problem.span
    region = {"startLine": span.line, "endLine": span.end_line, "startColumn": span.column}
    place = {"artifactLocation": {"uri": quote(span.path)}, "region": region}
    told = f"{problem.message}\n{problem.hint}" if problem.hint else problem.message
    return {
        "ruleId": problem.code or _ERROR_CODE,
        "level": _severity(problem),
        "message": {"text": told},
        "locations": [{"physicalLocation": place}],
    }


def as_github(problems: Sequence[Problem]) -> str:
    """Return a workflow command for each, which GitHub shows at its line."""
    return "\n".join(
        workflow_command(
            problem.span.path,
            problem.span.line,
            problem.span.end_line,
            f"meshpeek lint{': ' if problem.code else ''}{problem.code or ''}",
            f"{problem.message}\n{problem.hint}" if problem.hint else problem.message,
            level=_severity(problem),
        )
        for problem in problems
    )


def _severity(problem: Problem) -> str:
    return "warning" if problem.is_warning else "error"


FORMATS: Mapping[str, Callable[[Sequence[Problem]], str]] = {
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
}
