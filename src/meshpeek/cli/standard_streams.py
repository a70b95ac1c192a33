"""Standard streams that cannot be used: closed by our caller, full, or left by their reader."""

from __future__ import annotations

import os
import sys


def open_missing_streams() -> None:
    """Open the null device in the place of standard streams that our caller has closed.

    Else the next file that is opened would take their number, and get what is printed.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest number is free
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def flush_output() -> OSError | None:
    """Write what waits for standard output; return why that could not be done, if it could not.

    A reader who has seen enough (`| head`) is no reason to complain. What could not be written is
    given up: the interpreter would try once more at its end, and print a traceback.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return None if isinstance(error, BrokenPipeError) else error
    return None
