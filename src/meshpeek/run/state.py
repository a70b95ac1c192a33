"""The state that bash writes down after each command, and going on with it in a fresh bash.

There are three files: two that take turns, so that one is whole at any moment, and one that bash
writes when it ends. The last line of each says that it is whole, and after which command it was
written.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_SLOTS = ("0", "1")
_AT_EXIT = "exit"
_NAMES = "names"
_LAST_LINE = re.compile(rb"\n# complete (\d+)\n\Z")
_LONGEST_LAST_LINE = 64
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


class SavedState(NamedTuple):
    """A whole file of state; `number` is the command's that it was written after."""

    number: int
    path: Path


class Restoration(NamedTuple):
    """What a session goes on with that another process had.

    `environment` is what that one was started with, and `statuses` are `$?` and PIPESTATUS.
    """

    state: SavedState
    environment: Mapping[str, str]
    statuses: tuple[int, ...] = (0, 0)


def prepare(folder: Path) -> None:
    """Make the files in `folder` that are not there yet: they hold secrets, and bash has a umask.

    Raises OSError.
    """
    for name in (*_SLOTS, _AT_EXIT, _NAMES):
        os.close(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))


def newest(folder: Path, *, before: int | None = None) -> SavedState | None:
    """Return the latest state in `folder`, or the latest one that precedes the command `before`.

    Of two from after the same command, that is the one which bash wrote before it was killed.
    """
    states = [
        SavedState(number, folder / name)
        for name in (*_SLOTS, _AT_EXIT)
        if (number := _number(folder / name)) is not None and (before is None or number < before)
    ]
    return max(states, default=None, key=lambda each: (each.number, each.path.name != _AT_EXIT))


def discard(folder: Path) -> None:
    """Remove the state in `folder`."""
    for name in (*_SLOTS, _AT_EXIT, _NAMES):
        (folder / name).unlink(missing_ok=True)


def adapted(restoration: Restoration, environment: Mapping[str, str]) -> bytes:
    """Return a state as a bash script for a session whose environment is another one now.

    A variable that the session had left as it was gets the value of now: the terminal may be
    another one, and so may be what leads to the desktop or an agent.
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


def _number(path: Path) -> int | None:
    """Return the number of a state that is whole, None for any other file, or none."""
    try:
        with path.open("rb") as file:
            file.seek(max(os.fstat(file.fileno()).st_size - _LONGEST_LAST_LINE, 0))
            found = _LAST_LINE.search(file.read())
    except OSError:
        return None
    return int(found[1]) if found else None
