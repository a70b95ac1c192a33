"""What signals do to the process of a run."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Sequence


@contextlib.contextmanager
def interrupting() -> Iterator[None]:
    """Let these end a run as ^C does: with its children ended and its reports written."""

    def hang_up(*_: object) -> None:
        # It comes twice: when the terminal closes, and from the shell that closes with it.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        raise KeyboardInterrupt

    with (
        handling((signal.SIGTERM, signal.SIGQUIT), signal.default_int_handler),
        handling((signal.SIGHUP,), hang_up),
    ):
        yield


@contextlib.contextmanager
def handling(numbers: Sequence[signal.Signals], handler: object) -> Iterator[None]:
    """Have `handler` deal with the signals of these `numbers`, and in the end who did before."""
    previous = {number: signal.signal(number, handler) for number in numbers}  # type: ignore[arg-type]
    try:
        yield
    finally:
        for number, before in previous.items():
            signal.signal(number, before)
