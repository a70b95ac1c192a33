"""Receiving the state that bash writes after each command, and keeping the last complete one.

It comes through a FIFO: bash writes each line by itself, which takes a third of the time that a
file takes. When bash ends, perhaps because we did, there may be no reader: then it is a file.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from meshpeek.session.shell import state

STATES = "states"
"""The FIFO's name in the session's directory; session.bash writes to it."""
_AT_EXIT = "exit"
_PIPE_BYTES = 64 * 1024
_NAMES = re.compile(rb"\ndeclare -\S+ (\w+)=")
_ESCAPES = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f"}
_ESCAPED |= {b"v": b"\v", b"E": b"\x1b"}
_NOT_EXPORTED = re.compile(rb"\ndeclare -(?![\w-]*[aAnx])\S+ (\w+)=")
_DISABLED = re.compile(rb"enable -n (\S+)\n")
_NEEDED = frozenset({"builtin", "return"})
"""Builtins that stay switched on whatever a workshop says: session.bash cannot do without."""
# An exported COLUMNS would hide a change of the window's size from programs.
_NEVER_EXPORTED = re.compile(rb"COLUMNS|LINES|__meshpeek_.*")


class StateReceiver:
    """Receives what a session's bash writes into `directory`, and keeps the last state.

    Each state has the number of the command that it was written after. It is also
    saved to `folder`, from which the session can be resumed; None for nowhere.
    """

    def __init__(self, directory: Path, folder: Path | None) -> None:
        fifo = directory / STATES
        os.mkfifo(fifo, 0o600)
        # Open for both, so that reading finds no end of file between two states.
        self._fifo = os.open(fifo, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._at_exit = directory / _AT_EXIT
        self._at_exit.touch(mode=0o600)
        self._folder = folder
        self._kept = 0
        self._unfinished: list[bytes] = []
        self._names: frozenset[bytes] | None = None
        self._unexported: list[bytes] = []
        self.disabled: tuple[str, ...] = ()
        """The builtins that the workshop has switched off."""
        self.script: bytes | None = None
        """The last state as a script, with the exports that are due; None before there is one."""

    def fileno(self) -> int:
        """Return the descriptor at which there is something to `read`."""
        return self._fifo

    @property
    def is_long(self) -> bool:
        """Whether a state is so long that bash may have to wait for us to read some of it.

        A shorter one is read in one piece: each line would wake us up.
        """
        # Once a pause shows that one is on its way, bash may be waiting with it.
        return bool(self._unfinished) or (
            self.script is not None and len(self.script) > _PIPE_BYTES // 4
        )

    def read(self) -> None:
        """Read what there is, at most as much as a FIFO holds."""
        with contextlib.suppress(BlockingIOError):
            self._unfinished.append(os.read(self._fifo, _PIPE_BYTES))

    def take(self, number: int, *, is_kept: bool = True) -> bool:
        """Take the state from after the command `number`, which has arrived; keep it if `is_kept`.

        An incomplete one may precede it. Returns whether there was one at all.
        """
        self.read()
        written = b"".join(self._unfinished)
        self._unfinished.clear()
        return self._take(written, number, is_kept=is_kept)

    def _take(self, written: bytes, number: int, *, is_kept: bool) -> bool:
        begin, end = _bounds(number)
        finish = written.rfind(end)
        if finish < 0:
            return False
        start = written.rfind(begin, 0, finish)
        if is_kept:
            self._keep(written[start + len(begin) : finish + 1], number)
            disabled = [name.decode() for name in _DISABLED.findall(written[:start])]
            self.disabled = tuple(name for name in disabled if name not in _NEEDED)
        return True

    def take_last(self, number: int) -> None:
        """Keep the state that bash wrote if it ended in the command `number`."""
        self._take(self._at_exit.read_bytes(), number, is_kept=True)
        os.truncate(self._at_exit, 0)

    def take_unexported(self) -> str:
        """Return the line that exports new variables, once; empty if there are none.

        demosh keeps a workshop's variables in its environment, so workshops expect programs to see
        them. An array cannot be exported.
        """
        names, self._unexported = self._unexported, []
        return _export_line(names).decode()

    def exported(self, name: str) -> str | None:
        """Return the value of a variable at the end of the last command, None if not exported."""
        line = rb"\ndeclare -\w*x\w* %s=(.*)\n" % name.encode()
        found = re.search(line, b"\n" + (self.script or b""))
        return os.fsdecode(_unquote(found[1])) if found else None

    def close(self) -> None:
        """Receive no more."""
        os.close(self._fifo)

    def _keep(self, script: bytes, number: int) -> None:
        before, self._names = self._names, frozenset(_NAMES.findall(script))
        new = self._names - before if before is not None else ()
        if new:
            due = new.intersection(_NOT_EXPORTED.findall(script))
            self._unexported += sorted(n for n in due if not _NEVER_EXPORTED.fullmatch(n))
        self.script = script + _export_line(self._unexported)
        if self._folder is not None:
            state.write(self._folder, self._kept, self.script, number)
            self._kept += 1


def _bounds(number: int) -> tuple[bytes, bytes]:
    """Return what a state begins and ends with (see session.bash)."""
    return b"# state %d\n" % number, b"\n# complete %d\n" % number


def _unquote(value: bytes) -> bytes:
    """Return what a value stands for that `declare -p` has written as "…" or $'…', on one line."""
    if value.startswith(b"$'"):
        return _ESCAPES.sub(lambda found: _unescape(found[1]), value[2:-1])
    return re.sub(rb'\\(["\\$`])', rb"\1", value[1:-1])


def _unescape(text: bytes) -> bytes:
    return bytes([int(text, 8) & 255]) if text[0:1].isdigit() else _ESCAPED.get(text, text)


def _export_line(names: list[bytes]) -> bytes:
    return b"{ builtin export %s; } 2>/dev/null\n" % b" ".join(names) if names else b""
