"""The terminal as the screen's modules see it: a page to draw on, that can be drawn again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from os import terminal_size

from rich.console import Console, Group, RenderableType
from rich.segment import Segments
from rich.text import Text

from meshpeek.sinks.screen.page import Output, Page, joined, widen_tabs
from meshpeek.sinks.screen.status_line import StatusLine
from meshpeek.terminal.modes import TerminalModes

_CLEAR = "\x1b[H\x1b[2J"
_PASTES_TOLD, _PASTES_TYPED = "\x1b[?2004h", "\x1b[?2004l"
_OVERLAY_BEGINS, _OVERLAY_ENDS = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"


class Canvas:
    """Draws on `console`, and keeps the page, to draw it again when the terminal's size changes.

    `size` returns the terminal's size, None if it does not change. While the screen is lent to a
    program, nothing is drawn.
    """

    def __init__(self, console: Console, size: Callable[[], terminal_size] | None = None) -> None:
        self.console = console
        self._measure = size
        self._page = Page()
        self._modes = TerminalModes()
        self._status_line = StatusLine(console)
        self._status: Text | None = None
        self._narration = True
        self._guarded = False
        self._line: Text | None = None
        self._at_line_start = True
        self._lent = self._overlaid = self._is_stale = False
        self._written: Output | None = None

    @property
    def is_typing(self) -> bool:
        """Whether a line has begun and not ended."""
        return self._line is not None

    def draw(self, what: RenderableType = "", *, narration: bool = False) -> None:
        """Draw `what` at the end of the page, and keep it there; a terminal wraps it at words."""
        if isinstance(what, str):
            what = Text(what, end="")
        elif isinstance(what, Text) and self.console.is_terminal:
            what = Group(what)
        self._draw(what, "\n", narration=narration)

    def draw_gap(self) -> None:
        """Draw a blank line after what there is, if there is anything."""
        if not self._page.is_blank:
            self.draw()

    def begin_line(self, prompt: Text) -> None:
        """Draw `prompt`; what is typed follows on its line."""
        self._line = prompt
        self._draw(prompt, "")

    def type(self, text: str, style: str) -> None:
        """Go on with the line that has begun."""
        if self._line is None:
            raise ValueError("no line has begun")
        *_, last = self._line.split("\n", allow_blank=True)
        text = widen_tabs(text, last.cell_len)
        self._line.append(text, style)
        self._print(Text(text, style), "")
        self._at_line_start = False

    def finish_line(self) -> None:
        """End the line that has begun, if there is one."""
        if self._line is not None:
            self._line = None
            self.draw()

    def clear(self) -> None:
        """Begin with an empty screen."""
        self._page.clear()
        self._status_line.forget()
        self._write(_CLEAR)
        self._at_line_start = True

    def show_narration(self, *, shown: bool) -> None:
        """Draw the page with its narration, or without."""
        self._narration = shown
        self.redraw()

    def set_status(self, status: Text | None) -> None:
        """Show `status` below the cursor, or nothing."""
        self._status = status
        self._draw_status()

    def guard(self, *, guarded: bool) -> None:
        """Have the terminal say what is pasted, so that it does not count as keys, or not."""
        if guarded != self._guarded:
            self._guarded = guarded
            self._write(_PASTES_TOLD if guarded else _PASTES_TYPED)

    def leave(self) -> None:
        """Let the terminal be as a shell expects it, until the page is drawn again."""
        self._status_line.erase()
        self._write(f"{_PASTES_TYPED}\n")

    def step_aside(self) -> None:
        """Leave the terminal to the shell while the program is stopped, whoever has the screen.

        Like `step_back` it may be called at any moment, in the middle of other writing.
        """
        left = _OVERLAY_ENDS if self._overlaid else self._modes.leave()
        self._write_at_once(left + _PASTES_TYPED if self._guarded else left)

    def step_back(self) -> None:
        """Have the terminal again as it was."""
        entered = _OVERLAY_BEGINS if self._overlaid else self._modes.enter()
        self._write_at_once(entered + _PASTES_TOLD if self._guarded else entered)

    def lend(self) -> None:
        """Leave the screen to what is written on it from now on."""
        self._lent = True
        self._written = None

    def write(self, data: bytes) -> None:
        """Pass on what a program writes, as it is."""
        if self._written is None:
            self._written = Output()
            self._page.add(self._written)
        self._written.add(data)
        self._modes.read(data)
        stream = self.console.file
        stream.flush()
        buffer = getattr(stream, "buffer", None)
        if buffer is None:
            stream.write(data.decode(errors="replace"))
        else:
            buffer.write(data)
            buffer.flush()
        if not self._lent:
            self._settle()

    def take_back(self, *, keep: bool = True) -> None:
        """Have the screen again, in the modes in which it was lent, at the beginning of a line.

        `keep` says whether what was written belongs to the page.
        """
        self._lent = False
        self._write(self._modes.undo())
        if not keep and self._written is not None:
            self._page.drop(self._written)
        self._settle()
        if not self._at_line_start:
            self.draw()
        self.fit()

    def add_unseen(self, what: Text) -> None:
        """Keep what is on the screen already, for when the page is drawn again."""
        self._page.add(what.append("\n"))

    def fit(self) -> None:
        """Take over a new size of the terminal; draw the page again, if nobody else has it."""
        if self._measure is None:
            return
        size = self._measure()
        if size != (self.console.width, self.console.height):
            self.console.size = size
            self._is_stale = True
        if self._is_stale:
            self.redraw()

    def redraw(self) -> None:
        """Draw the page again, if nobody else has the screen."""
        if self._lent or self._overlaid:
            return
        self._is_stale = False
        self._status_line.forget()
        self._write(_CLEAR)
        if self._guarded:
            self._write(_PASTES_TOLD)
        lines = self._page.lines(self.console, narration=self._narration)
        self.console.print(Segments(joined(lines)), end="", crop=False, soft_wrap=True)
        self._draw_status()

    def overlay(self, parts: Iterable[RenderableType]) -> None:
        """Draw `parts` in front of the page, as much of them as there is room for."""
        if not self._overlaid:
            self._overlaid = True
            self._write(_OVERLAY_BEGINS)
        self._write(_CLEAR)
        lines = [line for part in parts for line in self.console.render_lines(part, pad=False)]
        shown = Segments(joined(lines[: self.console.height]))
        self.console.print(shown, end="", crop=False, soft_wrap=True)

    def close_overlay(self) -> None:
        """Show the page again."""
        if self._overlaid:
            self._overlaid = False
            self._write(_OVERLAY_ENDS)
            self.redraw()  # not every terminal has kept what was behind it

    def _draw(self, what: RenderableType, end: str, *, narration: bool = False) -> None:
        self._page.add(what.append(end) if isinstance(what, Text) else what, narration=narration)
        if not narration or self._narration:
            self._print(what, "")
        self._at_line_start = bool(end)

    def _print(self, what: RenderableType, end: str) -> None:
        self.console.print(what, end=end, soft_wrap=isinstance(what, Text), highlight=False)

    def _settle(self) -> None:
        if self._written is not None:
            self._page.settle(self._written)
            self._at_line_start = self._written.ends_line
            self._written = None

    def _draw_status(self) -> None:
        if self._status is None or self._lent or self._overlaid:
            self._status_line.erase()
        elif self.console.is_terminal:
            self._status_line.draw(self._status)

    def _write_at_once(self, codes: str) -> None:
        if codes and self.console.is_terminal:
            os.write(self.console.file.fileno(), codes.encode())

    def _write(self, codes: str) -> None:
        """Send codes that mean something to a terminal only."""
        if codes and self.console.is_terminal:
            self.console.file.write(codes)
            self.console.file.flush()
