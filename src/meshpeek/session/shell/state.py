"""Files with the state of a session after its last commands, to resume it from.

Two files take turns, so that one is complete at any moment. The last line of each says that it is
complete, and after which command it was written.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_SLOTS = ("0", "1")
_LAST_LINE = re.compile(rb"\n# complete (\d+)\n\Z")
_LONGEST_LAST_LINE = 64
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


class SavedState(NamedTuple):
    """A complete state in a file, written after the command `number`."""

    number: int
    path: Path


class Restoration(NamedTuple):
    """What a session starts from that another process had.

    `environment` is what that process started bash with; `statuses` are `$?` and PIPESTATUS.
    """

    state: SavedState
    environment: Mapping[str, str]
    statuses: tuple[int, ...] = (0, 0)


def write(folder: Path, turn: int, script: bytes, number: int) -> None:
    """Write the state after the command `number` to the file whose `turn` it is.

    Only the user can read it, for it holds secrets. A failure leaves it incomplete, as a crash
    does: the run matters more than that it can be resumed.
    """
    path = folder / _SLOTS[turn % 2]
    with contextlib.suppress(OSError), open(path, "wb", opener=_open_for_user) as file:
        file.write(script + b"# complete %d\n" % number)


def newest(folder: Path, *, before: int | None = None) -> SavedState | None:
    """Return the latest state in `folder`, or the latest from before the command `before`."""
    states = [
        SavedState(number, folder / name)
        for name in _SLOTS
        if (number := _number(folder / name)) is not None and (before is None or number < before)
    ]
    return max(states, default=None)


def discard(folder: Path) -> None:
    """Remove the state in `folder`."""
    for name in _SLOTS:
        (folder / name).unlink(missing_ok=True)


def restore_script(restoration: Restoration, environment: Mapping[str, str]) -> bytes:
    """Return a state as a bash script for a session that starts with another `environment`.

    A variable that the earlier session did not change gets its new value: the terminal may be
    another one, and so may be the desktop's or an agent's socket.
    """
    before = restoration.environment
    lines = []
    for name in sorted({*before, *environment}):
        was, now = before.get(name), environment.get(name)
        if was == now or not _NAME.fullmatch(name):
            continue
        untouched = f"! -v {name}" if was is None else f"${{{name}-}} == {shlex.quote(was)}"
        change = f"unset {name}" if now is None else f"export {name}={shlex.quote(now)}"
        lines.append(f"[[ {untouched} ]] && builtin {change}\n")
    script = restoration.state.path.read_bytes()
    return script + "".join(lines).encode(errors="surrogateescape")


def not_held_by_bash(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that bash passes on to programs, but does not know by their names.

    So they are in no state: `INPUT_PYTHON-VERSION`, which GitHub's actions have. An exported
    function (`BASH_FUNC_name%%`) is in the state, as a function.
    """
    return {
        name: value
        for name, value in environment.items()
        if not _NAME.fullmatch(name) and not name.startswith("BASH_FUNC_")
    }


def _number(path: Path) -> int | None:
    """Return the number of a complete state, None for an incomplete or missing file."""
    try:
        with path.open("rb") as file:
            file.seek(max(os.fstat(file.fileno()).st_size - _LONGEST_LAST_LINE, 0))
            found = _LAST_LINE.search(file.read())
    except OSError:
        return None
    return int(found[1]) if found else None


def _open_for_user(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
