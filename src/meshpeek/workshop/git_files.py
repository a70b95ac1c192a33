"""What git knows of a folder's files."""

from __future__ import annotations

import os
from pathlib import Path


def known_to_git(folder: Path) -> list[str] | None:
    """Return the files below `folder` that git does not ignore, relative to it.

    Uncommitted ones are among them; another repository is a folder. None outside a work tree, or
    without git.
    """
    listed = _git(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    # A file in conflict is listed for each of its stages.
    return None if listed is None else list(dict.fromkeys(listed))


def _git(folder: Path, *command: str) -> list[str] | None:
    """Return the names that git prints, None if it fails."""
    import subprocess  # for folders only

    try:
        ran = subprocess.run(["git", *command], cwd=folder, capture_output=True, check=False)
    except OSError:
        return None
    if ran.returncode:
        return None
    return [os.fsdecode(name) for name in ran.stdout.split(b"\0") if name]
