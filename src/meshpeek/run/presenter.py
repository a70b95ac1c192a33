"""The driver of a live show: a person with a keyboard decides when things go on."""

from __future__ import annotations

import random
from collections.abc import Iterator

from meshpeek.keys import Key, Keyboard
from meshpeek.model import Command, Step
from meshpeek.run.drivers import Action

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.01, 0.1
_FINISHING = (Key.GO, Key.FINISH)
_ACTIONS = {Key.GO: Action.GO, Key.SKIP: Action.SKIP, Key.BACK: Action.BACK, Key.QUIT: Action.QUIT}


class Presenter:
    """Waits for keys. `typing` is a factor on the time between typed characters; 0 is none.

    A character takes 10 to 100 ms at random, as in demosh 0.6.0.
    """

    def __init__(self, keyboard: Keyboard, typing: float = 1.0) -> None:
        self._keyboard = keyboard
        self._typing = typing
        self._random = random.Random()  # noqa: S311  # a rhythm, not a secret

    def linger(self, text: str) -> None:
        """Do not linger: the presenter decides."""

    def attend(self) -> None:
        """Forget the keys pressed so far: a RETURN that came early must not run a command."""
        self._keyboard.forget()

    def wait(self, step: Step) -> Action:  # noqa: ARG002  # the protocol's
        """Wait for a key that means something."""
        while True:
            key = self._keyboard.read(None)
            if key is Key.INTERRUPT:
                raise KeyboardInterrupt
            if key in _ACTIONS:
                return _ACTIONS[key]

    def type_out(self, step: Command) -> Iterator[str | Action]:
        """Yield the text character by character; a key finishes it, or says what to do instead."""
        if not step.typed or not self._typing:
            yield step.text
            return
        for position, character in enumerate(step.text):
            yield character
            pause = self._random.uniform(_SHORTEST_PAUSE, _LONGEST_PAUSE) * self._typing
            key = self._keyboard.read(pause)
            if key is Key.INTERRUPT:
                raise KeyboardInterrupt
            if key in _FINISHING:
                self._keyboard.forget()  # or a second RETURN, pressed with it, would run it
                yield step.text[position + 1 :]
                return
            if key is not None:
                yield _ACTIONS[key]
                return
