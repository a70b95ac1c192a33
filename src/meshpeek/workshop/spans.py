"""Places in a workshop's text, and the excerpt that shows a reader where one is."""

from __future__ import annotations

from typing import NamedTuple

_TAB_WIDTH = 4


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


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
