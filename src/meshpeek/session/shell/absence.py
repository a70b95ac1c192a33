"""What a command finds that asks the terminal for input while nobody is at the keyboard."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from meshpeek.terminal.escape_sequences import ALTERNATE_SCREEN, set_mode, strip_escapes

if TYPE_CHECKING:
    from meshpeek.session.shell.pty import BashPty

_FIRST_SECONDS, _LONGEST_SECONDS = 0.2, 0.8
_REACTION_SECONDS = 0.15
_SCREEN_SECONDS = 1.0
_LONGEST_QUESTION = 500
_SCREEN_BEGINS = set_mode(ALTERNATE_SCREEN, on=True).encode()
_SCREEN_ENDS = set_mode(ALTERNATE_SCREEN, on=False).encode()


class Absence:
    """Ends the input of one command at `pty` whenever it seems to wait for some.

    Typing that ahead would not do: who asks for a password drops what has been typed before. So the
    end-of-file key is pressed again and again while the command is silent; a program that fills the
    screen does not take that for an end, so it gets HUP, as when its terminal is closed.

    `question` is what the command seems to have asked, empty for a full screen; None for nothing.
    """

    def __init__(self, pty: BashPty, clock: Callable[[], float] = time.monotonic) -> None:
        self._pty = pty
        self._clock = clock
        self._pause = _FIRST_SECONDS
        self._silent_since = self._typed = clock()
        self._line = b""
        self._unsure = b""
        self._fills_screen = False
        self.question: str | None = None

    def wrote(self, data: bytes) -> None:
        """Take what the command has written next."""
        self._react()
        self._silent_since = self._clock()
        self._pause = _FIRST_SECONDS
        self._line = (self._line + data).rpartition(b"\n")[2][-_LONGEST_QUESTION:]
        begins, ends = data.rfind(_SCREEN_BEGINS), data.rfind(_SCREEN_ENDS)
        if begins != ends:
            self._fills_screen = begins > ends

    def attend(self) -> None:
        """End the command's input, if it is time to."""
        now = self._clock()
        if self._fills_screen:
            if self.question is None and now - self._silent_since > _SCREEN_SECONDS:
                self._hang_up()
            return
        if now - max(self._silent_since, self._typed) < self._pause:
            return
        self._typed = now
        self._pause = min(2 * self._pause, _LONGEST_SECONDS)
        if self._line.strip():
            if self._pty.reads_keys():
                self.question = self._asked(self._line)
                self._line = b""
            else:
                self._unsure = self._line
        self._pty.end_input()

    def _hang_up(self) -> None:
        self.question = ""
        group = self._pty.foreground()
        if group != self._pty.leader:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGHUP)

    def ended(self) -> str | None:
        """Return the `question` of the command, which has just ended."""
        self._react()
        return self.question

    def _react(self) -> None:
        """Take an unfinished line for a question if the command goes on at the end of its input."""
        if self._unsure and self._clock() - self._typed < _REACTION_SECONDS:
            self.question = self._asked(self._unsure)
            self._line = b""
        self._unsure = b""

    @staticmethod
    def _asked(line: bytes) -> str:
        return strip_escapes(line.decode(errors="replace")).strip()
