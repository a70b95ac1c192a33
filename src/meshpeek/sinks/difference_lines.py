"""What differs from a transcript, line by line, for every report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from meshpeek.run.events import Difference, DifferenceRow

_CONTEXT_ROWS = 2
_MOST_ROWS = 200


def difference_lines(difference: Difference | None, most: int = _MOST_ROWS) -> list[str]:
    """Return the lines of both, as `diff -u` writes them, without its first two.

    `-` is before a line of the transcript, `+` before one of the run, a blank before one of both.
    Equal lines far from these are left out, and so are those after the first `most`.
    """
    if difference is None:
        return []
    lines: list[str] = []
    for row in near_changes(difference.rows):
        if row is None:
            lines.append(" ⋮")
        elif row.same:
            lines.append(f" {row.seen}")
        else:
            if row.recorded is not None:
                lines.append(f"-{row.recorded}")
            if row.seen is not None:
                lines.append(f"+{row.seen}")
    if len(lines) > most:
        return [*lines[:most], f" [… {len(lines) - most} more lines …]"]
    return lines


def near_changes(rows: Sequence[DifferenceRow]) -> Iterator[DifferenceRow | None]:
    """Yield the rows that differ, with a few around them; None for rows that are left out."""
    wanted = {
        near
        for index, row in enumerate(rows)
        if not row.same
        for near in range(index - _CONTEXT_ROWS, index + _CONTEXT_ROWS + 1)
    }
    shown = [index for index in sorted(wanted) if 0 <= index < len(rows)]
    last = -1
    for index in shown[:_MOST_ROWS]:
        if index > last + 1:
            yield None
        yield rows[index]
        last = index
    if last + 1 < len(rows):
        yield None
