"""What signals do during a run."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Sequence


@contextlib.contextmanager
def interrupting() -> Iterator[None]:
    """Let TERM, QUIT and HUP end a run as ^C does: its children ended, its reports written."""

    def hang_up(*_: object) -> None:
        # It comes twice: from the terminal that closes, and from its shell.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        raise KeyboardInterrupt

    with (
        handling((signal.SIGTERM, signal.SIGQUIT), signal.default_int_handler),
        handling((signal.SIGHUP,), hang_up),
    ):
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
