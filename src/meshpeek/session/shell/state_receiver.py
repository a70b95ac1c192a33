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
from meshpeek.session.shell.plain_commands import definitions_in, programs_of

STATES = "states"
"""The FIFO's name in the session's directory; session.bash writes to it."""
_AT_EXIT = "exit"
_PIPE_BYTES = 64 * 1024
_TRAPS = b"\n# traps\n"
_TRAPS_OF_COMMANDS = re.compile(rb"^trap -- '(?:[^']|'\\'')*' (?:DEBUG|ERR|RETURN)\n", re.MULTILINE)
_LONGEST_EXPORTED = 100_000  # Linux: 128 KiB, with its name
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
        self._values: dict[str, str | None] = {}
        self._definitions: frozenset[str] | None = None
        self._are_definitions_known = False

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
            self._are_definitions_known = False
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
        # A DEBUG trap does not see functions of ours.
        return _export_line(names, rb"\__meshpeek_export").decode()

    def exported(self, name: str) -> str | None:
        """Return the value of a variable at the end of the last command, None if not exported."""
        if name not in self._values:
            line = rb"\ndeclare -\w*x\w* %s=(.*)\n" % name.encode()
            found = re.search(line, b"\n" + (self.script or b""))
            self._values[name] = os.fsdecode(_unquote(found[1])) if found else None
        return self._values[name]

    def stays_true_after(self, command: str) -> bool:
        """Tell whether a command is sure to leave the last state as it is.

        It only runs programs, and nothing of the workshop's with them: no function, alias or trap.
        A session that can be resumed needs a state after each command all the same.
        """
        if self._folder is not None or self.disabled or self.script is None:
            return False
        programs = programs_of(command)
        if programs is None:
            return False
        if not self._are_definitions_known:
            self._definitions = definitions_in(self.script)
            self._are_definitions_known = True
        return self._definitions is not None and self._definitions.isdisjoint(programs)

    def close(self) -> None:
        """Receive no more."""
        os.close(self._fifo)

    def _keep(self, script: bytes, number: int) -> None:
        # Those that functions may or may not see are in a variable: a start would run into them.
        rest, heading, traps = script.rpartition(_TRAPS)
        script = rest + heading + _TRAPS_OF_COMMANDS.sub(b"", traps)
        before, self._names = self._names, frozenset(_NAMES.findall(script))
        new = self._names - before if before is not None else ()
        if new:
            due = new.intersection(_NOT_EXPORTED.findall(script))
            if len(script) > _LONGEST_EXPORTED:
                due = frozenset(name for name in due if not _is_long(script, name))
            self._unexported += sorted(n for n in due if not _NEVER_EXPORTED.fullmatch(n))
        self.script = script + _export_line(self._unexported)
        self._values.clear()
        if self._folder is not None:
            state.write(self._folder, self._kept, self.script, number)
            self._kept += 1


def _bounds(number: int) -> tuple[bytes, bytes]:
    """Return what a state begins and ends with (see session.bash)."""
    return b"# state %d\n" % number, b"\n# complete %d\n" % number


def _is_long(script: bytes, name: bytes) -> bool:
    """Tell whether a variable is so long that no program could be started with it exported."""
    start = re.search(rb"\ndeclare -\S+ %s=" % name, script)
    end = script.find(b"\ndeclare -", start.end() if start else 0)
    return (
        start is not None and (end if end >= 0 else len(script)) - start.end() > _LONGEST_EXPORTED
    )


def _unquote(value: bytes) -> bytes:
    """Return what a value stands for that `declare -p` has written as "…" or $'…', on one line."""
    if value.startswith(b"$'"):
        return _ESCAPES.sub(lambda found: _unescape(found[1]), value[2:-1])
    return re.sub(rb'\\(["\\$`])', rb"\1", value[1:-1])


def _unescape(text: bytes) -> bytes:
    return bytes([int(text, 8) & 255]) if text[0:1].isdigit() else _ESCAPED.get(text, text)


def _export_line(names: list[bytes], command: bytes = b"builtin export") -> bytes:
    return b"{ %s %s; } 2>/dev/null\n" % (command, b" ".join(names)) if names else b""
