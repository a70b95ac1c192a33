"""The terminal, on which what is drawn can be drawn again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from os import terminal_size

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.segment import Segments
from rich.text import Text

from meshpeek.sinks.screen.command_output import CommandOutput
from meshpeek.sinks.screen.display_list import DisplayList, TypedText
from meshpeek.sinks.screen.line_breaks import expand_tabs, join_lines, word_breaks
from meshpeek.sinks.screen.overlay import Overlay
from meshpeek.sinks.screen.painting import paint, scroll_off
from meshpeek.sinks.screen.status_line import StatusLine
from meshpeek.terminal.escape_sequences import BRACKETED_PASTE, CURSOR_DOWN, set_mode
from meshpeek.terminal.modes import TerminalModes

_BRACKET_PASTES = set_mode(BRACKETED_PASTE, on=True)
_PLAIN_PASTES = set_mode(BRACKETED_PASTE, on=False)


class Display:
    """Draws on `console`, and keeps what it draws for when the terminal's size changes.

    `size` returns the terminal's size, None if it does not change. While the screen is lent to a
    program, nothing is drawn. On a terminal that can do nothing (TERM=dumb), what is drawn is never
    drawn again.
    """

    def __init__(self, console: Console, size: Callable[[], terminal_size] | None = None) -> None:
        self.console = console
        self._measure = size
        self._list = DisplayList()
        self._modes = TerminalModes()
        self._status_line = StatusLine(console)
        self._overlay = Overlay(console)
        self._status: Text | None = None
        self._narration = True
        self._brackets_pastes = False
        self._line: TypedText | None = None
        self._expected = ""
        self._at_line_start = True
        self._lent = self._is_stale = False
        self._is_whole = False
        self._scrolled = 0
        self._written: CommandOutput | None = None

    @property
    def is_typing(self) -> bool:
        """Whether a line has been begun and not ended."""
        return self._line is not None

    @property
    def _is_terminal(self) -> bool:
        return self.console.is_terminal and not self.console.is_dumb_terminal

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

    def begin_line(self, prompt: Text, expected: str) -> None:
        """Draw `prompt`; what is typed follows on its line, probably the text that is `expected`.

        That tells where lines are to be broken, which are then broken at words.
        """
        self._line = line = TypedText()
        line.append_text(prompt)
        self._expected = prompt.plain + expected
        self._draw(line, "")

    def type(self, text: str, style: str) -> None:
        """Continue the line that has been begun."""
        if self._line is None:
            raise ValueError("no line has been begun")
        begun = self._line.plain
        text = expand_tabs(text, cell_len(begun.rpartition("\n")[2]))
        self._line.append(text, style)
        self._print(Text(self._broken(begun, text), style), "")
        self._at_line_start = False

    def _broken(self, begun: str, text: str) -> str:
        """Return `text`, typed after `begun`, with the blanks that break its lines at words.

        They fill lines to their ends, so that a line that is copied is one for a shell, too.
        """
        typed = begun + text
        if not self._is_terminal:
            return text
        whole = self._expected if self._expected.startswith(typed) else typed
        width = self.console.width
        pieces = []
        start = whole.rfind("\n", 0, len(begun)) + 1
        at = len(begun)
        while start <= len(typed):
            end = whole.find("\n", start)
            line = whole[start : end if end >= 0 else len(whole)]
            column_begins = 0
            for place in word_breaks(line, width):
                if len(begun) <= start + place < len(typed):
                    pieces.append(typed[at : start + place])
                    pieces.append(" " * (-cell_len(line[column_begins:place]) % width))
                    at = start + place
                column_begins = place
            if end < 0:
                break
            start = end + 1
        return "".join([*pieces, typed[at:]])

    def finish_line(self) -> None:
        """End the line that has been begun, if there is one."""
        if self._line is not None:
            self._line = None
            self.draw()

    def clear(self) -> None:
        """Begin a new page; the one before goes into the scrollback."""
        if not self._is_terminal:
            self.draw(Rule(style="dim"))
            return
        self._settle()
        self._status_line.erase()
        self._scroll_off()
        self._list.clear()
        paint(self.console, [[]])
        self._at_line_start = True

    def _scroll_off(self) -> None:
        """Put what is on the screen into the scrollback, all of it if it may not be ours alone."""
        height = self.console.height
        count = height
        if self._is_whole:
            lines = self._list.lines(self.console, height, narration=self._narration)
            count = len(lines) - (not lines[-1])
        self._is_whole = True
        self._write(scroll_off(count, height))

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
        codes = self._overlay.end_codes or self._modes.reset_codes()
        self._write_at_once(codes + _PLAIN_PASTES if self._brackets_pastes else codes)

    def resume(self) -> None:
        """Restore the terminal as it was before `suspend`."""
        codes = self._overlay.begin_codes or self._modes.set_codes()
        self._write_at_once(codes + _BRACKET_PASTES if self._brackets_pastes else codes)

    def lend(self) -> None:
        """Lend the screen to a program, until `take_back`."""
        self._settle()
        self._lent = True
        self._written = None

    def write(self, data: bytes) -> None:
        """Pass on what a program writes, unchanged."""
        self._settle()
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
        if self._lent or self._overlay.is_shown or not self._is_terminal:
            return
        self._is_stale = False
        self._status_line.erase()
        if not self._is_whole:
            self._scroll_off()
        if self._brackets_pastes:
            self._write(_BRACKET_PASTES)
        rows = max(self.console.height - (self._status is not None), 1)
        count = rows + self._scrolled
        lines = self._list.lines(self.console, count, narration=self._narration)
        self._scrolled = min(self._scrolled, max(len(lines) - rows, 0))
        end = len(lines) - self._scrolled
        paint(self.console, lines[max(end - rows, 0) : end])
        self._draw_status()

    def scroll(self, lines: int) -> None:
        """Move what is shown by so many lines, down if they are positive."""
        if self._overlay.is_shown:
            self._overlay.scroll(lines)
        else:
            self._scrolled = max(self._scrolled - lines, 0)
            self.redraw()

    def _settle(self) -> None:
        """Show the end of the page again, where the next thing is drawn."""
        if self._scrolled:
            self._scrolled = 0
            self.redraw()

    def overlay(self, parts: Iterable[RenderableType], footer: Text | None = None) -> None:
        """Draw `parts` in front of everything; `footer` is the last line if they have more."""
        self._overlay.show(parts, footer)

    def close_overlay(self) -> None:
        """Remove the overlay."""
        if self._overlay.is_shown:
            self._overlay.close()
            self.redraw()  # not every terminal keeps what was behind it

    def _draw(self, what: RenderableType, end: str, *, narration: bool = False) -> None:
        self._settle()
        self._list.add(what.append(end) if isinstance(what, Text) else what, narration=narration)
        if not narration or self._narration:
            self._print(what, "")
        self._at_line_start = bool(end)

    def _print(self, what: RenderableType, end: str) -> None:
        if isinstance(what, Text) or not self._is_terminal:
            is_text = isinstance(what, Text)
            self.console.print(what, end=end, soft_wrap=is_text, highlight=False)
            return
        # Not filled up with blanks: they would be copied, and broken in a narrower window.
        lines = self.console.render_lines(what, pad=False)
        segments = Segments(join_lines([*lines, []]))
        self.console.print(segments, end="", crop=False, soft_wrap=True)

    def _finish_output(self) -> None:
        if self._written is not None:
            below = self._list.finish(self._written, self.console, narration=self._narration)
            self._write(CURSOR_DOWN * below)
            self._at_line_start = self._written.ends_line
            self._written = None

    def _draw_status(self) -> None:
        if self._status is None or self._lent or self._overlay.is_shown:
            self._status_line.erase()
        elif self._is_terminal:
            self._status_line.draw(self._status)

    def _write_at_once(self, codes: str) -> None:
        if codes and self._is_terminal:
            os.write(self.console.file.fileno(), codes.encode())

    def _write(self, codes: str) -> None:
        """Write codes, to a terminal only."""
        if codes and self._is_terminal:
            self.console.file.write(codes)
            self.console.file.flush()
