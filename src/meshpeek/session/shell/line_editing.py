"""Commands that switch line editing on or off: bash 5.2 does not survive them in an `eval`."""

from __future__ import annotations

import re
from pathlib import Path

from meshpeek.session.shell.markers import quote

_LINE_EDITING = re.compile(r"\bset\b[^\n;&|]*\s[-+][A-Za-z]*o\s+(?:vi|emacs)\b")


def sourced_if_it_edits_lines(command: str, folder: Path) -> str:
    """Return `command`, or one that has bash read it from a file in `folder`.

    With `set -o vi` in an `eval`, bash changes where it reads its lines from, and crashes.
    """
    if not _LINE_EDITING.search(command):
        return command
    file = folder / "sourced"
    file.touch(mode=0o600)
    file.write_text(command + "\n", errors="surrogateescape")
    return rf"\builtin \source {quote(str(file))}"
