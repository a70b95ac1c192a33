"""The page: what has been drawn since the screen was cleared, kept for drawing it again."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator

from rich.cells import cell_len, chop_cells
from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.text import Text

_KEPT_ITEMS = 500
_KEPT_OUTPUT_BYTES = 128 * 1024
_TAB_COLUMNS = 8
_WHOLE_SCREEN = re.compile(
    rb"\x1b\[\?(?:1049|1047|47)h.*?(?:\x1b\[\?(?:1049|1047|47)l|\Z)", re.DOTALL
)
"""What a program wrote on the terminal's other screen (xterm's ctlseqs: DECSET 47, 1047, 1049)."""

_CLEARED = re.compile(rb"\x1b(?:\[[23]J|c)")
_PLACED = re.compile(rb"\x1b\[(?:\?(?:1049|1047|47)l|\d*(?:;\d*)?[Hf]|\d*d)")
"""What puts the cursor at a place that only the screen of that moment had."""


class Output:
    """What a command has written: the end of it, for a redraw."""

    def __init__(self) -> None:
        self._data = bytearray()
        self.cleared = False

    def add(self, data: bytes) -> None:
        """Take the next bytes."""
        self._data += data
        if len(self._data) > 2 * _KEPT_OUTPUT_BYTES:
            del self._data[:-_KEPT_OUTPUT_BYTES]

    def settle(self) -> None:
        """Keep only what is still on the screen when the command has ended."""
        data = _WHOLE_SCREEN.sub(b"", bytes(self._data[-_KEPT_OUTPUT_BYTES:]))
        *_, after = _CLEARED.split(data)
        self.cleared = len(after) < len(data)
        self._data = bytearray(_PLACED.split(after)[-1])

    @property
    def ends_line(self) -> bool:
        """Whether the cursor is at the beginning of a line after this."""
        text = self.text().plain
        return not text or text.endswith("\n")

    def text(self) -> Text:
        """Return it as styled text."""
        decoded = bytes(self._data).decode(errors="replace").replace("\r\n", "\n")
        lines = decoded.split("\n")
        return Text("\n").join(Text.from_ansi(line) for line in lines)


Item = RenderableType | Output


class Page:
    """The items of the page in their order, each with whether it is narration."""

    def __init__(self) -> None:
        self._items: deque[tuple[Item, bool]] = deque(maxlen=_KEPT_ITEMS)

    @property
    def is_blank(self) -> bool:
        """Whether the screen has just been cleared."""
        return all(isinstance(item, Output) and not item.text() for item, _ in self._items)

    def add(self, item: Item, *, narration: bool = False) -> None:
        """Add what is drawn next."""
        self._items.append((item, narration))

    def clear(self) -> None:
        """Begin anew."""
        self._items.clear()

    def drop(self, item: Item | None) -> None:
        """Take `item` out again, if it is the last one."""
        if self._items and self._items[-1][0] is item:
            self._items.pop()

    def settle(self, output: Output) -> None:
        """Say that `output`, the last item, is complete: it may have cleared the screen."""
        output.settle()
        if output.cleared:
            self.clear()
            self.add(output)

    def lines(self, console: Console, *, narration: bool) -> list[list[Segment]]:
        """Return the lines that fit on the console's screen, from the page's end.

        The last one is that which the cursor is in: it has no line end.
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
    """Return an item's lines; the last is the one that what follows goes on in."""
    if isinstance(item, Output):
        item = item.text()
    if isinstance(item, Text):
        return [list(line.render(console)) for line in fold(item, console.width)]
    return [*console.render_lines(item, pad=False), []]


def fold(text: Text, width: int) -> Iterator[Text]:
    """Yield `text` in lines of at most `width` columns, broken where a terminal breaks them."""
    for line in text.split("\n", allow_blank=True):
        line.expand_tabs(_TAB_COLUMNS)
        ends: list[int] = []
        for part in chop_cells(line.plain, width):
            ends.append((ends[-1] if ends else 0) + len(part))
        for piece in line.divide(ends[:-1]):
            piece.end = ""
            yield piece


def widen_tabs(text: str, column: int) -> str:
    """Return `text`, that begins at `column`, with blanks for its tabs."""
    *pieces, last = text.split("\t")
    widened = ""
    for piece in pieces:
        widened += piece
        at = column + cell_len(widened.rpartition("\n")[2])
        widened += " " * (_TAB_COLUMNS - at % _TAB_COLUMNS)
    return widened + last


def joined(lines: Iterable[list[Segment]]) -> Iterator[Segment]:
    """Yield the segments of `lines` with line ends between them."""
    for number, line in enumerate(lines):
        if number:
            yield Segment.line()
        yield from line
