"""What signals do during a run."""

from __future__ import annotations

import contextlib
import math
import signal
import time
from collections.abc import Callable, Iterator, Sequence

_INTERRUPTING = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP)
_SAME_SECONDS = 0.2


@contextlib.contextmanager
def interrupting(clock: Callable[[], float] = time.monotonic) -> Iterator[None]:
    """Let INT, TERM, QUIT and HUP end a run: its children ended, its reports written.

    One that comes within 0.2 s of another is the same interruption: ^C reaches all processes at
    the terminal, and a parent such as `npm run` sends it to its children once more. A signal
    that the caller ignores, as nohup does HUP, stays ignored.
    """
    last = -math.inf

    def interrupt(number: int, _frame: object) -> None:
        nonlocal last
        if number == signal.SIGHUP:  # it comes from the terminal that closes, and from its shell
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        if clock() - last > _SAME_SECONDS:
            last = clock()
            raise KeyboardInterrupt

    heard = [each for each in _INTERRUPTING if signal.getsignal(each) is not signal.SIG_IGN]
    with handling(heard, interrupt):
        yield


@contextlib.contextmanager
def handling(numbers: Sequence[signal.Signals], handler: object) -> Iterator[None]:
    """Handle the signals of these `numbers` by `handler`, then as before."""
    previous = {number: signal.signal(number, handler) for number in numbers}  # type: ignore[arg-type]
    try:
        yield
    finally:
        for number, before in previous.items():
            signal.signal(number, before)
