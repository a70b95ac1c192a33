"""Standard streams that fail: closed by the caller, full, or without a reader."""

from __future__ import annotations

import os
import sys


def open_missing_streams() -> None:
    """Open the null device in place of standard streams that the caller has closed.

    Otherwise the next file opened would get their number, and what is printed.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest number is free
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def flush_output() -> OSError | None:
    """Flush standard output; return the error if that fails.

    A reader that has closed the pipe (`| head`) is no error. What cannot be written is dropped: the
    interpreter would try again at its exit, and print a traceback.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return None if isinstance(error, BrokenPipeError) else error
    return None
