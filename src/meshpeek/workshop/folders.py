"""Which files of a folder are workshops."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from meshpeek.errors import InputError

if TYPE_CHECKING:
    from meshpeek.workshop.parse.text_document import TextDocument

RULE = "a .md file whose front matter has the key `meshpeek`"
"""What makes a file a workshop, in words."""

_KEY = re.compile(r"""(["']?)meshpeek\1[ \t]*:""")


def expand_folders(paths: Iterable[Path]) -> list[Path]:
    """Return `paths` with the workshops in them in place of folders.

    A file that is named is one, whatever it holds. Raises InputError for a folder without any.
    """
    files: list[Path] = []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        found = list(find_workshops(path))
        if not found:
            raise InputError(
                f"{path}: there is no workshop in this folder",
                hint=f"in a folder, a workshop is {RULE}; or name the file itself",
            )
        files += [file for file in found if file not in files]
    return files


def find_workshops(folder: Path) -> Iterator[Path]:
    """Yield the workshops below `folder`, in the order of their paths; not in hidden folders."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if is_workshop(path):
                yield path


def is_workshop(path: Path) -> bool:
    """Tell whether a file that nobody has named is a workshop; see `RULE`."""
    return _read_marked(path) is not None


def is_marked_for_pytest(path: Path) -> bool:
    """Tell whether a file is a workshop that pytest is to collect unasked: `pytest: true`.

    So is one that has the word in front matter that is wrong: it is to be told, not left out.
    """
    marked = _read_marked(path)
    if marked is None or "pytest" not in "\n".join(marked.document.lines[: marked.lines]):
        return False
    from meshpeek.workshop.parse.front_matter import read_front_matter

    settings = read_front_matter(*marked)
    return settings.pytest or bool(marked.document.problems)


class _Marked(NamedTuple):
    """A workshop's document, and how many lines its front matter takes."""

    document: TextDocument
    lines: int


def _read_marked(path: Path) -> _Marked | None:
    """Return the document of a workshop, None for another file, or one that cannot be read."""
    if path.suffix.lower() != ".md" or path.name.startswith("."):
        return None
    try:
        with path.open("rb") as file:
            # Most Markdown has no front matter: what begins with no `---` need not be read.
            if not file.read(6).lstrip(b"\xef\xbb\xbf").startswith(b"---"):
                return None
            file.seek(0)
            text = file.read().decode()
    except (OSError, UnicodeDecodeError):
        return None
    from meshpeek.workshop.parse.front_matter import find_front_matter
    from meshpeek.workshop.parse.text_document import TextDocument

    document = TextDocument(str(path), text, [])
    lines = find_front_matter(document)
    is_marked = any(_KEY.match(line) for line in document.lines[1:lines])
    return _Marked(document, lines) if is_marked else None
