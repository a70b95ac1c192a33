"""A private folder for a session's files, which hold credentials: gone when the session is.

Killed sessions cannot clean up, so each new one removes the folders of those that are gone. A
folder's owner holds a lock on a file in it, which ends with the process whatever ends that.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PREFIX = "meshpeek-"
_REMOVED_PREFIX = "meshpeek-removed-"
_LOCK, _LOCK_IN_THE_MAKING = "lock", "lock.new"
_RAM_DISK = Path("/dev/shm")  # noqa: S108  # a folder of mode 0700 is made in it


@contextlib.contextmanager
def private_folder(parent: Path | None = None) -> Iterator[Path]:
    """Make a folder in `parent` that only this user can look into, and remove it in the end.

    Without `parent`, it is in memory where that is easy (Linux), since a session writes at every
    step. Raises OSError if it cannot be made.
    """
    if parent is None:
        parent = _RAM_DISK if _holds_programs(_RAM_DISK) else Path(tempfile.gettempdir())
    _remove_abandoned(parent)
    with _owned(Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))) as path:
        yield path


@contextlib.contextmanager
def remade_private_folder(path: Path) -> Iterator[Path]:
    """Make the private folder that an earlier session had at `path`, and remove it in the end.

    Raises OSError if it cannot be made, FileExistsError if it is in use or another user's.
    """
    _remove_abandoned(path.parent)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        # What the killed session had started wrote to it while it was being removed.
        if path.lstat().st_uid != os.getuid() or (path / _LOCK).exists():
            raise
        _remove(path)
        path.mkdir(mode=0o700)
    with _owned(path):
        yield path


@contextlib.contextmanager
def _owned(path: Path) -> Iterator[Path]:
    with open(path / _LOCK_IN_THE_MAKING, "w") as lock:
        # It is locked before it has its name: another session must not find it free meanwhile.
        fcntl.flock(lock, fcntl.LOCK_EX)
        (path / _LOCK_IN_THE_MAKING).rename(path / _LOCK)
        try:
            yield path
        finally:
            _remove(path)


def _holds_programs(folder: Path) -> bool:
    """Tell whether files can be made in `folder` and run: Docker's /dev/shm is `noexec`."""
    if not os.access(folder, os.W_OK):
        return False
    return not os.statvfs(folder).f_flag & getattr(os, "ST_NOEXEC", 0)


def _remove(path: Path) -> None:
    """Remove a folder from its place, and as much of it as possible.

    A process that still makes files in it can keep it from being empty, so it is renamed first;
    what is left of it then is removed by the next session.
    """
    with contextlib.suppress(OSError):
        path = path.rename(path.with_name(f"{_REMOVED_PREFIX}{os.urandom(8).hex()}"))
    shutil.rmtree(path, ignore_errors=True)


def _remove_abandoned(parent: Path) -> None:
    for path in parent.glob(f"{_PREFIX}*"):
        if path.name.startswith(_REMOVED_PREFIX):
            shutil.rmtree(path, ignore_errors=True)
            continue
        # Not ours, gone meanwhile, or just being made: none of these is for us to remove.
        with contextlib.suppress(OSError), open(path / _LOCK) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(path)
