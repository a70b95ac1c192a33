"""The modes that a program may leave a terminal in when it is killed, and the way back."""

from __future__ import annotations

import re

_MODES = re.compile(rb"\x1b\[\?([\d;]+)([hl])")
_ON_AT_FIRST = frozenset({7, 25})
"""Automatic line wrap and the visible cursor (DECAWM, DECTCEM); all others begin switched off."""

_LONGEST = 64


class TerminalModes:
    """Reads what programs write, and knows which private modes they have left changed.

    The modes are those of DECSET: the alternate screen, mouse reports, bracketed paste and so on.
    """

    def __init__(self) -> None:
        self._changed: dict[int, bool] = {}
        self._held = b""
        self._is_styled = False

    def read(self, data: bytes) -> None:
        """Take what a program writes next."""
        if b"\x1b" not in data and not self._held:
            return
        self._is_styled = True
        data = self._held + data
        for numbers, letter in _MODES.findall(data):
            for number in filter(None, numbers.split(b";")):
                self._changed[int(number)] = letter == b"h"
        start = data.rfind(b"\x1b", -_LONGEST)
        self._held = b"" if start < 0 or _MODES.match(data, start) else data[start:]

    def undo(self) -> str:
        """Return what makes the terminal what it was, and forget all of it."""
        undone = self.leave()
        self._changed.clear()
        self._held, self._is_styled = b"", False
        return undone

    def leave(self) -> str:
        """Return what makes the terminal what it was, for a while."""
        undone = "".join(
            f"\x1b[?{number}{'l' if is_on else 'h'}"
            for number, is_on in self._changed.items()
            if is_on != (number in _ON_AT_FIRST)
        )
        styled = "\x1b[0m\x1b>" if self._is_styled else ""
        return styled + undone

    def enter(self) -> str:
        """Return what changes the terminal again, after `leave`."""
        return "".join(
            f"\x1b[?{number}{'h' if is_on else 'l'}" for number, is_on in self._changed.items()
        )
