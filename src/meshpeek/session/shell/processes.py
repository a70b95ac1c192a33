"""Ending everything that a session started."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import NamedTuple

SESSION_VARIABLE = "MESHPEEK_SESSION"
"""An environment variable that all processes of a session have, with the session's token."""

_PROCESSES = "/proc"
_GRACE_SECONDS = 2.0
_POLL_SECONDS = 0.01


def start_of(process: int) -> int:
    """Return when `process` started, for `end_processes`; 0 if that is unknown (macOS)."""
    status = _read_status(process)
    return status.started if status else 0


def end_processes(session_id: int, token: str, since: int) -> None:
    """End every process of a terminal session, and those that left it but carry its token.

    They get TERM and, two seconds later, KILL. `since` is when the session's first process started
    (`start_of`). Finds them in /proc; without it (macOS) this does nothing, and only the HUP that
    they get when the terminal is closed ends them.
    """
    if not os.access(_PROCESSES, os.R_OK):
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + _GRACE_SECONDS
        processes = _find(session_id, token, since)
        for process in processes:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, number)
        while processes and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
            processes = [p for p in processes if (status := _read_status(p)) and status.running]
        if not processes:
            return


def _find(session_id: int, token: str, since: int) -> list[int]:
    """Return the processes to end. Those that started before the session do not belong to it."""
    wanted = f"{SESSION_VARIABLE}={token}".encode()
    found = []
    for name in os.listdir(_PROCESSES):  # noqa: PTH208  # hundreds of paths would cost a start
        if not name.isdigit() or int(name) == os.getpid():
            continue
        status = _read_status(int(name))
        if status is None or not status.running or status.started < since:
            continue
        if status.session == session_id or wanted in _read(f"{name}/environ").split(b"\0"):
            found.append(int(name))
    return found


class _Status(NamedTuple):
    running: bool
    session: int
    started: int


def _read_status(process: int) -> _Status | None:
    """Return what proc(5)'s stat says: `started` in clock ticks after boot."""
    stat = _read(f"{process}/stat")
    if not stat:
        return None
    fields = stat[stat.rindex(b")") + 2 :].split()
    return _Status(fields[0] not in (b"Z", b"X"), int(fields[3]), int(fields[19]))


def _read(name: str) -> bytes:
    try:
        with open(f"{_PROCESSES}/{name}", "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return b""
