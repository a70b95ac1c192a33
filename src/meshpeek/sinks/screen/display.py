"""The terminal, on which what is drawn can be drawn again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from os import terminal_size

from rich.console import Console, Group, RenderableType
from rich.segment import Segments
from rich.text import Text

from meshpeek.sinks.screen.display_list import (
    CommandOutput,
    DisplayList,
    expand_tabs,
    join_lines,
)
from meshpeek.sinks.screen.status_line import StatusLine
from meshpeek.terminal.escape_sequences import (
    ALTERNATE_SCREEN,
    BRACKETED_PASTE,
    CLEAR_SCREEN,
    CURSOR_VISIBLE,
    set_mode,
)
from meshpeek.terminal.modes import TerminalModes

_BRACKET_PASTES = set_mode(BRACKETED_PASTE, on=True)
_PLAIN_PASTES = set_mode(BRACKETED_PASTE, on=False)
_OVERLAY_BEGINS = set_mode(ALTERNATE_SCREEN, on=True) + set_mode(CURSOR_VISIBLE, on=False)
_OVERLAY_ENDS = set_mode(CURSOR_VISIBLE, on=True) + set_mode(ALTERNATE_SCREEN, on=False)


class Display:
    """Draws on `console`, and keeps what it draws for when the terminal's size changes.

    `size` returns the terminal's size, None if it does not change. While the screen is lent to a
    program, nothing is drawn.
    """

    def __init__(self, console: Console, size: Callable[[], terminal_size] | None = None) -> None:
        self.console = console
        self._measure = size
        self._list = DisplayList()
        self._modes = TerminalModes()
        self._status_line = StatusLine(console)
        self._status: Text | None = None
        self._narration = True
        self._brackets_pastes = False
        self._line: Text | None = None
        self._at_line_start = True
        self._lent = self._overlaid = self._is_stale = False
        self._written: CommandOutput | None = None

    @property
    def is_typing(self) -> bool:
        """Whether a line has been begun and not ended."""
        return self._line is not None

    def draw(self, what: RenderableType = "", *, narration: bool = False) -> None:
        """Draw `what` below everything else, and keep it; on a terminal it is wrapped at words."""
        if isinstance(what, str):
            what = Text(what, end="")
        elif isinstance(what, Text) and self.console.is_terminal:
            what = Group(what)
        self._draw(what, "\n", narration=narration)

    def draw_gap(self) -> None:
        """Draw a blank line, unless the screen is blank."""
        if not self._list.is_blank:
            self.draw()

    def begin_line(self, prompt: Text) -> None:
        """Draw `prompt`; what is typed follows on its line."""
        self._line = prompt
        self._draw(prompt, "")

    def type(self, text: str, style: str) -> None:
        """Continue the line that has been begun."""
        if self._line is None:
            raise ValueError("no line has been begun")
        *_, last = self._line.split("\n", allow_blank=True)
        text = expand_tabs(text, last.cell_len)
        self._line.append(text, style)
        self._print(Text(text, style), "")
        self._at_line_start = False

    def finish_line(self) -> None:
        """End the line that has been begun, if there is one."""
        if self._line is not None:
            self._line = None
            self.draw()

    def clear(self) -> None:
        """Clear the screen."""
        self._list.clear()
        self._status_line.forget()
        self._write(CLEAR_SCREEN)
        self._at_line_start = True

    def show_narration(self, *, shown: bool) -> None:
        """Draw everything again, with the narration or without."""
        self._narration = shown
        self.redraw()

    def set_status(self, status: Text | None) -> None:
        """Show `status` below the cursor, or nothing."""
        self._status = status
        self._draw_status()

    def bracket_pastes(self, *, on: bool) -> None:
        """Switch bracketed paste on or off: with it, what is pasted does not count as keys."""
        if on != self._brackets_pastes:
            self._brackets_pastes = on
            self._write(_BRACKET_PASTES if on else _PLAIN_PASTES)

    def leave(self) -> None:
        """Leave the terminal as a shell expects it, until the next `redraw`."""
        self._status_line.erase()
        self._write(f"{_PLAIN_PASTES}\n")

    def suspend(self) -> None:
        """Leave the terminal to the shell while the program is stopped, lent or not.

        Like `resume` it may be called at any moment, in the middle of other writing.
        """
        codes = _OVERLAY_ENDS if self._overlaid else self._modes.reset_codes()
        self._write_at_once(codes + _PLAIN_PASTES if self._brackets_pastes else codes)

    def resume(self) -> None:
        """Restore the terminal as it was before `suspend`."""
        codes = _OVERLAY_BEGINS if self._overlaid else self._modes.set_codes()
        self._write_at_once(codes + _BRACKET_PASTES if self._brackets_pastes else codes)

    def lend(self) -> None:
        """Lend the screen to a program, until `take_back`."""
        self._lent = True
        self._written = None

    def write(self, data: bytes) -> None:
        """Pass on what a program writes, unchanged."""
        if self._written is None:
            self._written = CommandOutput()
            self._list.add(self._written)
        self._written.add(data)
        self._modes.feed(data)
        stream = self.console.file
        stream.flush()
        buffer = getattr(stream, "buffer", None)
        if buffer is None:
            stream.write(data.decode(errors="replace"))
        else:
            buffer.write(data)
            buffer.flush()
        if not self._lent:
            self._finish_output()

    def take_back(self, *, keep: bool = True) -> None:
        """Take the screen back, with its modes reset, and begin a line.

        `keep` says whether a redraw includes what was written.
        """
        self._lent = False
        self._write(self._modes.reset())
        if not keep and self._written is not None:
            self._list.drop(self._written)
        self._finish_output()
        if not self._at_line_start:
            self.draw()
        self.update_size()

    def keep(self, what: Text) -> None:
        """Keep what is on the screen already for a redraw."""
        self._list.add(what.append("\n"))

    def update_size(self) -> None:
        """Adopt a new size of the terminal, and draw everything again unless it is lent."""
        if self._measure is None:
            return
        size = self._measure()
        if size != (self.console.width, self.console.height):
            self.console.size = size
            self._is_stale = True
        if self._is_stale:
            self.redraw()

    def redraw(self) -> None:
        """Draw everything again, unless the screen is lent or overlaid."""
        if self._lent or self._overlaid:
            return
        self._is_stale = False
        self._status_line.forget()
        self._write(CLEAR_SCREEN)
        if self._brackets_pastes:
            self._write(_BRACKET_PASTES)
        lines = self._list.lines(self.console, narration=self._narration)
        self.console.print(Segments(join_lines(lines)), end="", crop=False, soft_wrap=True)
        self._draw_status()

    def overlay(self, parts: Iterable[RenderableType]) -> None:
        """Draw `parts` in front of everything, as many lines as fit."""
        if not self._overlaid:
            self._overlaid = True
            self._write(_OVERLAY_BEGINS)
        self._write(CLEAR_SCREEN)
        lines = [line for part in parts for line in self.console.render_lines(part, pad=False)]
        shown = Segments(join_lines(lines[: self.console.height]))
        self.console.print(shown, end="", crop=False, soft_wrap=True)

    def close_overlay(self) -> None:
        """Remove the overlay."""
        if self._overlaid:
            self._overlaid = False
            self._write(_OVERLAY_ENDS)
            self.redraw()  # not every terminal keeps what was behind it

    def _draw(self, what: RenderableType, end: str, *, narration: bool = False) -> None:
        self._list.add(what.append(end) if isinstance(what, Text) else what, narration=narration)
        if not narration or self._narration:
            self._print(what, "")
        self._at_line_start = bool(end)

    def _print(self, what: RenderableType, end: str) -> None:
        self.console.print(what, end=end, soft_wrap=isinstance(what, Text), highlight=False)

    def _finish_output(self) -> None:
        if self._written is not None:
            self._list.finish(self._written)
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
        """Write codes, to a terminal only."""
        if codes and self.console.is_terminal:
            self.console.file.write(codes)
            self.console.file.flush()
