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


def changed_since(folder: Path, ref: str) -> list[Path] | None:
    """Return the files of the repository that `folder` is in that differ from those at `ref`.

    That is from where its branch left ours, if there is such a commit. Uncommitted and removed ones
    are among them. None if git does not know `ref`.
    """
    top = _lines(folder, "rev-parse", "--show-toplevel")
    commit = _lines(folder, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    if not top or not commit:
        return None
    base = _lines(folder, "merge-base", commit[0], "HEAD") or commit
    root = Path(top[0])
    changed = _git(root, "diff", "--name-only", "--no-renames", "-z", base[0])
    added = _git(root, "ls-files", "-z", "--others", "--exclude-standard")
    if changed is None or added is None:
        return None
    return [(root / name).resolve() for name in (*changed, *added)]


def _lines(folder: Path, *command: str) -> list[str] | None:
    printed = _git(folder, *command)
    return printed and printed[0].splitlines()


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
