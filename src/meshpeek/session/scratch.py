"""A copy of a workshop's folder to run it in: what it writes is gone afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from meshpeek.errors import EnvironmentUnfitError
from meshpeek.session.private_folder import private_folder
from meshpeek.workshop.git_files import known_to_git


@contextlib.contextmanager
def scratch_copy(folder: Path) -> Iterator[Path]:
    """Yield a copy of `folder` that has its name, and remove it in the end.

    In a git work tree it has the files that git does not ignore, with uncommitted changes;
    elsewhere all files. Raises EnvironmentUnfitError if it cannot be made.
    """
    source = folder.resolve()
    with contextlib.ExitStack() as stack:
        try:
            top = stack.enter_context(private_folder(Path(tempfile.gettempdir())))
            # Without links in its path, it is called what `pwd -P` calls it.
            copy = top.resolve() / "copy" / (source.name or "root")
            copy.parent.mkdir()
            _copy(source, copy)
        except (OSError, shutil.Error) as error:
            raise EnvironmentUnfitError(
                f"cannot copy {folder}: {error}",
                hint="--scratch needs room in TMPDIR and read access to every file",
            ) from error
        yield copy


def _copy(source: Path, copy: Path) -> None:
    names = known_to_git(source)
    if names is None:
        shutil.copytree(source, copy, symlinks=True)
        return
    copy.mkdir()
    for name in names:
        if not os.path.lexists(source / name):
            continue  # removed, and git does not know it yet
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir() and not (source / name).is_symlink():
            shutil.copytree(source / name, copy / name, symlinks=True)  # another repository
        else:
            shutil.copy2(source / name, copy / name, follow_symlinks=False)
