"""What decides when a run continues: the protocol, and the drivers without a presenter."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Protocol

from meshpeek.run.actions import Action, AnyAction
from meshpeek.run.events import Event, Typed
from meshpeek.workshop.model import Command, Step

WORDS_PER_MINUTE = 220
"""A common reading speed for prose in English."""

_LONGEST_READING_SECONDS = 20
"""Longer than this, a page of YAML is not read but skimmed."""

_CHARACTERS_PER_SECOND = 30


Decision = Generator[Event, None, AnyAction]
"""A decision being made: yields what there is to see of it, and returns what it is."""


class Driver(Protocol):
    """Decides when a run continues, and how; never what it shows.

    `waits_after_failure`: somebody is there to decide what happens after a failed step.
    `waits_at_end`: the run ends when they want it to.
    """

    waits_after_failure: bool
    waits_at_end: bool

    def pause_for_reading(self, text: str) -> None:
        """Give the audience the time to read `text`."""

    def discard_input(self) -> None:
        """Drop what was asked for before a wait begins."""

    def wait(self, step: Step | None) -> Decision:
        """Decide what to do at a wait: before or after a command, at `@wait`, or at the end."""

    def type_out(self, step: Command) -> Decision:
        """Type a command's text, in pieces that come when they are due.

        The decision is Action.GO when all of it has been typed; another one is what to do without
        waiting for the rest.
        """


class UnattendedDriver:
    """Continues at once, always: CI."""

    waits_after_failure = False
    waits_at_end = False

    def pause_for_reading(self, text: str) -> None:
        """Do not pause."""

    def discard_input(self) -> None:
        """Do nothing: there is no input."""

    def wait(self, step: Step | None) -> Decision:  # noqa: ARG002  # the protocol's
        """Do not wait."""
        return Action.GO
        yield

    def type_out(self, step: Command) -> Decision:
        """Type the whole text at once."""
        yield Typed(step, step.text)
        return Action.GO


class PacedDriver(UnattendedDriver):
    """Continues by itself, at a reader's pace.

    `pace` is a factor on the time that reading takes: 1 is an ordinary reader, 0.5 twice as
    fast, 0 no pause at all.
    """

    def __init__(self, pace: float, sleep: Callable[[float], None] = time.sleep) -> None:
        self._pace = pace
        self._sleep = sleep

    def pause_for_reading(self, text: str) -> None:
        """Sleep for as long as reading `text` takes."""
        if self._pace:
            seconds = len(text.split()) * 60 / WORDS_PER_MINUTE
            self._sleep(self._pace * min(seconds, _LONGEST_READING_SECONDS))

    def type_out(self, step: Command) -> Decision:
        """Type the text character by character, or at once without a pace."""
        if not self._pace or not step.typed:
            return (yield from super().type_out(step))
        from wcwidth import iter_graphemes

        for character in iter_graphemes(step.text):
            yield Typed(step, character)
            self._sleep(self._pace / _CHARACTERS_PER_SECOND)
        return Action.GO
