"""The presenter's keyboard: the only module that reads keys, and what they mean."""

from __future__ import annotations

import contextlib
import os
import select
import termios
from collections.abc import Iterator
from enum import Enum, auto
from typing import Self

from meshpeek.errors import EnvironmentUnfitError

_LOCAL, _INPUT, _OUTPUT = 3, 0, 1
_READ_BYTES = 1024


class Key(Enum):
    """What a key asks for."""

    GO = auto()
    FINISH = auto()
    SKIP = auto()
    BACK = auto()
    QUIT = auto()
    INTERRUPT = auto()


BINDINGS = {
    b"\r": Key.GO,
    b"\n": Key.GO,
    b" ": Key.FINISH,
    b"+": Key.SKIP,
    b"-": Key.BACK,
    b"Q": Key.QUIT,
    b"\x03": Key.INTERRUPT,
}
"""demosh's keys, and ^C. A key that is not here does nothing."""


class Keyboard:
    """A terminal whose keys arrive one by one, unechoed; its old settings come back at the end.

    Use it as a context manager. Raises EnvironmentUnfitError if `descriptor` is no terminal.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        try:
            self._saved = termios.tcgetattr(descriptor)
        except termios.error as error:
            raise EnvironmentUnfitError(
                "presenting needs a terminal, and standard input is none",
                hint="use `meshpeek run` to watch a workshop, or `meshpeek ci` to test it",
            ) from error

    def __enter__(self) -> Self:
        self._apply(raw_output=False)
        return self

    def __exit__(self, *_: object) -> None:
        termios.tcsetattr(self._descriptor, termios.TCSAFLUSH, self._saved)

    def fileno(self) -> int:
        """Return the terminal's descriptor."""
        return self._descriptor

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """Give the terminal to a child: its bytes are passed on both ways, unchanged.

        What is still unread at the end was meant for the child, and is dropped.
        """
        self._apply(raw_output=True)
        try:
            yield
        finally:
            self._apply(raw_output=False)
            self.forget()

    def forget(self) -> None:
        """Drop the keys that have been pressed and not read."""
        termios.tcflush(self._descriptor, termios.TCIFLUSH)

    def read(self, seconds: float | None) -> Key | None:
        """Return the meaning of the next key, None if `seconds` pass without one that has any.

        `seconds` None waits for ever. Closing the terminal counts as INTERRUPT.
        """
        while select.select([self._descriptor], [], [], seconds)[0]:
            data = os.read(self._descriptor, _READ_BYTES)
            if not data:
                return Key.INTERRUPT
            # An escape sequence (an arrow, a pasted text's frame) is one key that means nothing.
            key = BINDINGS.get(data if data.startswith(b"\x1b") else data[:1])
            if key is not None:
                return key
        return None

    def read_for_child(self) -> bytes:
        """Return what has been typed, as it is: while the keyboard is lent, it is the child's.

        Raises KeyboardInterrupt when the terminal has gone.
        """
        data = os.read(self._descriptor, _READ_BYTES)
        if not data:
            raise KeyboardInterrupt
        return data

    def _apply(self, *, raw_output: bool) -> None:
        settings = termios.tcgetattr(self._descriptor)
        settings[_LOCAL] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
        settings[_INPUT] &= ~(termios.ICRNL | termios.INLCR | termios.IXON)
        if raw_output:
            settings[_OUTPUT] &= ~termios.OPOST
        else:
            settings[_OUTPUT] |= termios.OPOST
        termios.tcsetattr(self._descriptor, termios.TCSANOW, settings)
