"""A run on GitHub: annotations at failed lines, and a summary in Markdown.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from meshpeek.run.events import RunRefused, WorkshopSkipped
from meshpeek.sinks.difference_lines import difference_lines
from meshpeek.sinks.run_report import RunReport, StepReport
from meshpeek.sinks.summary import OUTCOMES, conclusion, name_step, output_tail, summary_rows
from meshpeek.terminal.settled_text import visible_text

_MOST_FAILURES = 20
_MOST_IN_ANNOTATION = 20
"""How many lines of a difference an annotation has, which GitHub shows beside the code."""


def annotate(failure: StepReport, path: str) -> str:
    """Return the workflow command for a failed step; `path` is its file in the repository."""
    result = failure.results[-1]
    span = failure.step.span
    reasons = [*result.verdict.reasons, *_hint(failure)]
    differs = difference_lines(result.difference, _MOST_IN_ANNOTATION)
    message = "\n".join([f"$ {failure.step.text}", *reasons, *differs])
    title = f"{result.verdict.kind.value}{_contexts(failure)}"
    return workflow_command(path, span.line, span.end_line, title, message)


def annotate_refusal(refusal: RunRefused, path: str) -> str:
    """Return the workflow command for a workshop that could not be run."""
    place = re.match(rf"{re.escape(refusal.path)}:(\d+):", refusal.message)
    line = int(place[1]) if place else 1
    return workflow_command(path, line, line, "could not run", refusal.message)


def summarise(report: RunReport, path: str) -> str:
    """Return a run as Markdown: a table of sections, and failures with the end of their output."""
    header = ("section", *OUTCOMES, "time")
    rows = [header, ("---", *("---:" for _ in header[1:])), *summary_rows(report)]
    table = "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in rows)
    mark = {"passed": "✅", "flaky": "⚠️"}.get(report.outcome, "❌")
    parts = [f"## {mark} {_cell(path)}", conclusion(report), table]
    if report.problem is not None:
        parts.append(_fence(report.problem))
    for failure in report.failed[:_MOST_FAILURES]:
        parts += _tell(failure)
    more = len(report.failed) - _MOST_FAILURES
    if more > 0:
        parts.append(f"and {more} more")
    return "\n\n".join(parts) + "\n\n"


def summarise_refusal(refusal: RunRefused) -> str:
    """Return the Markdown for a workshop that could not be run."""
    return f"## ❌ {_cell(refusal.path)}\n\nIt could not be run.\n\n{_fence(refusal.message)}\n\n"


def summarise_skipped(skipped: WorkshopSkipped) -> str:
    """Return the Markdown for a workshop that was left out."""
    return f"## ⏭️ {_cell(skipped.path)}\n\nSkipped: {_cell(skipped.reason)}\n\n"


def _tell(failure: StepReport) -> Iterator[str]:
    result = failure.results[-1]
    yield f"### {result.verdict.kind.value}: {_cell(name_step(failure.step))}"
    yield "\n".join(f"- {_cell(reason)}" for reason in [*result.verdict.reasons, *_hint(failure)])
    output = output_tail(visible_text(result.output))
    yield _fence("\n".join([f"$ {failure.step.text}", *output]))
    if differs := difference_lines(result.difference):
        yield _fence("\n".join(["--- transcript", "+++ this run", *differs]), "diff")


def _hint(failure: StepReport) -> list[str]:
    hint = failure.results[-1].verdict.hint
    return [f"hint: {hint}"] if hint else []


def _contexts(failure: StepReport) -> str:
    return f" in {', '.join(failure.step.contexts)}" if failure.step.contexts else ""


def workflow_command(
    path: str, line: int, end_line: int, title: str, message: str, *, level: str = "error"
) -> str:
    """Return the command that has GitHub show a message at a line; `level` is error or warning."""
    properties = {"file": path, "line": line, "endLine": end_line, "title": title}
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{level} {listed}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _cell(text: str) -> str:
    """Return `text` escaped as Markdown, in one line, for text and table cells."""
    escaped = re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", text)
    return " ".join(escaped.split())


def _fence(text: str, language: str = "text") -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
