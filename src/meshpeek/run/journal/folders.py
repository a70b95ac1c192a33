"""Where shows are journalled: a folder per workshop, in it one per show, of which a few are kept.

A show holds a lock on its journal, which ends with its process whatever ends that.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

JOURNAL = "journal.jsonl"
KEPT_SHOWS = 5
KEPT_DAYS = 30

_READABLE_LENGTH = 40
_PRIVATE = 0o700


def workshop_folder(path: str) -> Path:
    """Return the folder for the shows of the workshop at `path`, which need not exist.

    Its name has the workshop's folder and file to read, and a hash of the whole path.
    """
    from platformdirs import user_state_path  # only shows are journalled

    workshop = Path(path).resolve()
    digest = hashlib.sha256(os.fsencode(workshop)).hexdigest()[:12]
    readable = re.sub(r"[^\w.-]+", "-", f"{workshop.parent.name}-{workshop.stem}")
    return (
        user_state_path("meshpeek", appauthor=False)
        / "shows"
        / (f"{readable[-_READABLE_LENGTH:]}-{digest}")
    )


@contextlib.contextmanager
def new_show(workshop: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """Make a folder for a show in the one of its `workshop`; yield it and its journal, locked.

    Shows that nobody will go on with any more are removed. Raises OSError.
    """
    workshop.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    _remove_old(workshop)
    folder = workshop / datetime.now(UTC).strftime("%Y-%m-%dT%H.%M.%S.%fZ")
    folder.mkdir(mode=_PRIVATE)
    unlocked = folder / f"{JOURNAL}.new"
    with open(unlocked, "ab", buffering=0, opener=_open_privately) as journal:
        # It is locked before it has its name: another show must not find it free meanwhile.
        fcntl.flock(journal, fcntl.LOCK_EX)
        unlocked.rename(folder / JOURNAL)
        yield folder, journal


def shows(workshop: Path) -> list[Path]:
    """Return the folders of a workshop's shows that have a journal, the latest one first."""
    return sorted((path.parent for path in workshop.glob(f"*/{JOURNAL}")), reverse=True)


@contextlib.contextmanager
def old_show(folder: Path) -> Iterator[BinaryIO | None]:
    """Yield the journal of an earlier show, locked, to be added to; None if it still goes on.

    Raises OSError.
    """
    with open(folder / JOURNAL, "ab", buffering=0, opener=_open_privately) as journal:
        try:
            fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield journal


def _remove_old(workshop: Path) -> None:
    """Remove the shows that are too many, and those of any workshop that are too old."""
    too_old = time.time() - KEPT_DAYS * 24 * 60 * 60
    for each in workshop.parent.iterdir():
        for number, folder in enumerate(shows(each), start=1):
            # One that goes on, or that goes at this moment, is not for us to remove.
            with contextlib.suppress(OSError):
                too_many = each == workshop and number >= KEPT_SHOWS
                if too_many or (folder / JOURNAL).stat().st_mtime < too_old:
                    with old_show(folder) as journal:
                        if journal:
                            shutil.rmtree(folder, ignore_errors=True)
        if each != workshop:
            with contextlib.suppress(OSError):
                each.rmdir()  # unless there is something in it


def _open_privately(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
