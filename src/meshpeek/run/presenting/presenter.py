"""The driver of a presentation: a person at a keyboard decides when the run continues."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator, Mapping, Sequence

from wcwidth import iter_graphemes

from meshpeek.run.actions import Action, ActionQueue, AnyAction, Jump
from meshpeek.run.drivers import Decision
from meshpeek.run.events import (
    AddressShown,
    Blanked,
    ClockRead,
    Event,
    HelpShown,
    Notice,
    OutlineShown,
    OverlayClosed,
    Redrawn,
    Scrolled,
    Suspended,
    Typed,
    ViewChanged,
)
from meshpeek.run.presenting.bindings import BINDINGS, Binding, actions_by_key
from meshpeek.run.presenting.outline import Outline, places
from meshpeek.run.presenting.stopwatch import Stopwatch
from meshpeek.terminal.keyboard import Keyboard
from meshpeek.workshop.model import Command, Step, Workshop

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.01, 0.1
_OUTLINE_PAGE = 10
_OUTLINE_MOVES = {
    "up": -1,
    "down": 1,
    "page-up": -_OUTLINE_PAGE,
    "page-down": _OUTLINE_PAGE,
    "home": -1_000_000,
    "end": 1_000_000,
}
_SCROLLS = {**_OUTLINE_MOVES, "shift-up": -1, "shift-down": 1}
"""The lines by which each key moves the help."""

_SCROLLED_LINES = 5


class Presenter:
    """Waits for keys of `keyboard` and actions of `queue`.

    `addresses` are those of the page for the room.
    `typing` is a factor on the time between typed characters; 0 is none. A character takes 10 to
    100 ms at random, as in demosh 0.6.0. What asks to go on counts once it has not been asked for
    `rest` seconds, or a key that is held down would run the whole workshop.
    """

    waits_after_failure = True

    def __init__(
        self,
        workshop: Workshop,
        keyboard: Keyboard,
        queue: ActionQueue,
        *,
        bindings: Sequence[Binding] = BINDINGS,
        addresses: tuple[str, ...] = (),
        typing: float = 1.0,
        rest: float = 0.0,
        waits_at_end: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._places = places(workshop)
        self._indexes = {id(step): index for index, step in enumerate(workshop.steps)}
        self._keyboard = keyboard
        self._queue = queue
        self._bindings = tuple(bindings)
        self._actions = actions_by_key(bindings)
        self._addresses = addresses
        self._typing = typing
        self._rest = rest
        self.waits_at_end = waits_at_end
        self._clock = clock
        self._stopwatch = Stopwatch(clock)
        self._narration = self._status = True
        self._random = random.Random()  # noqa: S311  # a rhythm, not a secret

    def pause_for_reading(self, text: str) -> None:
        """Do not pause: the presenter decides."""

    def discard_input(self) -> None:
        """Drop keys and actions: a RETURN that came early must not run a command."""
        self._keyboard.discard()
        self._queue.clear()

    def wait(self, step: Step | None) -> Decision:
        """Wait for an action that the run must do; do the presenter's own meanwhile."""
        yield self._read_clock()
        rests_since = self._clock()
        while True:
            action = self._next(self._stopwatch.seconds_to_next_minute())
            match action:
                case None:
                    yield self._read_clock()
                case Action.FINISH:
                    pass
                case Action.GO if self._clock() - rests_since < self._rest:
                    rests_since = self._clock()
                case _:
                    decided = yield from self._do_own(action, step)
                    if decided is not None:
                        if decided in (Action.GO, Action.SKIP):
                            self._stopwatch.start()
                        return decided

    def type_out(self, step: Command) -> Decision:
        """Type the text character by character; a key finishes it, or asks for something else."""
        if not step.typed or not self._typing:
            yield Typed(step, step.text)
            return Action.GO
        typed = 0
        for character in iter_graphemes(step.text):
            yield Typed(step, character)
            typed += len(character)
            due = (
                self._clock() + self._random.uniform(_SHORTEST_PAUSE, _LONGEST_PAUSE) * self._typing
            )
            while (left := due - self._clock()) > 0:
                action = self._next(left)
                if action in (Action.GO, Action.FINISH):
                    self._keyboard.discard()  # or a second RETURN, pressed with it, would run it
                    yield Typed(step, step.text[typed:])
                    return Action.GO
                if action is not None:
                    decided = yield from self._do_own(action, step)
                    if decided is not None:
                        return decided
        return Action.GO

    def _next(self, seconds: float | None) -> AnyAction | None:
        """Return the next action, None for a key without one, or after `seconds`."""
        if (queued := self._queue.get()) is not None:
            return queued
        key = self._keyboard.read(seconds, beside=self._queue)
        return self._queue.get() if key is None else self._actions.get(key)

    def _do_own(
        self, action: AnyAction, step: Step | None
    ) -> Generator[Event, None, AnyAction | None]:
        """Do an action that concerns the display alone; return one that the run must do."""
        match action:
            case Action.INTERRUPT:
                raise KeyboardInterrupt
            case Action.HELP:
                return (yield from self._show_over(HelpShown(self._bindings), _SCROLLS))
            case Action.ADDRESS if self._addresses:
                return (yield from self._show_over(AddressShown(self._addresses), {}))
            case Action.ADDRESS:
                yield Notice("there is no page for the room: --share serves one")
            case Action.OUTLINE:
                return (yield from self._find_place(step))
            case Action.BLANK:
                return (yield from self._show_over(Blanked(), {}))
            case Action.SCROLL_UP | Action.SCROLL_DOWN:
                down = action is Action.SCROLL_DOWN
                yield Scrolled(_SCROLLED_LINES if down else -_SCROLLED_LINES)
            case Action.CLOCK:
                self._stopwatch.toggle()
                yield self._read_clock()
            case Action.NARRATION | Action.STATUS:
                self._narration ^= action is Action.NARRATION
                self._status ^= action is Action.STATUS
                yield ViewChanged(narration=self._narration, status=self._status)
            case Action.SUSPEND:
                yield Suspended()
                self._keyboard.suspend()
                yield Redrawn()
            case Action.REDRAW:
                yield Redrawn()
            case _:
                return action
        return None

    def _show_over(
        self, event: Event, scrolls: Mapping[str, int]
    ) -> Generator[Event, None, AnyAction | None]:
        """Show something over the page until any key but those that scroll in it.

        Returns an action from elsewhere, which also ends it, unless that is the one that began it.
        """
        yield event
        while True:
            key = self._keyboard.read(None, beside=self._queue)
            queued = self._queue.get() if key is None else None
            if key is not None and key in scrolls:
                yield Scrolled(scrolls[key])
            elif queued is Action.REDRAW:
                yield event
            else:
                yield OverlayClosed()
                return None if queued is Action.BLANK else queued

    def _find_place(self, step: Step | None) -> Generator[Event, None, AnyAction | None]:
        """Show the outline until a place is chosen, or none."""
        index = len(self._indexes) if step is None else self._indexes[id(step)]
        outline = Outline.at(self._places, index)
        decided: AnyAction | None = None
        while True:
            yield OutlineShown(outline)
            match self._keyboard.read(None, beside=self._queue):
                case None:
                    decided = self._queue.get()
                    if decided is Action.REDRAW:
                        continue
                    break
                case "enter":
                    decided = Jump(outline.choice.target) if outline.choice else None
                    break
                case "escape" | "ctrl-c":
                    break
                case "backspace":
                    outline = outline.search(outline.query[:-1])
                case "space":
                    outline = outline.search(f"{outline.query} ")
                case key if key in _OUTLINE_MOVES:
                    outline = outline.move(_OUTLINE_MOVES[key])
                case key if len(key) == 1:
                    outline = outline.search(outline.query + key)
        yield OverlayClosed()
        return decided

    def _read_clock(self) -> ClockRead:
        watch = self._stopwatch
        return ClockRead(watch.elapsed(), running=watch.running, started=watch.started)
