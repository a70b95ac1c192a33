"""Steps as a writer would list them: the expectations in `cases/*.steps`.

To write one: `python listing.py cases/NAME.md` in this folder, redirected to
`cases/NAME.steps`; then read it, line by line.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from meshpeek.errors import InputError
from meshpeek.workshop.model import AnyStep, Command, Workshop
from meshpeek.workshop.parse import parse
from meshpeek.workshop.problems import WorkshopError

HOOKS = {"DEMO_HOOK_BROWSER": "open-browser", "DEMO_HOOK_TERMINAL": "open-terminal"}
"""The hook variables that are set in a case whose name ends in `-livecast`."""

CASE_FILES = sorted(
    [*Path(__file__).parent.glob("cases/*.md"), *Path(__file__).parent.glob("cases/*.sh")]
)


def read_beside(case: Path) -> Any:
    """Return what `parse` takes as `read`, for files beside a case."""

    def read(path: str) -> str:
        try:
            return (case.parent / path).read_text(encoding="utf-8")
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}") from None

    return read


def parse_case(case: Path) -> Workshop:
    hooks = HOOKS if case.stem.endswith("-livecast") else {}
    text = case.read_bytes().decode("utf-8")
    return parse(text, case.name, read_beside(case), hooks=hooks)


def list_workshop(workshop: Workshop) -> str:
    lines = []
    section = -1
    for step in workshop.steps:
        if step.section != section:
            section = step.section
            heading = workshop.sections[section]
            lines.append(f"{'#' * heading.level} {heading.title}".strip() or "(no heading)")
        lines.append("")
        lines.append("  " + " ".join([_place(step, workshop.path), step.kind, *_traits(step)]))
        lines += [
            "    | " + line if line else "    |" for line in step.text.split("\n") if step.text
        ]
    return "\n".join(lines) + "\n"


def _place(step: AnyStep, path: str) -> str:
    span = step.span
    lines = f"{span.line}" if span.end_line == span.line else f"{span.line}-{span.end_line}"
    return lines if span.path == path else f"{span.path}:{lines}"


def _traits(step: AnyStep) -> list[str]:
    traits = ["shown"] if step.shown else ["hidden"]
    if not isinstance(step, Command):
        return traits
    for name in ("typed", "wait_before", "wait_after", "pipeline", "stops_run", "always"):
        if getattr(step, name):
            traits.append(name.replace("_", "-"))
    if not step.runs:
        traits.append("not-run")
    if step.directive:
        traits.append(f"@{step.directive}")
    traits += [f"[{context}]" for context in step.contexts]
    checks = step.checks
    traits += [f"expect={expectation.source}" for expectation in checks.expect]
    traits += [f"reject={expectation.source}" for expectation in checks.reject]
    traits += [f"expect-error={expectation.source}" for expectation in checks.expect_error]
    if checks.exit_status != 0:
        traits.append(f"exit={'any' if checks.exit_status is None else checks.exit_status}")
    for label, value in (
        ("timeout", checks.timeout and f"{checks.timeout:g}s"),
        ("stop", checks.stop and f"{checks.stop:g}s"),
        ("until", checks.until and f"{checks.until:g}s"),
        ("editor", step.edit and step.edit.command),
        ("patch", step.edit and step.edit.patch and " ".join(step.edit.patch.split())),
        *(("answer", f"{answer.prompt.source} {answer.text}") for answer in step.answers),
        ("only", ",".join(sorted(step.selection.only))),
        ("skip", ",".join(sorted(step.selection.skip))),
        ("name", step.name),
        ("tags", ",".join(sorted(step.tags))),
        ("note", step.note),
    ):
        if value:
            traits.append(f"{label}={value}")
    return traits


def list_problems(case: Path) -> str:
    try:
        parse_case(case)
    except WorkshopError as error:
        return error.render() + "\n"
    return "no problem\n"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    is_wrong = path.parent.name == "problems"
    sys.stdout.write(list_problems(path) if is_wrong else list_workshop(parse_case(path)))
