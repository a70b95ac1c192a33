"""What signals do during a run."""

from __future__ import annotations

import contextlib
import math
import signal
import time
from collections.abc import Callable, Iterator, Sequence

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP)
_OTHERWISE = (
    # By default, these do not end a process,
    *("SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH", "SIGINFO", "SIGTSTP", "SIGTTIN", "SIGTTOU"),
    # these cannot be handled,
    *("SIGKILL", "SIGSTOP"),
    # and these tell of a fault, after which nothing can go on.
    *("SIGABRT", "SIGBUS", "SIGEMT", "SIGFPE", "SIGILL", "SIGSEGV", "SIGSYS", "SIGTRAP"),
)
_SAME_SECONDS = 0.2
_CLEANUP_SECONDS = 10.0


class Burst:
    """Tells signals apart that follow each other within 0.2 s: they are one interruption."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = -math.inf

    def begins(self) -> bool:
        """Take a signal, now; tell whether it is the first of a burst."""
        last, self._last = self._last, self._clock()
        return self._last - last > _SAME_SECONDS


@contextlib.contextmanager
def interrupting(clock: Callable[[], float] = time.monotonic) -> Iterator[Callable[[], None]]:
    """Let every signal that ends a process end a run: its children ended, its reports written.

    Signals that come within 0.2 s of each other are the same interruption: ^C reaches all processes
    at the terminal, and a parent such as `npm run` sends it to its children once more. A signal
    that the caller ignores, as nohup does HUP, stays ignored.

    Yields what to call when the run has ended: for ten seconds, nothing interrupts what cleans up
    after it. After an interruption signals stay ignored, because the process is about to exit.
    """
    burst, ended = Burst(clock), -math.inf
    interrupted = hung_up = False

    def interrupt(number: int, _frame: object) -> None:
        nonlocal interrupted, hung_up
        again = not burst.begins() or clock() - ended <= _CLEANUP_SECONDS
        # HUP comes from the terminal that closes, and from its shell.
        again = again or (number == signal.SIGHUP and hung_up)
        interrupted, hung_up = True, hung_up or number == signal.SIGHUP
        if not again:
            raise KeyboardInterrupt

    def end() -> None:
        nonlocal ended
        ended = clock()

    heard = interrupting_signals()
    with handling(heard, interrupt, left_ignored=lambda: interrupted):
        yield end


def interrupting_signals() -> list[int]:
    """Return the signals that are to interrupt a run: those that would end the process."""
    other = {getattr(signal, name, None) for name in _OTHERWISE}
    return [
        number
        for number in signal.valid_signals()
        if number not in other
        and (
            signal.getsignal(number) is signal.SIG_DFL
            or (number in _ENDING and signal.getsignal(number) is not signal.SIG_IGN)
        )
    ]


@contextlib.contextmanager
def handling(
    numbers: Sequence[int], handler: object, *, left_ignored: Callable[[], bool] = lambda: False
) -> Iterator[None]:
    """Handle the signals of these `numbers` by `handler`, then as before, or ignore them."""
    previous = {number: signal.signal(number, handler) for number in numbers}  # type: ignore[arg-type]
    try:
        yield
    finally:
        for number, before in previous.items():
            signal.signal(number, signal.SIG_IGN if left_ignored() else before)
