"""The time that a test may take (`timeout` in pyproject.toml, and as a mark): what happens then.

pytest-timeout only raises an error in the test. That would wait for the processes that the test has
started, for ever if that is what took so long. So they are killed first.
"""

from __future__ import annotations

import signal
import sys
import threading
import traceback
from collections.abc import Callable
from types import FrameType

import pytest
import pytest_timeout

from tests.leftovers import end_started_processes

_SLOW_SECONDS = 300
_AGAIN_SECONDS = 5.0
_BEGIN = pytest.StashKey[Callable[[], None]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give slow tests more time, where they do not say themselves what they need."""
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(_SLOW_SECONDS))


class TimeLimitExceeded(BaseException):
    """A test took too long. No test, nor what it tests or is run by, takes it for its own error."""


@pytest.hookimpl
def pytest_timeout_set_timer(item: pytest.Item, settings: pytest_timeout.Settings) -> bool:
    """Have `item` ended, with all that it has started, after `settings.timeout` seconds.

    If it goes on all the same (it may clean up, and hang in that), it is ended again and again.
    """

    def begin() -> None:
        signal.signal(signal.SIGALRM, end)
        signal.setitimer(signal.ITIMER_REAL, settings.timeout, _AGAIN_SECONDS)

    def end(_number: int, _frame: FrameType | None) -> None:
        __tracebackhide__ = True
        if pytest_timeout.is_debugging():
            return
        end_started_processes(item.config)
        raise TimeLimitExceeded(f"{item.nodeid} took more than {settings.timeout:g} s{_threads()}")

    def cancel() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)

    item.cancel_timeout = cancel  # type: ignore[attr-defined]
    item.stash[_BEGIN] = begin
    begin()
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Give the teardown as much time: pytest-timeout stops its timer when a test has failed."""
    if begin := item.stash.get(_BEGIN, None):
        begin()


def _threads() -> str:
    """Return where the other threads are."""
    frames = sys._current_frames()
    return "".join(
        f"\n{thread.name} is at\n{''.join(traceback.format_stack(frames[thread.ident]))}"
        for thread in threading.enumerate()
        if thread is not threading.current_thread() and thread.ident in frames
    )
