"""What is shown in front of the page, on the terminal's alternate screen."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.text import Text

from meshpeek.sinks.screen.painting import paint
from meshpeek.terminal.escape_sequences import ALTERNATE_SCREEN, CURSOR_VISIBLE, set_mode

_BEGINS = set_mode(ALTERNATE_SCREEN, on=True) + set_mode(CURSOR_VISIBLE, on=False)
_ENDS = set_mode(CURSOR_VISIBLE, on=True) + set_mode(ALTERNATE_SCREEN, on=False)


class Overlay:
    """Shows lines over the page of `console`, as many as fit; on a dumb terminal, below it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._parts: list[RenderableType] = []
        self._footer: Text | None = None
        self._first = 0
        self.is_shown = False

    @property
    def begin_codes(self) -> str:
        """The codes that show it on the terminal, empty if it is not shown."""
        return _BEGINS if self.is_shown else ""

    @property
    def end_codes(self) -> str:
        """The codes that give the page back, empty if it is not shown."""
        return _ENDS if self.is_shown else ""

    def show(self, parts: Iterable[RenderableType], footer: Text | None = None) -> None:
        """Show `parts`; `footer` is below them, if there are more lines than fit."""
        self._parts, self._footer = list(parts), footer
        if self._console.is_dumb_terminal:
            self._console.print(*self._parts, sep="\n")
            return
        if not self.is_shown:
            self.is_shown = True
            self._first = 0
            self._write(_BEGINS)
        self._draw()

    def scroll(self, lines: int) -> None:
        """Move what is shown by so many lines, down if they are positive."""
        self._first += lines
        self._draw()

    def close(self) -> None:
        """Show the page again."""
        self.is_shown = False
        self._write(_ENDS)

    def _draw(self) -> None:
        lines = [
            line for part in self._parts for line in self._console.render_lines(part, pad=False)
        ]
        rows = self._console.height
        footer: list[list[Segment]] = []
        if self._footer is not None and len(lines) > rows:
            footer = self._console.render_lines(self._footer, pad=False)
        rows = max(rows - len(footer), 1)
        self._first = min(max(self._first, 0), max(len(lines) - rows, 0))
        paint(self._console, [*lines[self._first :][:rows], *footer] or [[]])

    def _write(self, codes: str) -> None:
        if self._console.is_terminal:
            self._console.file.write(codes)
            self._console.file.flush()
