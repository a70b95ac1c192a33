"""The modes that a killed program leaves a terminal in, and how to reset them."""

from __future__ import annotations

from meshpeek.terminal.escape_sequences import (
    LARGEST_PARAMETER,
    NORMAL_KEYPAD,
    RESET_STYLE,
    ControlSequenceReader,
    set_mode,
)

_ON_AT_FIRST = frozenset({7, 25})
"""Automatic line wrap and the visible cursor (DECAWM, DECTCEM); all others are off at first."""


class TerminalModes:
    """Reads what programs write, and knows which private modes they leave changed.

    The modes are those of DECSET: the alternate screen, mouse reports, bracketed paste and so on.
    """

    def __init__(self) -> None:
        self._changed: dict[int, bool] = {}
        self._reader = ControlSequenceReader()
        self._is_styled = False

    def feed(self, data: bytes) -> None:
        """Take what a program writes next."""
        self._is_styled = self._is_styled or b"\x1b" in data
        for sequence in self._reader.feed(data):
            if sequence.is_private_mode():
                for number, *_ in sequence.parameters():
                    if 0 < number < LARGEST_PARAMETER:
                        self._changed[number] = sequence.final == "h"

    def reset(self) -> str:
        """Return the codes that reset the terminal, and forget what was changed."""
        undone = self.reset_codes()
        self._changed.clear()
        self._reader = ControlSequenceReader()
        self._is_styled = False
        return undone

    def reset_codes(self) -> str:
        """Return the codes that reset the terminal: modes, styles and the keypad."""
        undone = "".join(
            set_mode(number, on=not is_on)
            for number, is_on in self._changed.items()
            if is_on != (number in _ON_AT_FIRST)
        )
        return (RESET_STYLE + NORMAL_KEYPAD if self._is_styled else "") + undone

    def set_codes(self) -> str:
        """Return the codes that change the modes again, after `reset_codes`."""
        return "".join(set_mode(number, on=is_on) for number, is_on in self._changed.items())
