"""What may be asked of a run while it waits, by a key or from elsewhere."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from enum import StrEnum

from meshpeek.workshop.values import Value


class Action(StrEnum):
    """What a presenter asks for. The values are the names in the configuration file."""

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
    CLOCK = "clock"
    NARRATION = "narration"
    STATUS = "status"
    REDRAW = "redraw"
    HELP = "help"
    SUSPEND = "suspend"
    QUIT = "quit"
    INTERRUPT = "interrupt"


class Jump(Value):
    """Go to a step: `target` is its index in the workshop's steps."""

    target: int


Request = Action | Jump


class Inbox:
    """Requests that come from elsewhere than the keyboard: another window, a signal.

    `post` may be called from other threads and from signal handlers. The descriptor that
    `fileno` returns can be read as long as there are requests to take.
    """

    def __init__(self) -> None:
        self._requests: deque[Request] = deque()
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._reader

    def post(self, request: Request) -> None:
        """Add a request, and wake who waits for one."""
        self._requests.append(request)
        with contextlib.suppress(BlockingIOError):  # full of wake-ups: it will wake
            os.write(self._writer, b".")

    def take(self) -> Request | None:
        """Return the oldest request, None if there is none."""
        with contextlib.suppress(BlockingIOError):
            if len(self._requests) <= 1:
                os.read(self._reader, 1024)
        return self._requests.popleft() if self._requests else None

    def clear(self) -> None:
        """Drop all requests: they were made for what is over."""
        while self.take() is not None:
            pass

    def close(self) -> None:
        """Close both descriptors."""
        os.close(self._reader)
        os.close(self._writer)
