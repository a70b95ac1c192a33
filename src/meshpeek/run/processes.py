"""Seeing to it that nothing a session started outlives it."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

SESSION_VARIABLE = "MESHPEEK_SESSION"
"""An environment variable that all processes of a session have, with the session's token."""

_GRACE_SECONDS = 2.0
_POLL_SECONDS = 0.01


def end_processes(session_id: int, token: str) -> None:
    """End every process of a terminal session, and those that left it but carry its token.

    They get TERM and, two seconds later, KILL. Looks them up in /proc; without it (macOS) this
    does nothing, and the closing of the terminal, which sends them HUP, has to do.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + _GRACE_SECONDS
        processes = _find(session_id, token)
        for process in processes:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, number)
        while processes and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
            processes = [process for process in processes if _is_running(process)]
        if not processes:
            return


def _find(session_id: int, token: str) -> list[int]:
    wanted = f"{SESSION_VARIABLE}={token}".encode()
    own = os.getpid()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        process = int(entry.name)
        if process == own:
            continue
        fields = _status_fields(process)
        if fields is None or fields[0] == "Z":
            continue
        if int(fields[3]) == session_id or _carries(entry, wanted):
            found.append(process)
    return found


def _carries(entry: Path, wanted: bytes) -> bool:
    try:
        return wanted in (entry / "environ").read_bytes().split(b"\0")
    except OSError:
        return False


def _is_running(process: int) -> bool:
    fields = _status_fields(process)
    return fields is not None and fields[0] != "Z"


def _status_fields(process: int) -> list[str] | None:
    """Return the fields of proc(5)'s stat after the name: state, parent, group, session."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(errors="replace")
    except OSError:
        return None
    return stat.rpartition(")")[2].split()
