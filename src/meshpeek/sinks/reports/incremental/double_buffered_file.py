"""A file that grows and is whole for its readers at any moment: double buffering on disk.

Writing in place is cheap and not safe: the kernel may end a write between two pages when
the process is killed, and then the end is missing.

So there are two copies that take turns. The front one has the report's name and is never written
to; the back one has a hidden name and is one turn behind. A turn brings the back one up to date,
appends the end, and exchanges their names by a hard link and two renames, each of which is atomic.
Only what is new and the end are written twice.

If the file system has no hard links, or the report has been moved away, the next back copy is a
full one: that costs time, and no step is lost. What could not be written, to a full disk, is kept
and written at the next turn.
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
        """Show readers all that was added, and `tail` after it."""

    def close(self) -> None:
        """Finish; what was published stays."""


def open_output(path: Path) -> OutputFile:
    """Open the file at `path` for a report; a pipe or a device gets all of it at the end.

    Raises OSError if it cannot be written.
    """
    is_device = path.is_relative_to("/dev")
    if is_device or (path.exists() and not stat.S_ISREG(path.stat().st_mode)):
        return _Stream(path)
    return DoubleBufferedFile(path)


class DoubleBufferedFile:
    """See the module. Nothing has the name `path` before the first `publish`."""

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()
        if self._path.exists() and not os.access(self._path, os.W_OK):
            raise PermissionError(13, "Permission denied", str(path))
        self._back_name = self._path.with_name(f".{self._path.name}.spare")
        self._link_name = self._path.with_name(f".{self._path.name}.kept")
        self._front = self._back = -1  # descriptors
        self._front_size = self._back_size = 0
        self._size = 0
        self._unwritten = bytearray()
        self._changed: dict[int, bytes] = {}
        self._changed_before: dict[int, bytes] = {}
        self._create_back()

    def _create_back(self) -> None:
        self._back_name.unlink(missing_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._back = os.open(self._back_name, flags, 0o666)
        self._back_size = 0

    def add(self, data: bytes) -> int:
        """Add to the end; return the offset at which `data` begins, in bytes."""
        offset = self._size + len(self._unwritten)
        self._unwritten += data
        if len(self._unwritten) > _BLOCK_BYTES:
            with contextlib.suppress(OSError):  # `publish` tries again
                self._write_added()
        return offset

    def overwrite(self, offset: int, data: bytes) -> None:
        """Replace as many bytes as `data` has, of those that have been added."""
        self._changed[offset] = data

    def publish(self, tail: bytes) -> None:
        """Show readers all that was added, and `tail` after it. Safe to repeat if it raises."""
        self._write_added()
        # What changed at the last turn is in the other copy only.
        for offset, data in (self._changed_before | self._changed).items():
            _write(self._back, data, offset)
        _write(self._back, tail, self._size)
        os.ftruncate(self._back, self._size + len(tail))
        is_linked = self._link_front()
        self._back_name.rename(self._path)
        self._changed_before, self._changed = self._changed, {}
        before, self._front, self._back = self._front, self._back, -1
        before_size, self._front_size = self._front_size, self._size
        try:
            if is_linked:
                self._link_name.rename(self._back_name)
                self._back, self._back_size = before, before_size
        finally:
            if self._back < 0 <= before:
                os.close(before)

    def _write_added(self) -> None:
        if self._back < 0:
            self._create_back()
        while self._back_size < self._front_size:
            wanted = min(_BLOCK_BYTES, self._front_size - self._back_size)
            data = os.pread(self._front, wanted, self._back_size)
            _write(self._back, data, self._back_size)
            self._back_size += len(data)
        _write(self._back, self._unwritten, self._size)
        self._size = self._back_size = self._size + len(self._unwritten)
        self._unwritten.clear()

    def _link_front(self) -> bool:
        """Give the front copy a second name; return False where that is not possible."""
        if self._front < 0:
            return False
        self._link_name.unlink(missing_ok=True)
        try:
            self._link_name.hardlink_to(self._path)
        except OSError:
            return False
        if os.path.samestat(self._link_name.stat(), os.fstat(self._front)):
            return True
        self._link_name.unlink()
        return False

    def close(self) -> None:
        """Finish; what was published stays. Safe to call twice."""
        if self._front < 0 and self._back < 0:
            return
        for descriptor in (self._front, self._back):
            if descriptor >= 0:
                os.close(descriptor)
        self._front = self._back = -1
        self._back_name.unlink(missing_ok=True)
        self._link_name.unlink(missing_ok=True)


class _Stream:
    """A pipe or a device, which cannot be renamed: it gets the last state at the end."""

    def __init__(self, path: Path) -> None:
        # Opened for both, a FIFO without a reader does not block the run.
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
        # The view has no name: a traceback would keep it, and a bytearray that has views is fixed.
        written += os.pwrite(descriptor, memoryview(data)[written:], offset + written)
