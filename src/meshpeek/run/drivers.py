"""Who decides when a run goes on when there is no presenter: a clock, or nobody."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Protocol

from meshpeek.run.actions import Action, AnyAction
from meshpeek.run.events import Event, Typed
from meshpeek.workshop.model import Command, Step

WORDS_PER_MINUTE = 220
"""A common reading speed for prose in English."""

_LONGEST_LINGER_SECONDS = 20
"""Longer than this, a page of YAML is not read but skimmed."""

_CHARACTERS_PER_SECOND = 30


Decision = Generator[Event, None, AnyAction]
"""A decision on its way: what there is to see of it, and in the end what it is."""


class Driver(Protocol):
    """Decides when a run goes on, and how; never what it shows.

    `waits_after_failure`: whether there is somebody to decide how to go on then.
    """

    waits_after_failure: bool

    def linger(self, text: str) -> None:
        """Give the audience the time to read `text`."""

    def attend(self) -> None:
        """Get ready for a wait: what was decided before it begins does not count."""

    def wait(self, step: Step) -> Decision:
        """Decide what to do at a wait: before or after a command, or at `@wait`."""

    def type_out(self, step: Command) -> Decision:
        """Type a command's text, in pieces that come when they are due.

        The decision is Action.GO when all of it has been typed; another one is what to do without
        waiting for the rest.
        """


class Nobody:
    """Goes on at once, always: CI."""

    waits_after_failure = False

    def linger(self, text: str) -> None:
        """Do not linger."""

    def attend(self) -> None:
        """There is nothing to get ready."""

    def wait(self, step: Step) -> Decision:  # noqa: ARG002  # the protocol's
        """Do not wait."""
        return Action.GO
        yield

    def type_out(self, step: Command) -> Decision:
        """Type the whole text at once."""
        yield Typed(step, step.text)
        return Action.GO


class Clock:
    """Plays a workshop by itself at a reader's pace.

    `pace` is a factor on the time that reading takes: 1 is an ordinary reader, 0.5 twice as
    fast, 0 no waiting at all.
    """

    waits_after_failure = False

    def __init__(self, pace: float, sleep: Callable[[float], None] = time.sleep) -> None:
        self._pace = pace
        self._sleep = sleep

    def linger(self, text: str) -> None:
        """Sleep for as long as reading `text` takes."""
        if self._pace:
            seconds = len(text.split()) * 60 / WORDS_PER_MINUTE
            self._sleep(self._pace * min(seconds, _LONGEST_LINGER_SECONDS))

    def attend(self) -> None:
        """There is nothing to get ready."""

    def wait(self, step: Step) -> Decision:  # noqa: ARG002  # the protocol's
        """Do not wait: time for reading has been given already."""
        return Action.GO
        yield

    def type_out(self, step: Command) -> Decision:
        """Type the text character by character, or at once if there is no pace to keep."""
        if not self._pace or not step.typed:
            yield Typed(step, step.text)
            return Action.GO
        from wcwidth import iter_graphemes

        for character in iter_graphemes(step.text):
            yield Typed(step, character)
            self._sleep(self._pace / _CHARACTERS_PER_SECOND)
        return Action.GO
