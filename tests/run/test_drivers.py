"""How long a run takes its time when nobody is at the keyboard."""

from __future__ import annotations

import pytest

from meshpeek.run.actions import Action, AnyAction
from meshpeek.run.drivers import WORDS_PER_MINUTE, Decision, PacedDriver, UnattendedDriver
from meshpeek.run.events import Typed
from meshpeek.workshop.model import Command
from meshpeek.workshop.spans import Span

STEP = Command(
    "echo hi", Span("w.md", 1, 1), 0, True, typed=True, wait_before=True, wait_after=False
)


def decided(decision: Decision) -> tuple[list[str], AnyAction]:
    """Return the pieces that were typed, and what was decided."""
    pieces = []
    while True:
        try:
            event = next(decision)
        except StopIteration as end:
            return pieces, end.value
        assert isinstance(event, Typed)
        pieces.append(event.text)


@pytest.mark.parametrize(
    ("pace", "words", "seconds"),
    [
        (1.0, WORDS_PER_MINUTE // 10, [6.0]),
        (0.5, WORDS_PER_MINUTE // 10, [3.0]),
        (1.0, 10 * WORDS_PER_MINUTE, [20.0]),
        (0.0, WORDS_PER_MINUTE, []),
    ],
)
def test_a_clock_gives_the_time_to_read(pace: float, words: int, seconds: list[float]) -> None:
    slept: list[float] = []
    PacedDriver(pace, slept.append).pause_for_reading("word " * words)
    assert slept == pytest.approx(seconds)


def test_a_clock_types_and_goes_on_by_itself() -> None:
    slept: list[float] = []
    clock = PacedDriver(2.0, slept.append)
    assert decided(clock.type_out(STEP)) == (list("echo hi"), Action.GO)
    assert slept == pytest.approx([2 / 30] * 7)
    assert decided(clock.wait(STEP)) == ([], Action.GO)


def test_without_a_pace_everything_is_there_at_once() -> None:
    slept: list[float] = []
    assert decided(PacedDriver(0.0, slept.append).type_out(STEP)) == (["echo hi"], Action.GO)
    assert slept == []


def test_nobody_waits_for_nothing() -> None:
    driver = UnattendedDriver()
    driver.pause_for_reading("many words")
    assert decided(driver.type_out(STEP)) == (["echo hi"], Action.GO)
    assert decided(driver.wait(STEP)) == ([], Action.GO)
