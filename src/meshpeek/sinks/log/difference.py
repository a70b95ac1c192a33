"""A command's output and that of a transcript, side by side."""

from __future__ import annotations

from io import StringIO

from meshpeek.run.events import Difference, DifferenceRow
from meshpeek.sinks.difference_lines import near_changes


def draw_difference(difference: Difference, *, width: int, colour: bool) -> str:
    """Return the lines of both side by side, in `width` columns; empty if there are none.

    Between them is, as in `diff --side-by-side`, `|` for a line that changed, `<` for a line of the
    transcript only and `>` for a line of the run only. Equal lines far from these are left out.
    """
    if not difference.rows:
        return ""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(ratio=1, overflow="fold")
    table.add_column(width=1)
    table.add_column(ratio=1, overflow="fold")
    table.add_row("transcript", "", "this run", style="bold")
    for row in near_changes(difference.rows):
        if row is None:
            table.add_row("⋮", "", "⋮", style="dim")
            continue
        removed, added = ("", "") if row.same else ("red", "green")
        table.add_row(Text(row.recorded or "", removed), _mark(row), Text(row.seen or "", added))
    drawn = StringIO()
    console = Console(
        file=drawn,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
        legacy_windows=False,
        _environ={},
    )
    console.print(table)
    return "\n".join(line.rstrip() for line in drawn.getvalue().splitlines())


def _mark(row: DifferenceRow) -> str:
    if row.same:
        return ""
    if row.seen is None:
        return "<"
    return ">" if row.recorded is None else "|"
