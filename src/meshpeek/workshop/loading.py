"""Reading a workshop and its imports from files."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from meshpeek.errors import InputError
from meshpeek.workshop.model import Workshop
from meshpeek.workshop.parse import parse

STARTUP_FILES = (".demoshrc", ".demoshrc.md")
LARGEST_FILE = 16 << 20
"""How many bytes a file has at most that is read: a workshop, an import, a transcript."""

_HOOK_PREFIX = "DEMO_HOOK_"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def load_workshop(
    path: Path,
    environment: Mapping[str, str],
    *,
    startup: Sequence[str] = (),
    installations: Callable[[], Sequence[str]] | None = None,
) -> Workshop:
    """Read and parse the workshop at `path`; its hooks are in `environment`.

    `startup` are the paths of files to read first. `installations` is as in
    `meshpeek.workshop.parse.parse`.

    Raises InputError for a file that cannot be read, WorkshopError for one that cannot be run.
    """
    hooks = {name: value for name, value in environment.items() if name.startswith(_HOOK_PREFIX)}
    return parse(
        read_text(str(path)),
        str(path),
        read_text,
        hooks=hooks,
        startup=startup,
        installations=installations,
    )


def find_startup(home: str | None) -> tuple[str, ...]:
    """Return the path of the start-up file, as a tuple of one, or of none.

    It is the first that exists of `.demoshrc` and `.demoshrc.md` in the working directory, then
    in the folder `home`; None leaves that out.
    """
    folders = [Path()] if home is None else [Path(), Path(home)]
    candidates = (folder / name for folder in folders for name in STARTUP_FILES)
    return next(((str(path),) for path in candidates if path.is_file()), ())


def refuse_controls(path: str) -> None:
    """Raise InputError for a file's name with control characters.

    It would be printed in every message, and could move the cursor or feign another line.
    """
    if _CONTROL.search(path):
        raise InputError(f"{path!r} has control characters in it", hint="rename the file")


def read_text(path: str) -> str:
    """Return the text of the regular file at `path`, which has 16 MiB at most.

    Raises InputError with what to do otherwise, also for a name as in `refuse_controls`.
    """
    refuse_controls(path)
    try:
        mode = Path(path).stat().st_mode
        # A device may never end, and a FIFO never begin.
        data = _read_regular(path) if stat.S_ISREG(mode) or stat.S_ISDIR(mode) else None
    except FileNotFoundError:
        raise InputError(
            f"{path}: no such file", hint="check the name, and the folder you are in"
        ) from None
    except IsADirectoryError:
        raise InputError(
            f"{path} is a folder", hint="name a file in it, such as workshop.md"
        ) from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", hint="check its permissions") from None
    if data is None:
        raise InputError(f"{path} is not a regular file", hint="save its text in a file")
    if len(data) > LARGEST_FILE:
        raise InputError(
            f"{path} is larger than {LARGEST_FILE >> 20} MiB",
            hint="a workshop is text; take what it shows from other files",
        )
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not UTF-8 text (byte {error.start + 1})",
            hint="a workshop is Markdown or a shell script, saved as UTF-8",
        ) from None


def _read_regular(path: str) -> bytes:
    """Return what is in a file, or one byte more than it may have."""
    with open(path, "rb") as file:
        return file.read(LARGEST_FILE + 1)
