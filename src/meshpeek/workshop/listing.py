"""The step list: what a workshop would do, as JSON for programs and as lines for people."""

from __future__ import annotations

import json
from typing import Any

from meshpeek.workshop.model import AnyStep, Clear, Command, Pause, Workshop


def steps_document(workshop: Workshop) -> str:
    """Return the JSON of `meshpeek steps --json`, a public format.

    `{"path", "steps": [{"kind", "text", "line", "end_line", "section", "shown", "runs", "typed",
    "wait_before", "wait_after", "contexts", "name", "tags", "note"}]}`, lines 1-based, `section` a
    heading's text. A command that does not run is displayed only (`#$`).
    """
    document = {
        "path": workshop.path,
        "steps": [_describe(workshop, step) for step in workshop.steps],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _describe(workshop: Workshop, step: AnyStep) -> dict[str, Any]:
    command = step if isinstance(step, Command) else None
    return {
        "kind": step.kind,
        "text": step.text,
        "line": step.span.line,
        "end_line": step.span.end_line,
        "section": workshop.sections[step.section].title,
        "shown": step.shown,
        "runs": command is not None and command.runs,
        "typed": command is not None and command.typed,
        "wait_before": command is not None and command.wait_before,
        "wait_after": isinstance(step, Pause) or (command is not None and command.wait_after),
        "contexts": list(command.contexts) if command else [],
        "name": command.name if command else None,
        "tags": sorted(command.tags) if command else [],
        "note": command.note if command else None,
    }


def list_steps(workshop: Workshop) -> str:
    """Return the steps as lines to read: number, place, kind, first line of the text.

    Numbers and places are what `--from` takes; a place in another file is named with it. What only
    hooks add has no number.
    """
    lines = []
    section = -1
    for number, step in zip(workshop.numbers(), workshop.steps, strict=True):
        if step.section != section:
            section = step.section
            lines.append(f"\n{workshop.sections[section].title or workshop.path}")
        first = step.text.strip().partition("\n")[0]
        marks = "" if step.shown or isinstance(step, Pause | Clear) else " (hidden)"
        if isinstance(step, Command) and not step.runs:
            marks += " (not run)"
        contexts = (
            f" [{', '.join(step.contexts)}]" if isinstance(step, Command) and step.contexts else ""
        )
        path = "" if step.span.path == workshop.path else step.span.path
        place = f"{path}:{step.span.line}"
        lines.append(
            f"{number or '':>4} {place:<6} {step.kind:<9}{contexts} {first}{marks}".rstrip()
        )
        if isinstance(step, Command) and step.note:
            lines.append(f"{'':>11} note      {step.note}")
    return "\n".join(lines).lstrip("\n")
