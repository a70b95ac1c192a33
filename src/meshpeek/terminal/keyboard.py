"""The keyboard of a terminal: the only module that reads keys."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import termios
import time
from collections.abc import Callable, Iterator
from typing import Protocol, Self

from meshpeek.errors import EnvironmentUnfitError
from meshpeek.terminal.key_decoder import KeyDecoder

_LOCAL, _INPUT, _OUTPUT = 3, 0, 1
_READ_BYTES = 1024
_DRAINED_BYTES = 64 * 1024
_QUIET_SECONDS = 0.05
_DRAIN_SECONDS = 1.0
_PASTE_SECONDS = 1.0
"""The longest pause within a paste, or a sequence whose beginning has come; then it is dropped."""

_ESCAPE_SECONDS = 0.1
"""The longest pause between the bytes of one key; after it, ESC was the key."""


class Waitable(Protocol):
    """What can be waited for together with a keyboard."""

    def fileno(self) -> int:
        """Return a descriptor that is readable when there is something to take."""


class Keyboard:
    """A terminal whose keys arrive one by one, without echo; its settings are restored at the end.

    Use it as a context manager. Once the terminal is gone, only reading raises. Raises
    EnvironmentUnfitError if `descriptor` is not a terminal.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._decoder = KeyDecoder()
        self._heard = 0.0
        try:
            self._saved = termios.tcgetattr(descriptor)
        except termios.error as error:
            raise EnvironmentUnfitError(
                "cannot present: standard input is not a terminal",
                hint="use `meshpeek run` to watch a workshop, or `meshpeek ci` to test it",
            ) from error

    def __enter__(self) -> Self:
        self._apply(raw_output=False)
        return self

    def __exit__(self, *_: object) -> None:
        self._drain()  # or the shell that comes next would run it
        with contextlib.suppress(termios.error):
            termios.tcsetattr(self._descriptor, termios.TCSAFLUSH, self._saved)

    def fileno(self) -> int:
        """Return the terminal's descriptor."""
        return self._descriptor

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """Lend the terminal to a child: its bytes are passed on both ways, unchanged.

        Input that is unread at the end was meant for the child, and is dropped, with the rest of
        a paste that is still under way.
        """
        self._apply(raw_output=True)
        try:
            yield
        finally:
            self._apply(raw_output=False)
            self._drain()
            self.discard()

    def _drain(self) -> None:
        """Drop input as long as more of it comes, but for a second at most: a key may be held."""
        patience, deadline = 0.0, time.monotonic() + _DRAIN_SECONDS
        while time.monotonic() < deadline and select.select([self], [], [], patience)[0]:
            try:
                if not os.read(self._descriptor, _DRAINED_BYTES):
                    return
            except OSError:
                return
            patience = _QUIET_SECONDS

    def discard(self) -> None:
        """Drop the keys that were pressed and not read."""
        self._decoder.take_rest()
        with contextlib.suppress(termios.error):
            termios.tcflush(self._descriptor, termios.TCIFLUSH)

    def read(self, seconds: float | None, beside: Waitable | None = None) -> str | None:
        """Return the name of the next key, None if there is none within `seconds`.

        `seconds` None waits forever. Also returns None when `beside` can be read. Raises
        KeyboardInterrupt when the terminal is gone.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        sources = [self, beside] if beside else [self]
        while (key := self._decoder.next()) is None:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            silence = self._silence_left()
            if silence is not None:
                left = silence if left is None else min(left, silence)
            readable = select.select(sources, [], [], left)[0]
            if self in readable:
                self._decoder.feed(self.read_for_child())
                self._heard = time.monotonic()
            elif readable:
                return None
            elif self._silence_left() == 0.0 and (key := self._decoder.give_up()):
                return key
            elif deadline is not None and time.monotonic() >= deadline:
                return None
        return key

    def ask(self, query: bytes, is_answered: Callable[[bytes], bool], seconds: float) -> bytes:
        """Return what the terminal answers to `query`, until that is all, or for some `seconds`.

        Keys that were pressed meanwhile are not lost, and an answer is no key.
        """
        reply = b""
        deadline = time.monotonic() + seconds
        with contextlib.suppress(OSError):
            terminal = os.open(os.ttyname(self._descriptor), os.O_WRONLY | os.O_NOCTTY)
            try:
                os.write(terminal, query)
            finally:
                os.close(terminal)
            while not is_answered(reply) and (left := deadline - time.monotonic()) > 0:
                if select.select([self], [], [], left)[0]:
                    reply += self.read_for_child()
        self._decoder.feed(reply)
        return reply

    def _silence_left(self) -> float | None:
        """Return the seconds of silence until a key that has begun is over, None if none has."""
        if not self._decoder.is_inside_key:
            return None
        patience = _PASTE_SECONDS if self._decoder.is_on_its_way else _ESCAPE_SECONDS
        return max(0.0, self._heard + patience - time.monotonic())

    def take_unread(self) -> bytes:
        """Return, once, what was typed right after the last key: it is for the child, too."""
        return self._decoder.take_rest()

    def read_for_child(self) -> bytes:
        """Return the bytes that were typed, for a child that the keyboard is lent to.

        Raises KeyboardInterrupt when the terminal is gone.
        """
        try:
            data = os.read(self._descriptor, _READ_BYTES)
        except OSError:
            data = b""
        if not data:
            # The HUP that comes with it must not interrupt the cleaning up.
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            raise KeyboardInterrupt
        return data

    def suspend(self) -> None:
        """Stop as any program does at ^Z, with the terminal's settings restored; return on CONT."""
        settings = termios.tcgetattr(self._descriptor)
        termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._saved)
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        try:
            os.kill(0, signal.SIGTSTP)
        finally:
            signal.signal(signal.SIGTSTP, handler)
            termios.tcsetattr(self._descriptor, termios.TCSAFLUSH, settings)

    def _apply(self, *, raw_output: bool) -> None:
        try:
            settings = termios.tcgetattr(self._descriptor)
        except termios.error:
            return
        settings[_LOCAL] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
        settings[_INPUT] &= ~(termios.ICRNL | termios.INLCR | termios.IXON)
        if raw_output:
            settings[_OUTPUT] &= ~termios.OPOST
        else:
            settings[_OUTPUT] |= termios.OPOST
        with contextlib.suppress(termios.error):
            termios.tcsetattr(self._descriptor, termios.TCSANOW, settings)
