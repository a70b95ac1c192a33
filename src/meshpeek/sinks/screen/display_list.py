"""The display list: what has been drawn since the screen was cleared, kept to draw it again."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Sequence

from rich.console import Console, RenderableType
from rich.segment import Segment, Segments
from rich.text import Text

from meshpeek.sinks.screen.command_output import CommandOutput, Parts, is_plain
from meshpeek.sinks.screen.line_breaks import join_lines, wrap
from meshpeek.terminal.escape_sequences import split

_KEPT_ITEMS = 500

Item = RenderableType | CommandOutput
Line = list[Segment]


class TypedText(Text):
    """Text that is broken at words, as `Display.type` writes it."""


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

    def finish(self, output: CommandOutput, console: Console, *, narration: bool) -> int:
        """Complete `output`, the last item; return how many lines of it are below the cursor.

        If it moved the cursor, a model of the screen tells what has become of that, and of what was
        drawn before.
        """
        parts = output.take_parts()
        if is_plain(parts):
            output.finish(parts)
            return 0
        self.drop(output)
        above = [] if output.is_cut else self.lines(console, console.height, narration=narration)
        lines, below, is_changed = _follow(parts, above, console)
        output.lines.extend(lines)
        if is_changed:
            self.clear()
        self.add(output)
        return below

    def lines(self, console: Console, count: int, *, narration: bool) -> list[Line]:
        """Return `count` lines from the end of the list, or all if there are fewer.

        The cursor is in the last one, which has no line end.
        """
        lines: list[Line] = [[]]
        for item, is_narration in reversed(self._items):
            if is_narration and not narration:
                continue
            *above, last = _lines_of(item, console)
            lines = [*above, last + lines[0], *lines[1:]]
            if len(lines) > count:
                break
        return lines[-count:]


def _follow(parts: Parts, above: Sequence[Line], console: Console) -> tuple[list[Text], int, bool]:
    """Return the lines that an output leaves on a screen that has `above`.

    Also how many of them are below the cursor, and whether it changed what is above: then they are
    all lines of the screen.
    """
    from meshpeek.sinks.screen.screen_model import ScreenModel

    model = ScreenModel(console.width, console.height)
    model.feed(split(_codes(above, console)))
    first = model.cursor_line
    before = [line.plain for line in model.lines()[: first + 1]]
    model.feed(parts)
    lines = model.lines()
    is_changed = before[-1] != "" or [line.plain for line in lines[:first]] != before[:-1]
    shown = [number for number, line in enumerate(lines) if line]
    cursor = model.cursor_line
    last = max([cursor, *shown])
    begin = 0 if is_changed else first
    return lines[begin : last + 1], last - cursor, is_changed


def _codes(lines: Sequence[Line], console: Console) -> str:
    """Return what a terminal is sent to show `lines`."""
    file = io.StringIO()
    terminal = Console(
        file=file,
        force_terminal=True,
        color_system="truecolor",
        width=console.width,
        height=console.height,
        _environ={},
    )
    terminal.print(Segments(join_lines(lines)), end="", crop=False, soft_wrap=True)
    return file.getvalue()


def _lines_of(item: Item, console: Console) -> list[Line]:
    """Return an item's lines; what follows continues the last one."""
    if isinstance(item, CommandOutput):
        texts = [*item.lines] or [Text()]
    elif isinstance(item, Text):
        texts = [*item.split("\n", allow_blank=True)]
    else:
        return [*console.render_lines(item, pad=False), []]
    at_words = isinstance(item, TypedText)
    return [
        list(line.render(console))
        for text in texts
        for line in wrap(text, console.width, at_words=at_words)
    ]
