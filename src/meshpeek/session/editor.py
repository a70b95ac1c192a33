"""`$EDITOR` where nobody is at the keyboard: it makes the edit that a step's annotation names.

The session's environment names a small script as the editor; the script reads the edit from a
file that is written before each command. Run as `python -m meshpeek.session.editor EDIT-FILE FILE`.
"""

# Every run imports this module, so what only the editor needs is imported where it is used.
from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

from meshpeek.workshop.model import Command

_NO_EDIT = "nobody is there to edit the file, and the step does not say what to change"
_HINT = (
    "put <!-- @# meshpeek: patch [JSON Patch] --> or <!-- @# meshpeek: editor COMMAND --> "
    "on a line of its own before the command"
)


class ScriptedEditor:
    """The editor of the session whose folder is `directory`."""

    def __init__(self, directory: Path) -> None:
        self._edit = directory / "edit.json"
        self._script = directory / "editor"
        self._written: str | None = None

    def install(self) -> Path:
        """Write the program for the session's `$EDITOR`, and return its path."""
        program = shlex.join([sys.executable, "-P", "-m", __spec__.name, str(self._edit)])
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


def carry_out(edit_file: Path, files: list[str]) -> int:
    """Make the edit in `edit_file` to `files`; return the exit status."""
    import json

    try:
        edit = json.loads(edit_file.read_text())
    except FileNotFoundError:
        return _refuse(_NO_EDIT, _HINT)
    if edit["command"] is not None:
        import subprocess

        command = f"{edit['command']} {shlex.join(files)}"
        return subprocess.run(["bash", "-c", command], check=False).returncode
    for file in files:
        status = _patch(Path(file), edit["patch"])
        if status:
            return status
    return 0


def _patch(file: Path, patch: str) -> int:
    import jsonpatch
    import yaml

    try:
        document: Any = yaml.safe_load(file.read_text())
        patched = jsonpatch.apply_patch(document, patch)
    except yaml.YAMLError as error:
        return _refuse(f"{file} is not valid YAML: {error}")
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
        return _refuse(f"the patch does not apply: {error}", f"the patch was {patch}")
    if patched == document:
        return _refuse("the patch changes nothing", f"the patch was {patch}")
    file.write_text(yaml.safe_dump(patched, sort_keys=False, allow_unicode=True))
    return 0


def _refuse(message: str, hint: str | None = None) -> int:
    print(f"meshpeek editor: {message}", file=sys.stderr)
    if hint:
        print(f"  hint: {hint}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(carry_out(Path(sys.argv[1]), sys.argv[2:]))
