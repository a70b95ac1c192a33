"""A file that grows, and that is whole for whoever opens it, at every moment.

The report of a killed job must hold every finished step, and must be well-formed. Both could be
had by writing the whole report to another file after each step and renaming that onto it; but a
run of 5,000 steps would write 5,000 reports. Writing in place costs little and is not safe: the
kernel may end a write between two pages when the process is killed, and then the end is missing.

So there are two copies, which take turns. One has the report's name and is never written to; the
other has a hidden name and is one turn behind. A turn brings the hidden one up to date, puts the
end after it, and exchanges their names by a hard link and two renames, each of which the file
system does entirely or not at all. All that is ever written twice is what is new, and the end.

Where a file system has no hard links, or somebody else has moved the report, the next copy begins
as a whole one: that costs time, and never a step.

What could not be written, to a disk that was full, is kept and written at the next turn.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Protocol

_BLOCK_BYTES = 1024 * 1024


class OutputFile(Protocol):
    """Where a report is written to."""

    def add(self, data: bytes) -> int:
        """Add to the end; return the offset at which `data` begins, in bytes."""

    def overwrite(self, offset: int, data: bytes) -> None:
        """Replace as many bytes as `data` has, of those that have been added."""

    def publish(self, tail: bytes) -> None:
        """Let readers see all that was added, and `tail` after it."""

    def close(self) -> None:
        """Finish; what was published stays."""


def open_output(path: Path) -> OutputFile:
    """Open the file at `path` for a report; a pipe or a terminal gets it in the end, at once.

    Raises OSError if it cannot be written.
    """
    is_device = path.is_relative_to("/dev")
    if is_device or (path.exists() and not stat.S_ISREG(path.stat().st_mode)):
        return _Stream(path)
    return GrowingFile(path)


class GrowingFile:
    """See the module. Nothing has the name `path` before the first `publish`."""

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()
        if self._path.exists() and not os.access(self._path, os.W_OK):
            raise PermissionError(13, "Permission denied", str(path))
        self._spare_name = self._path.with_name(f".{self._path.name}.spare")
        self._kept_name = self._path.with_name(f".{self._path.name}.kept")
        self._live = self._spare = -1
        self._live_size = 0
        self._size = 0
        self._added = bytearray()  # and not written yet
        self._changed: dict[int, bytes] = {}
        self._changed_before: dict[int, bytes] = {}
        self._begin_spare()

    def _begin_spare(self) -> None:
        self._spare_name.unlink(missing_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._spare = os.open(self._spare_name, flags, 0o666)
        self._spare_size = 0

    def add(self, data: bytes) -> int:
        """Add to the end; return the offset at which `data` begins, in bytes."""
        offset = self._size + len(self._added)
        self._added += data
        if len(self._added) > _BLOCK_BYTES:
            with contextlib.suppress(OSError):  # `publish` tries again
                self._write_added()
        return offset

    def _write_added(self) -> None:
        if self._spare < 0:
            self._begin_spare()
        self._catch_up()
        _write(self._spare, self._added, self._size)
        self._size = self._spare_size = self._size + len(self._added)
        self._added.clear()

    def overwrite(self, offset: int, data: bytes) -> None:
        """Replace as many bytes as `data` has, of those that have been added."""
        self._changed[offset] = data

    def publish(self, tail: bytes) -> None:
        """Let readers see all that was added, and `tail` after it. Safe to repeat if it raises."""
        self._write_added()
        # What changed at the last turn is in the other copy only.
        for offset, data in (self._changed_before | self._changed).items():
            _write(self._spare, data, offset)
        _write(self._spare, tail, self._size)
        os.ftruncate(self._spare, self._size + len(tail))
        is_kept = self._keep_live()
        self._spare_name.rename(self._path)
        self._changed_before, self._changed = self._changed, {}
        before, self._live, self._spare = self._live, self._spare, -1
        before_size, self._live_size = self._live_size, self._size
        try:
            if is_kept:
                self._kept_name.rename(self._spare_name)
                self._spare, self._spare_size = before, before_size
        finally:
            if self._spare < 0 <= before:
                os.close(before)

    def _keep_live(self) -> bool:
        """Give the copy that has the report's name another one; tell whether that was possible."""
        if self._live < 0:
            return False
        self._kept_name.unlink(missing_ok=True)
        try:
            self._kept_name.hardlink_to(self._path)
        except OSError:
            return False
        if os.path.samestat(self._kept_name.stat(), os.fstat(self._live)):
            return True
        self._kept_name.unlink()
        return False

    def _catch_up(self) -> None:
        """Give the hidden copy what the other one has more."""
        while self._spare_size < self._live_size:
            wanted = min(_BLOCK_BYTES, self._live_size - self._spare_size)
            data = os.pread(self._live, wanted, self._spare_size)
            _write(self._spare, data, self._spare_size)
            self._spare_size += len(data)

    def close(self) -> None:
        """Finish; what was published stays. Safe to call twice."""
        if self._live < 0 and self._spare < 0:
            return
        for descriptor in (self._live, self._spare):
            if descriptor >= 0:
                os.close(descriptor)
        self._live = self._spare = -1
        self._spare_name.unlink(missing_ok=True)
        self._kept_name.unlink(missing_ok=True)


class _Stream:
    """What cannot be renamed: it gets the last state, in the end."""

    def __init__(self, path: Path) -> None:
        # Opened for both, a FIFO that nobody reads yet does not hold up the run.
        self._target = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOCTTY)
        self._body = tempfile.TemporaryFile()  # noqa: SIM115  # closed in close
        self._tail = b""

    def add(self, data: bytes) -> int:
        offset = self._body.seek(0, os.SEEK_END)
        self._body.write(data)
        return offset

    def overwrite(self, offset: int, data: bytes) -> None:
        self._body.seek(offset)
        self._body.write(data)

    def publish(self, tail: bytes) -> None:
        self._tail = tail

    def close(self) -> None:
        self.add(self._tail)
        self._body.seek(0)
        with contextlib.closing(self._body), open(self._target, "wb") as target:
            shutil.copyfileobj(self._body, target)


def _write(descriptor: int, data: bytes | bytearray, offset: int) -> None:
    """Write all of `data` at `offset`: a single call may take a part of it."""
    written = 0
    while written < len(data):
        # No name for the view: a traceback would keep it, and a bytearray of that size for ever.
        written += os.pwrite(descriptor, memoryview(data)[written:], offset + written)
