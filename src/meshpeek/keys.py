"""The presenter's keyboard: the only module that reads keys, and what they mean."""

from __future__ import annotations

import contextlib
import os
import re
import select
import termios
from collections.abc import Iterator
from enum import Enum, auto
from typing import Self

from meshpeek.errors import EnvironmentUnfitError

_LOCAL, _INPUT, _OUTPUT = 3, 0, 1
_READ_BYTES = 1024
_ONE_KEY = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|.)?|.", re.DOTALL)
"""A key's bytes: an escape sequence (an arrow, say) is one key; of a character beyond ASCII each
byte counts as one, and none means anything."""


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
        self._unread = b""
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
        self._unread = b""
        termios.tcflush(self._descriptor, termios.TCIFLUSH)

    def read(self, seconds: float | None) -> Key | None:
        """Return the meaning of the next key, None if `seconds` pass without one that has any.

        `seconds` None waits for ever. Closing the terminal counts as INTERRUPT.
        """
        while True:
            while self._unread:
                press = _ONE_KEY.match(self._unread)
                if press is None:
                    raise ValueError("every byte is a key")
                self._unread = self._unread[press.end() :]
                if (key := BINDINGS.get(press[0])) is not None:
                    return key
            if not select.select([self._descriptor], [], [], seconds)[0]:
                return None
            self._unread = os.read(self._descriptor, _READ_BYTES)
            if not self._unread:
                return Key.INTERRUPT

    def take_unread(self) -> bytes:
        """Return, once, what was typed right behind the last key: it is for the child, too."""
        unread, self._unread = self._unread, b""
        return unread

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
