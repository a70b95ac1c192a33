"""The folders of presentations, one for each, in one for each workshop; the last few are kept.

A presentation holds a lock on its journal, which ends with its process however that ends.
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

from platformdirs import user_state_path

JOURNAL = "journal.jsonl"
ENVIRONMENT = "environment.json"
KEPT_PRESENTATIONS = 5
KEPT_DAYS = 30

_READABLE_LENGTH = 40
_PRIVATE = 0o700


def workshop_folder(path: str) -> Path:
    """Return the folder for the presentations of the workshop at `path`, which need not exist.

    Its name has the names of the workshop's folder and file, and a hash of the whole path.
    """
    workshop = Path(path).resolve()
    digest = hashlib.sha256(os.fsencode(workshop)).hexdigest()[:12]
    readable = re.sub(r"[^\w.-]+", "-", f"{workshop.parent.name}-{workshop.stem}")
    return (
        user_state_path("meshpeek", appauthor=False)
        / "shows"
        / (f"{readable[-_READABLE_LENGTH:]}-{digest}")
    )


@contextlib.contextmanager
def create_presentation(workshop: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """Make a folder for a presentation in that of its `workshop`; yield it and its locked journal.

    Presentations that are too many or too old are removed. Raises OSError.
    """
    workshop.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    _remove_old(workshop)
    folder = workshop / datetime.now(UTC).strftime("%Y-%m-%dT%H.%M.%S.%fZ")
    folder.mkdir(mode=_PRIVATE)
    unlocked = folder / f"{JOURNAL}.new"
    with open(unlocked, "ab", buffering=0, opener=_open_privately) as journal:
        # Locked before it has its name, or another presentation might lock it first.
        fcntl.flock(journal, fcntl.LOCK_EX)
        unlocked.rename(folder / JOURNAL)
        yield folder, journal


def list_presentations(workshop: Path) -> list[Path]:
    """Return the folders of a workshop's presentations that have a journal, the latest first."""
    return sorted((path.parent for path in workshop.glob(f"*/{JOURNAL}")), reverse=True)


@contextlib.contextmanager
def reopen_presentation(folder: Path) -> Iterator[BinaryIO | None]:
    """Yield a presentation's journal, locked, to append to; None if it is still running.

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
    """Remove the presentations of `workshop` that are too many, and all that are too old."""
    too_old = time.time() - KEPT_DAYS * 24 * 60 * 60
    for each in workshop.parent.iterdir():
        for number, folder in enumerate(list_presentations(each), start=1):
            # One that is running, or that another process is removing, stays.
            with contextlib.suppress(OSError):
                too_many = each == workshop and number >= KEPT_PRESENTATIONS
                if too_many or (folder / JOURNAL).stat().st_mtime < too_old:
                    with reopen_presentation(folder) as journal:
                        if journal:
                            shutil.rmtree(folder, ignore_errors=True)
        if each != workshop:
            with contextlib.suppress(OSError):
                each.rmdir()  # if it is empty


def _open_privately(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
