"""The display list: what has been drawn since the screen was cleared, kept to draw it again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from rich.cells import cell_len, chop_cells
from rich.color import Color
from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from meshpeek.terminal.escape_sequences import (
    CSI,
    ESCAPE,
    EscapeSequence,
    split,
)
from meshpeek.terminal.settled_text import styled_runs
from meshpeek.terminal.styled_text import Colour, Rendition

_KEPT_ITEMS = 500
_KEPT_OUTPUT_BYTES = 128 * 1024
_KEPT_OUTPUT_LINES = 500
_TAB_COLUMNS = 8


class CommandOutput:
    """The end of what a command has written, for a redraw."""

    def __init__(self) -> None:
        self._data = bytearray()
        self.lines: deque[Text] = deque(maxlen=_KEPT_OUTPUT_LINES)
        """What is still on the screen, once the command has ended; the last line has no end."""
        self.cleared = False

    def add(self, data: bytes) -> None:
        """Take the next bytes."""
        self._data += data
        if len(self._data) > 2 * _KEPT_OUTPUT_BYTES:
            del self._data[:-_KEPT_OUTPUT_BYTES]

    def finish(self) -> None:
        """Keep only what is still on the screen when the command has ended."""
        text = self._data[-_KEPT_OUTPUT_BYTES:].decode(errors="replace")
        self._data.clear()
        parts, self.cleared = _left_on_screen(split(text))
        self.lines.append(Text())
        for run in styled_runs(parts):
            style = _style(run.rendition)
            begun, *lines = run.text.split("\n")
            self.lines[-1].append(begun, style)
            self.lines.extend(Text().append(line, style) for line in lines)

    @property
    def ends_line(self) -> bool:
        """Whether the cursor is at the beginning of a line after this."""
        return not self.lines or not self.lines[-1]

    def __bool__(self) -> bool:
        """Return whether any of it is visible."""
        return len(self.lines) > 1 or any(self.lines)


def _left_on_screen(
    parts: Iterable[str | EscapeSequence],
) -> tuple[list[str | EscapeSequence], bool]:
    """Return the parts of an output that are still visible, and whether it cleared the screen.

    What was written on the alternate screen is gone. After the cursor was put at some place, only
    the screen of that moment knew where that was.
    """
    left: list[str | EscapeSequence] = []
    cleared = is_alternate = False
    for part in parts:
        switched = None if isinstance(part, str) else part.switches_screen()
        if switched is False and not is_alternate:
            left.clear()  # it was switched on before what is kept
        if switched is not None:
            is_alternate = switched
        elif is_alternate:
            continue
        elif isinstance(part, str):
            left.append(part)
        elif _clears(part):
            cleared = True
            left.clear()
        elif _places_cursor(part):
            left.clear()
        else:
            left.append(part)
    return left, cleared


def _clears(sequence: EscapeSequence) -> bool:
    """Tell whether a sequence clears the screen: ED of all of it, or RIS."""
    if sequence.kind == ESCAPE:
        return sequence.final == "c" and not sequence.intermediates
    return sequence.kind == CSI and sequence.final == "J" and sequence.body in ("2", "3")


def _places_cursor(sequence: EscapeSequence) -> bool:
    """Tell whether a sequence puts the cursor at a place (CUP, HVP, VPA)."""
    return (
        sequence.kind == CSI
        and sequence.final in ("H", "f", "d")
        and not sequence.body.startswith(("<", "=", ">", "?"))
        and not sequence.intermediates
    )


@lru_cache(maxsize=256)
def _style(rendition: Rendition) -> Style:
    attributes: dict[str, Any] = dict.fromkeys(rendition.attributes, True)
    return Style(
        color=_color(rendition.foreground),
        bgcolor=_color(rendition.background),
        link=rendition.link or None,
        **attributes,
    )


def _color(colour: Colour | None) -> Color | None:
    if colour is None:
        return None
    return Color.from_ansi(colour) if isinstance(colour, int) else Color.from_rgb(*colour)


Item = RenderableType | CommandOutput


class DisplayList:
    """The items that were drawn, in their order, each with whether it is narration."""

    def __init__(self) -> None:
        self._items: deque[tuple[Item, bool]] = deque(maxlen=_KEPT_ITEMS)

    @property
    def is_blank(self) -> bool:
        """Whether the screen has just been cleared."""
        return all(isinstance(item, CommandOutput) and not item for item, _ in self._items)

    def add(self, item: Item, *, narration: bool = False) -> None:
        """Add what is drawn next."""
        self._items.append((item, narration))

    def clear(self) -> None:
        """Remove all items."""
        self._items.clear()

    def drop(self, item: Item | None) -> None:
        """Remove `item`, if it is the last one."""
        if self._items and self._items[-1][0] is item:
            self._items.pop()

    def finish(self, output: CommandOutput) -> None:
        """Complete `output`, the last item: it may have cleared the screen."""
        output.finish()
        if output.cleared:
            self.clear()
            self.add(output)

    def lines(self, console: Console, *, narration: bool) -> list[list[Segment]]:
        """Return the lines that fit on the console's screen, from the end of the list.

        The cursor is in the last one, which has no line end.
        """
        lines: list[list[Segment]] = [[]]
        for item, is_narration in reversed(self._items):
            if is_narration and not narration:
                continue
            *above, last = _lines_of(item, console)
            lines = [*above, last + lines[0], *lines[1:]]
            if len(lines) > console.height:
                break
        return lines[-console.height :]


def _lines_of(item: Item, console: Console) -> list[list[Segment]]:
    """Return an item's lines; what follows continues the last one."""
    if isinstance(item, CommandOutput):
        texts = [*item.lines] or [Text()]
    elif isinstance(item, Text):
        texts = [*item.split("\n", allow_blank=True)]
    else:
        return [*console.render_lines(item, pad=False), []]
    return [list(line.render(console)) for text in texts for line in wrap(text, console.width)]


def wrap(line: Text, width: int) -> Iterator[Text]:
    """Yield `line` in lines of at most `width` columns, broken where a terminal breaks them."""
    line.expand_tabs(_TAB_COLUMNS)
    ends: list[int] = []
    for part in chop_cells(line.plain, width):
        ends.append((ends[-1] if ends else 0) + len(part))
    for piece in line.divide(ends[:-1]):
        piece.end = ""
        yield piece


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
