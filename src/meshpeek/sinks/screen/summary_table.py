"""The summary at the end of a run, on the screen."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from meshpeek.sinks.run_report import RunReport
from meshpeek.sinks.summary import (
    OUTCOMES,
    conclusion,
    describe_failure,
    describe_reruns,
    summary_rows,
)

_STYLES = ("good", "bad", "warn", "")


def draw_summary(report: RunReport) -> Iterator[RenderableType]:
    """Yield the outcome of each section, the failures, what ran more than once, and the end."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("section")
    for column, style in zip((*OUTCOMES, "time"), _STYLES, strict=True):
        table.add_column(column, justify="right", style=style)
    *rows, total = summary_rows(report)
    for row in rows:
        table.add_row(*map(Text, row))
    table.add_section()
    table.add_row(*map(Text, total), style="bold")
    yield table
    for failure in report.failed:
        yield Text()
        for line in describe_failure(failure):
            yield Text(line, "bad")
    for number, line in enumerate(describe_reruns(report)):
        yield Text(f"{'' if number else chr(10)}{line}")
    yield Text(f"\n{conclusion(report)}", "bold")
