"""What reports take for the time when they learn of something later than it happened."""

from __future__ import annotations

import time


class ReportClock:
    """The time of what is being told, if it says so, else the time of now.

    What happened in several runs at once is told as if they had followed each other: `now` is when
    something happened, and `elapsed` goes on from where the run before had ended.
    """

    def __init__(self) -> None:
        self._told: float | None = None
        self._offset = 0.0
        self._elapsed = 0.0

    def tell(self, moment: float, *, is_start: bool) -> None:
        """Let it be `moment`, in seconds since 1970; `is_start` says that a run begins with it."""
        if is_start or self._told is None:
            self._offset = self._elapsed - moment
        self._told = moment
        # The machine's clock may be set back meanwhile; time that elapses never is.
        self._elapsed = max(self._elapsed, moment + self._offset)

    def now(self) -> float:
        """Return seconds since 1970."""
        return time.time() if self._told is None else self._told

    def elapsed(self) -> float:
        """Return seconds since some moment, which never get fewer."""
        return time.monotonic() if self._told is None else self._elapsed
