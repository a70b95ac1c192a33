"""The size of a terminal, as people write it: `120x40`."""

from __future__ import annotations

import re

SIZE_EXAMPLE = "120x40"
_SIZE = re.compile(r"(\d{2,4})x(\d{1,4})")
_COLUMNS, _ROWS = range(20, 1001), range(5, 501)


def parse_size(text: str) -> tuple[int, int] | None:
    """Return columns and rows; None if `text` is not a size, or no terminal has it."""
    match = _SIZE.fullmatch(text)
    if match is None:
        return None
    columns, rows = int(match[1]), int(match[2])
    return (columns, rows) if columns in _COLUMNS and rows in _ROWS else None
