"""The text at the end of a run: the outcome of each section, and what failed."""

from __future__ import annotations

from meshpeek.run.events import CommandResult
from meshpeek.sinks.run_report import RunReport, StepReport
from meshpeek.workshop.model import Command

OUTCOMES = ("passed", "failed", "skipped")
_TAIL_LINES = 20


def summary_rows(report: RunReport) -> list[tuple[str, ...]]:
    """Return a row per section: its title, a count per outcome, its time; then the totals.

    Counts of zero are empty, which makes the others easy to see.
    """
    rows = [
        (
            section.section.title if section.section and section.section.title else "(opening)",
            *(str(section.count(outcome) or "") for outcome in OUTCOMES),
            format_duration(section.duration),
        )
        for section in report.sections
    ]
    totals = (
        str(sum(section.count(outcome) for section in report.sections) or "")
        for outcome in OUTCOMES
    )
    spent = sum(section.duration for section in report.sections)
    rows.append(("total", *totals, format_duration(spent)))
    return rows


def format_duration(seconds: float) -> str:
    """Return a duration for people: `0.05 s`, `12.3 s`, `2 min 05 s`."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def name_step(step: Command) -> str:
    """Return where a command is and which clusters it talks to: `workshop.md:12 [north]`."""
    contexts = f" [{', '.join(step.contexts)}]" if step.contexts else ""
    return f"{step.span}{contexts}"


def describe_failure(failure: StepReport) -> list[str]:
    """Return the lines about a command that did not pass: place, command, reasons and hint."""
    result = failure.results[-1]
    command, *more = failure.step.text.splitlines() or [""]
    attempts = f" (attempt {result.attempt})" if result.attempt > 1 else ""
    lines = [
        f"{result.verdict.kind.value}: {name_step(failure.step)}{attempts}",
        f"  $ {command}{' …' if more else ''}",
    ]
    lines += [f"  {reason}" for reason in result.verdict.reasons]
    if result.verdict.hint:
        lines.append(f"  hint: {result.verdict.hint}")
    return lines


def describe_attempt(result: CommandResult) -> str:
    """Return the line about one of several attempts: its number, outcome and reasons."""
    told = "; ".join(
        [
            f"{result.verdict.kind.value} in {format_duration(result.duration)}",
            *result.verdict.reasons,
        ]
    )
    return f"attempt {result.attempt}: {told}"


def shorten(output: str, kept: int) -> str:
    """Return `output` with at most `kept` characters at each end, and a note of what is missing."""
    omitted = len(output) - 2 * kept
    if omitted <= 0:
        return output
    return f"{output[:kept]}\n[… {omitted} characters omitted …]\n{output[-kept:]}"


def output_tail(output: str) -> list[str]:
    """Return the last lines of `output`, for a failure that is shown again at the end of a log."""
    lines = output.splitlines()
    omitted = len(lines) - _TAIL_LINES
    if omitted > 0:
        return [f"[… {omitted} lines above …]", *lines[-_TAIL_LINES:]]
    return lines


def describe_reruns(report: RunReport) -> list[str]:
    """Return a line for each command that a presenter ran more than once, with all outcomes."""
    lines = []
    for each in report.steps:
        runs = [result for result in each.results if result.final]
        if len(runs) > 1:
            told = ", then ".join(result.verdict.kind.value for result in runs)
            lines.append(f"run again: {name_step(each.step)}: {told}")
    return lines


def conclusion(report: RunReport) -> str:
    """Return the one line that says how the run ended."""
    counts = {outcome: sum(s.outcome == outcome for s in report.steps) for outcome in OUTCOMES}
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    shown = sum(step.step.shown for step in report.steps)
    if 0 < shown < len(report.steps):
        told += f" ({shown} of them shown)"
    reason = (
        f"; {report.reason.value}" if report.reason and report.reason.name != "FINISHED" else ""
    )
    after = report.failed_attempts
    flaky = f"; flaky, after {after} failed attempt{'s' if after > 1 else ''}" if after else ""
    if report.failed:
        flaky = f"; attempt {after + 1}" if after else ""
    return f"{told or 'no command ran'} in {format_duration(report.duration)}{reason}{flaky}"
