"""Whether another workshop may start, or one that failed may start again."""

from __future__ import annotations

import time
from collections.abc import Callable

from meshpeek.errors import ExitCode
from meshpeek.run.events import Event, RunRefused, WorkshopSkipped

_RETRIED = (ExitCode.STEP_FAILED, ExitCode.UNFIT_ENVIRONMENT)


class StartGate:
    """Closes after `max_failures` failed workshops, and at `ends_at`, by `clock`; None: never.

    A workshop that fails, or whose process is killed, may start again `retries` times.
    """

    def __init__(
        self,
        max_failures: int | None = None,
        ends_at: float | None = None,
        retries: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.retries = retries
        self._max_failures = max_failures
        self._ends_at = ends_at
        self._clock = clock
        self._failures = 0

    @property
    def is_closed(self) -> bool:
        """Whether no workshop may start any more."""
        return self._is_late or self._has_failed_enough

    def lets_retry(self, status: int, attempt: int) -> bool:
        """Tell whether a workshop may start again whose attempt ended with `status`, and count it.

        A status below 0 is a signal.
        """
        is_failure = status != ExitCode.PASSED
        if attempt <= self.retries and not self.is_closed and (status < 0 or status in _RETRIED):
            return True
        self._failures += is_failure
        return False

    def refuse(self, path: str) -> tuple[Event, ExitCode]:
        """Return what is told of a workshop that may not start, and its exit code."""
        if self._is_late:
            message = f"error: {path}: not started: the run has reached its limit (--total-timeout)"
            return RunRefused(path, message), ExitCode.STEP_FAILED
        workshops = "workshop" if self._failures == 1 else "workshops"
        reason = f"not started: {self._failures} {workshops} failed (--max-failures)"
        return WorkshopSkipped(path, reason), ExitCode.PASSED

    @property
    def _is_late(self) -> bool:
        return self._ends_at is not None and self._clock() >= self._ends_at

    @property
    def _has_failed_enough(self) -> bool:
        return self._max_failures is not None and self._failures >= self._max_failures
