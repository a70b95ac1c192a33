"""The time of events for reports that get them later than they happened."""

from __future__ import annotations

import time


class ReportClock:
    """The time of the event that is reported, if it is set, else the current time.

    Runs that took place at the same time are reported as if they had followed each other: `now` is
    when an event happened, and `elapsed` continues from the end of the run before.
    """

    def __init__(self) -> None:
        self._moment: float | None = None
        self._offset = 0.0
        self._elapsed = 0.0

    def set(self, moment: float, *, is_start: bool) -> None:
        """Set the time to `moment`, in seconds since 1970; `is_start`: a run begins with it."""
        if is_start or self._moment is None:
            self._offset = self._elapsed - moment
        self._moment = moment
        # The machine's clock may be set back meanwhile; time that elapses never is.
        self._elapsed = max(self._elapsed, moment + self._offset)

    def now(self) -> float:
        """Return seconds since 1970."""
        return time.time() if self._moment is None else self._moment

    def elapsed(self) -> float:
        """Return seconds since some moment; they never decrease."""
        return time.monotonic() if self._moment is None else self._elapsed
