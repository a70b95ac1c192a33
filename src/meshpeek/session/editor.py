"""`$EDITOR` where nobody is at the keyboard: it makes the edit that a step's annotation names.

The session's environment names a small script as the editor; the script reads the edit from a
file that is written before each command (`scripted_edit`).
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from meshpeek.workshop.model import Command

_PROGRAM = "meshpeek.session.scripted_edit"


class ScriptedEditor:
    """The editor of the session whose folder is `directory`."""

    def __init__(self, directory: Path) -> None:
        self._edit = directory / "edit.json"
        self._script = directory / "editor"
        self._written: str | None = None

    def install(self) -> Path:
        """Write the program for the session's `$EDITOR`, and return its path."""
        program = shlex.join([sys.executable, "-P", "-m", _PROGRAM, str(self._edit)])
        self._script.write_text(f'#!/bin/sh\nexec {program} "$@"\n')
        self._script.chmod(0o700)
        return self._script

    def assign(self, step: Command) -> None:
        """Have the editor make `step`'s edit when it is started next."""
        edit = step.edit
        if edit is None:
            written = None
        else:
            import json  # most steps have nothing to edit

            written = json.dumps({"command": edit.command, "patch": edit.patch})
        if written == self._written:
            return
        self._written = written
        if written is None:
            self._edit.unlink(missing_ok=True)
        else:
            self._edit.write_text(written)
