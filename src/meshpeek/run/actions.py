"""What a presenter can ask of a run while it waits, by a key or from elsewhere."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from enum import StrEnum

from meshpeek.workshop.values import Value


class Action(StrEnum):
    """What a presenter can ask for; the values are the names in the configuration file."""

    GO = "go"
    FINISH = "finish"
    SKIP = "skip"
    BACK = "back"
    NEXT_SECTION = "next-section"
    PREVIOUS_SECTION = "previous-section"
    OUTLINE = "outline"
    REPEAT = "repeat"
    EDIT = "edit"
    SHELL = "shell"
    FALLBACK = "fallback"
    BLANK = "blank"
    SCROLL_UP = "scroll-up"
    SCROLL_DOWN = "scroll-down"
    ADDRESS = "address"
    CLOCK = "clock"
    NARRATION = "narration"
    STATUS = "status"
    REDRAW = "redraw"
    HELP = "help"
    SUSPEND = "suspend"
    QUIT = "quit"
    INTERRUPT = "interrupt"


class Jump(Value):
    """Go to the step with the index `target` in the workshop's steps."""

    target: int


AnyAction = Action | Jump


class ActionQueue:
    """Actions from elsewhere than the keyboard: another window, a signal.

    `put` may be called from other threads and from signal handlers. The descriptor that `fileno`
    returns is readable as long as there are actions to get.
    """

    def __init__(self) -> None:
        self._actions: deque[AnyAction] = deque()
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._reader

    def put(self, action: AnyAction) -> None:
        """Add an action, and wake what waits for one."""
        self._actions.append(action)
        with contextlib.suppress(BlockingIOError):  # full of wake-ups: it will wake
            os.write(self._writer, b".")

    def get(self) -> AnyAction | None:
        """Return the oldest action, None if there is none."""
        with contextlib.suppress(BlockingIOError):
            if len(self._actions) <= 1:
                os.read(self._reader, 1024)
        return self._actions.popleft() if self._actions else None

    def clear(self) -> None:
        """Drop all actions: they were meant for what is over."""
        while self.get() is not None:
            pass

    def close(self) -> None:
        """Close both descriptors."""
        os.close(self._reader)
        os.close(self._writer)
