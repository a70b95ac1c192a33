"""What keys ask for at a wait, and when they count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from meshpeek.run.actions import Action, ActionQueue, AnyAction
from meshpeek.run.events import (
    Blanked,
    ClockRead,
    Event,
    HelpShown,
    OverlayClosed,
    Redrawn,
    Scrolled,
)
from meshpeek.run.presenting.presenter import Presenter
from meshpeek.terminal.keyboard import Keyboard, Waitable
from meshpeek.workshop.model import Workshop
from meshpeek.workshop.parse import parse

WORKSHOP = "<!-- @SHOW -->\n\n# One\n\n```bash\necho one\n```\n\n# Two\n\n```bash\necho two\n```\n"


class Person(Keyboard):
    """Presses keys, each so many seconds after the one before."""

    def __init__(self, *presses: tuple[float, str]) -> None:
        self._presses = list(presses)
        self.now = 100.0

    def read(self, seconds: float | None, beside: Waitable | None = None) -> str | None:
        later, key = self._presses.pop(0)
        self.now += later
        return key

    def discard(self) -> None:
        pass


@pytest.fixture
def queue() -> Iterator[ActionQueue]:
    with closing(ActionQueue()) as queue:
        yield queue


def wait(person: Person, queue: ActionQueue, rest: float = 0.3) -> tuple[AnyAction, list[Event]]:
    """Return what `person` decides at the first command, and what is seen until then."""
    workshop: Workshop = parse(WORKSHOP, "w.md", lambda path: path)
    presenter = Presenter(workshop, person, queue, rest=rest, clock=lambda: person.now)
    waiting = presenter.wait(workshop.steps[1])
    seen = []
    while True:
        try:
            seen.append(next(waiting))
        except StopIteration as stop:
            return stop.value, seen


HELD = [(0.04, "enter")] * 50


@pytest.mark.parametrize(
    ("presses", "rest", "at"),
    [
        ([(0.31, "enter")], 0.3, 0.31),
        ([(0.1, "enter"), (0.31, "enter")], 0.3, 0.41),
        ([*HELD, (0.5, "enter")], 0.3, 2.5),
        ([(0.1, "page-down"), (0.1, "enter"), (0.4, "page-down")], 0.3, 0.6),
        ([(0.01, "enter")], 0.0, 0.01),
        ([*HELD, (2.5, "enter")], 2.0, 4.5),
    ],
)
def test_return_counts_after_a_rest(
    queue: ActionQueue, presses: list[tuple[float, str]], rest: float, at: float
) -> None:
    person = Person(*presses)
    action, _ = wait(person, queue, rest)
    assert action is Action.GO
    assert person.now - 100 == pytest.approx(at)


@pytest.mark.parametrize(
    ("key", "action"), [("+", Action.SKIP), ("-", Action.BACK), ("Q", Action.QUIT)]
)
def test_other_keys_count_at_once(queue: ActionQueue, key: str, action: Action) -> None:
    assert wait(Person((0.01, key)), queue)[0] is action


def test_the_screen_is_blank_until_any_key(queue: ActionQueue) -> None:
    _, seen = wait(Person((1, "b"), (1, "Q"), (1, "."), (1, "."), (1, "enter")), queue)
    blanks = [type(event) for event in seen if not isinstance(event, ClockRead)]
    assert blanks == [Blanked, OverlayClosed] * 2


def test_the_page_of_the_presenter_blanks_and_comes_back(queue: ActionQueue) -> None:
    queue.put(Action.BLANK)
    queue.put(Action.REDRAW)
    person = Person()
    person.read = lambda *_, **__: None  # type: ignore[assignment]
    queue.put(Action.BLANK)
    queue.put(Action.SKIP)
    action, seen = wait(person, queue)
    assert action is Action.SKIP
    blanks = [type(event) for event in seen if not isinstance(event, ClockRead)]
    assert blanks == [Blanked, Blanked, OverlayClosed]


def test_the_help_scrolls_and_the_page_too(queue: ActionQueue) -> None:
    keys = ["?", "down", "page-down", "home", "x", "shift-up", "shift-down", "ctrl-l", "+"]
    _, seen = wait(Person(*((1, key) for key in keys)), queue)
    told = [
        event.lines if isinstance(event, Scrolled) else type(event)
        for event in seen
        if not isinstance(event, ClockRead)
    ]
    assert told == [HelpShown, 1, 10, -1_000_000, OverlayClosed, -5, 5, Redrawn]


def test_the_clock_starts_when_the_presenter_goes_on(queue: ActionQueue) -> None:
    workshop = parse(WORKSHOP, "w.md", lambda path: path)
    person = Person((500, "enter"), (60, "enter"))
    presenter = Presenter(workshop, person, queue, clock=lambda: person.now)
    clocks = []
    for step in (workshop.steps[1], workshop.steps[3]):
        waiting = presenter.wait(step)
        clocks += [event for event in waiting if isinstance(event, ClockRead)]
    assert [(clock.elapsed, clock.running, clock.started) for clock in clocks] == [
        (0.0, False, False),
        (0.0, True, True),
    ]
