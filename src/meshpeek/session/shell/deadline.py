"""How long a command may run, and the signals that it gets after that."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable

_ESCALATION = (
    # The second INT is for a job that was not yet ready for the first: bash was just starting it.
    (signal.SIGINT, 0.2),
    (signal.SIGINT, 1.8),
    (signal.SIGTERM, 2.0),
    (signal.SIGKILL, 2.0),
)
"""The signals that a job gets, each with the seconds it then has until the next one.

After the last, bash itself is killed: it is stopped, or waits for what nobody can end.
"""


class Deadline:
    """A point in time after which the foreground job gets INT, TERM and KILL in turn.

    `seconds` is counted from now; None never ends.
    """

    def __init__(self, seconds: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next = None if seconds is None else clock() + seconds
        self._left = list(_ESCALATION)
        self._is_over = False

    def end_now(self) -> None:
        """Have the first signal sent as soon as possible, if it has not been sent."""
        if not self.passed:
            self._next = self._clock()

    @property
    def passed(self) -> bool:
        """Whether a signal has been sent."""
        return len(self._left) < len(_ESCALATION)

    def enforce(self, foreground: Callable[[], int], shell: int) -> bool:
        """Send the next signal, if it is time, to the process group that `foreground` returns.

        Returns whether it was INT. `shell` is bash's own group. It gets no second INT: that would
        interrupt the marking of the end of a command that the first one has ended. After all
        signals it is killed, so a command whose deadline has passed always ends.
        """
        if self._next is None or self._clock() < self._next or self._is_over:
            return False
        again = self.passed
        group = foreground() if self._left else shell
        number, seconds = self._left.pop(0) if self._left else (signal.SIGKILL, 0.0)
        self._is_over = not seconds
        self._next = self._clock() + seconds
        if number is signal.SIGINT and again and group == shell:
            return False
        if group > 0:  # 0 would be our own; the terminal has none when bash has just ended
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, number)
        return number is signal.SIGINT

    def seconds_left(self, longest: float) -> float:
        """Return the seconds until the next signal, at most `longest`."""
        if self._next is None or self._is_over:
            return longest
        return min(longest, max(0.0, self._next - self._clock()))
