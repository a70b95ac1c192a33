"""Which files of a folder are workshops."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, NamedTuple

from meshpeek.errors import InputError

if TYPE_CHECKING:
    from meshpeek.workshop.parse.setting_blocks.front_matter_block import DocumentTop
    from meshpeek.workshop.parse.text_document import TextDocument

RULE = "a .md file that begins with settings: `<!-- meshpeek:`, or front matter with that key"
"""What makes a file a workshop, in words."""


def expand_folders(paths: Iterable[Path]) -> list[Path]:
    """Return `paths` with the workshops in them in place of folders.

    A file that is named counts as one, whatever it holds. Raises InputError for a folder without
    any.
    """
    files: list[Path] = []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        found = list(find_workshops(path))
        if not found:
            raise InputError(
                f"{path}: no workshop in this folder",
                hint=f"in a folder, a workshop is {RULE}; or name the file",
            )
        files += [file for file in found if file not in files]
    return files


def find_workshops(folder: Path) -> Iterator[Path]:
    """Yield the workshops below `folder`, in the order of their paths.

    What is hidden is left out, and what git ignores, unless it ignores all of the folder.
    """
    from meshpeek.workshop.git_files import known_to_git  # pytest loads this in anybody's session

    known = known_to_git(folder)
    if not known or any(folder.joinpath(name).is_dir() for name in known):
        yield from _walk(folder)
        return
    order = sorted((PurePath(name).parts for name in known), key=_files_before_folders)
    for parts in order:
        path = folder.joinpath(*parts)
        if not any(part.startswith(".") for part in parts) and is_workshop(path):
            yield path


def _files_before_folders(parts: tuple[str, ...]) -> tuple[tuple[bool, str], ...]:
    return tuple((index < len(parts) - 1, part) for index, part in enumerate(parts))


def _walk(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if is_workshop(path):
                yield path


def is_workshop(path: Path) -> bool:
    """Tell whether a file that nobody named is a workshop; see `RULE`.

    So is one with invalid or misplaced settings, for the error to be reported.
    """
    marked = _read_marked(path)
    if marked is None:
        return False
    from meshpeek.workshop.parse.setting_blocks.front_matter import has_settings

    return has_settings(*marked)


def is_marked_for_pytest(path: Path) -> bool:
    """Tell whether a file is a workshop that pytest collects by itself: `pytest: true`.

    So is one with the word `pytest` in invalid front matter, for the error to be reported.
    """
    marked = _read_marked(path)
    if marked is None or not any(
        "pytest" in marked.document.lines[index] for index in marked.top.lines
    ):
        return False
    from meshpeek.workshop.parse.setting_blocks.front_matter import has_settings, read_front_matter

    if not has_settings(*marked):
        return False
    settings = read_front_matter(*marked)
    return settings.pytest or bool(marked.document.problems)


class _Marked(NamedTuple):
    """A document that may be a workshop, and what stands at its top."""

    document: TextDocument
    top: DocumentTop


def _read_marked(path: Path) -> _Marked | None:
    """Return the document of what may be a workshop, None for another file."""
    if path.suffix.lower() != ".md" or path.name.startswith("."):
        return None
    try:
        data = path.read_bytes()
        # Most Markdown has neither front matter nor our name: it is not searched.
        begins = data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"---", b"<!--"))
        if not begins and b"meshpeek" not in data.lower():
            return None
        text = data.decode()
    except (OSError, UnicodeDecodeError):
        return None
    from meshpeek.workshop.parse.setting_blocks.front_matter_block import read_top
    from meshpeek.workshop.parse.text_document import TextDocument

    document = TextDocument(str(path), text, [])
    top = read_top(document)
    return _Marked(document, top) if top.settings or top.misplaced else None
