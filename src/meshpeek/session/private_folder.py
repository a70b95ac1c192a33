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
import time
from collections.abc import Iterator
from pathlib import Path

_PREFIX = "meshpeek-"
_LOCK, _LOCK_IN_THE_MAKING = "lock", "lock.new"
_PATIENCE_SECONDS = 5.0
_PAUSE_SECONDS = 0.02
_RAM_DISK = Path("/dev/shm")  # noqa: S108  # a folder of mode 0700 is made in it


@contextlib.contextmanager
def private_folder(parent: Path | None = None, again: Path | None = None) -> Iterator[Path]:
    """Make a folder that only this user can look into, and remove it in the end.

    It is in memory where that is easy (Linux), since a session writes at every step; `parent` is
    for another place. `again` is a folder that there has been, to be made once more. Raises
    OSError where that cannot be.
    """
    if again is not None:
        parent = again.parent
    elif parent is None:
        parent = _RAM_DISK if _holds_programs(_RAM_DISK) else Path(tempfile.gettempdir())
    _remove_abandoned(parent)
    if again is None:
        path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    else:
        path = again
        _make_again(path)
    with open(path / _LOCK_IN_THE_MAKING, "w") as lock:
        # It is locked before it has its name: another session must not find it free meanwhile.
        fcntl.flock(lock, fcntl.LOCK_EX)
        (path / _LOCK_IN_THE_MAKING).rename(path / _LOCK)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


def _make_again(path: Path) -> None:
    """Make a folder whose owner was killed; what that started may still be writing in it.

    Raises OSError if it is somebody's, or does not go.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            is_ours = path.lstat().st_uid == os.getuid()
            if not is_ours or (path / _LOCK).exists() or time.monotonic() > deadline:
                raise
            shutil.rmtree(path, ignore_errors=True)
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _holds_programs(folder: Path) -> bool:
    """Tell whether files can be made in `folder` and run: Docker's /dev/shm is `noexec`."""
    if not os.access(folder, os.W_OK):
        return False
    return not os.statvfs(folder).f_flag & getattr(os, "ST_NOEXEC", 0)


def _remove_abandoned(parent: Path) -> None:
    for path in parent.glob(f"{_PREFIX}*"):
        # Not ours, gone meanwhile, or just being made: none of these is for us to remove.
        with contextlib.suppress(OSError), open(path / _LOCK) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
