"""Places in a workshop's text, and the excerpt that shows a reader where one is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

_TAB_WIDTH = 4
_HIDDEN = "***"


class Span(NamedTuple):
    """Where something stands: `path`, then 1-based lines and a 1-based column.

    `end_line` is the last line, included. `column` counts characters of `line`;
    `width` is how many of them an excerpt underlines (at least one).
    """

    path: str
    line: int
    end_line: int
    column: int = 1
    width: int = 1

    def __str__(self) -> str:
        """Return `path:line`, the form that editors and terminals make clickable."""
        return f"{self.path}:{self.line}"


def draw_excerpt(text: str, span: Span) -> str:
    """Draw the line of `text` that `span` starts in, with a caret below its column.

    Lines end at a newline only, as editors count them, not at a form feed or U+2028. Returns an
    empty string when the text has no such line (a place after its end).
    """
    lines = text.replace("\r\n", "\n").split("\n")
    if not 1 <= span.line <= len(lines):
        return ""
    return draw_line(lines[span.line - 1], span)


def draw_line(line: str, span: Span) -> str:
    """Draw `line`, which `span` starts in, with a caret below the span's column.

    Tabs are widened, so that the caret stands under the character it means.
    """
    before = line[: span.column - 1].expandtabs(_TAB_WIDTH)
    marked = line[span.column - 1 : span.column - 1 + span.width].expandtabs(_TAB_WIDTH)
    number = str(span.line)
    gutter = " " * len(number)
    shown = _printable(line.expandtabs(_TAB_WIDTH))
    return "\n".join(
        (
            f"{gutter} |",
            f"{number} | {shown}",
            f"{gutter} | {' ' * len(before)}{'^' * max(1, len(marked))}",
        )
    )


def draw_line_without(line: str, span: Span, hidden: Sequence[tuple[int, int]]) -> str:
    """Draw `line` as `draw_line` does, with `***` in the place of its `hidden` parts.

    They are 0-based columns, from and up to, in order and apart from each other.
    """
    first, last = span.column - 1, span.column - 1 + span.width
    column, end = _moved(first, hidden, 0), _moved(last, hidden, len(_HIDDEN))
    for start, stop in reversed(hidden):
        line = line[:start] + _HIDDEN + line[stop:]
    return draw_line(line, span._replace(column=column + 1, width=max(1, end - column)))


def _moved(column: int, hidden: Sequence[tuple[int, int]], within: int) -> int:
    """Return where `column` is when parts have been hidden, `within` from the start of its part."""
    moved = column
    for start, stop in hidden:
        if column >= stop:
            moved += len(_HIDDEN) - (stop - start)
        elif column > start:
            moved += within - (column - start)
    return moved


def hide_in_excerpt(excerpt: str, hide: Callable[[str], str]) -> str:
    """Return an excerpt that has been drawn, its line as `hide` has it."""
    margin, line, caret = excerpt.split("\n")
    if hide(line) == line:
        return excerpt
    column = len(hide(line[: caret.index("^")]))
    width = len(hide(line[: len(caret)])) - column
    caret = caret[: caret.index("|") + 2].ljust(column) + "^" * max(1, width)
    return "\n".join((margin, hide(line), caret))


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
