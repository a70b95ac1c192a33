"""Where lines break: at words, or where a terminal breaks them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.text import Text

_TAB_COLUMNS = 8
_WORD = re.compile(r"\S+")


def wrap(line: Text, width: int, *, at_words: bool = False) -> Iterator[Text]:
    """Yield `line` in lines of at most `width` columns, broken where a terminal breaks them.

    `at_words` breaks it before a word that would be cut, as `word_breaks` says.
    """
    line.expand_tabs(_TAB_COLUMNS)
    starts = word_breaks(line.plain, width) if at_words else []
    for whole in line.divide(starts) if starts else [line]:
        ends: list[int] = []
        for part in chop_cells(whole.plain, width):
            ends.append((ends[-1] if ends else 0) + len(part))
        for piece in whole.divide(ends[:-1]):
            piece.end = ""
            yield piece


def word_breaks(line: str, width: int) -> list[int]:
    """Return the indexes in `line` at which a new line of `width` columns begins, with a word.

    A word that is longer than a line is broken where the terminal breaks it.
    """
    breaks = []
    column = end = 0
    for match in _WORD.finditer(line):
        column += cell_len(line[end : match.start()])
        size = cell_len(match[0])
        if column % width and column % width + size > width and size <= width:
            breaks.append(match.start())
            column = 0
        column += size
        end = match.end()
    return breaks


def expand_tabs(text: str, column: int) -> str:
    """Return `text`, which begins at `column`, with blanks for its tabs."""
    pieces = text.split("\t")
    for index, piece in enumerate(pieces[:-1]):
        _, newline, line = piece.rpartition("\n")
        column = cell_len(line) + (0 if newline else column)
        blanks = _TAB_COLUMNS - column % _TAB_COLUMNS
        pieces[index] += " " * blanks
        column += blanks
    return "".join(pieces)


def join_lines(lines: Iterable[list[Segment]]) -> Iterator[Segment]:
    """Yield the segments of `lines` with line ends between them."""
    for number, line in enumerate(lines):
        if number:
            yield Segment.line()
        yield from line
