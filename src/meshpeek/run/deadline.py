"""How long a command may run, and what happens to it after that."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable

GRACE_SECONDS = 2.0
"""How long a job gets to react to INT, and then to TERM, before the next signal."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)


class Deadline:
    """A point in time after which a process group gets INT, TERM and KILL in turn.

    `seconds` is counted from now; None never ends.
    """

    def __init__(self, seconds: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next = None if seconds is None else clock() + seconds
        self._signals = list(_SIGNALS)

    @property
    def passed(self) -> bool:
        """Whether a signal has been sent."""
        return len(self._signals) < len(_SIGNALS)

    def enforce(self, group: Callable[[], int]) -> None:
        """Send the next signal to the process group that `group` returns, if it is time."""
        if self._next is None or self._clock() < self._next or not self._signals:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group(), self._signals.pop(0))
        self._next = self._clock() + GRACE_SECONDS

    def seconds_left(self, longest: float) -> float:
        """Return the seconds until the next signal, at most `longest`."""
        if self._next is None or not self._signals:
            return longest
        return min(longest, max(0.0, self._next - self._clock()))
