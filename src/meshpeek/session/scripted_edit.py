"""The edit that a step's annotation names, made by `$EDITOR` where nobody is at the keyboard.

Run as `python -m meshpeek.session.scripted_edit EDIT-FILE WORD…`; the words are an editor's.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

from meshpeek.session.yaml_patch import PatchError, patch_yaml, says_the_same

_NO_EDIT = "nobody is there to edit the file, and the step does not say what to change"
_HINT = (
    "put <!-- @# meshpeek: patch [JSON Patch] --> or <!-- @# meshpeek: editor COMMAND --> "
    "on a line of its own before the command"
)
_KUBECTLS = "kubectl-edit-"
"""How the names of the files begin that `kubectl edit` makes, in a folder for temporary files."""

_KUBECTLS_COMMENT = 4
"""How many lines `kubectl edit` writes at the top of every file; reasons of a refusal follow."""


def carry_out(edit_file: Path, words: list[str]) -> int:
    """Make the edit in `edit_file` to the files among `words`; return the exit status."""
    edited = edit_file.with_suffix(".edited")
    files = _files_among(words)
    status = 1
    try:
        status = _edit(edit_file, files)
    except PatchError as error:
        _say(str(error))
    except OSError as error:
        _say(f"cannot edit {error.filename}: {error.strerror}")
    if status:
        # kubectl keeps the files of a refused edit for a person, who is not there.
        known = edited.read_text().splitlines() if edited.exists() else []
        for file in {*map(Path, known), *files}:
            if file.name.startswith(_KUBECTLS):
                file.unlink(missing_ok=True)
    edited.write_text("".join(f"{file}\n" for file in files))
    return status


def _files_among(words: list[str]) -> list[Path]:
    """Return the files among an editor's words, without the options before `--`."""
    end = words.index("--") if "--" in words else len(words)
    named = [word for word in words[:end] if not word.startswith(("-", "+"))]
    return [Path(word) for word in named + words[end + 1 :]]


def _edit(edit_file: Path, files: list[Path]) -> int:
    try:
        edit = json.loads(edit_file.read_text())
    except FileNotFoundError:
        return _say(_NO_EDIT, f"  hint: {_HINT}")
    if not files:
        return _say("no file to edit is named")
    for file in files:
        reasons = _reasons_in(file)
        if reasons:
            return _say("the edit was refused", *(f"  {reason}" for reason in reasons))
    before = [_read(file) for file in files]
    command, patch = edit["command"], edit["patch"]
    if command is not None:
        line = f"{command} {shlex.join(map(str, files))}"
        status = subprocess.run(["bash", "-c", line], check=False).returncode
        if status:
            return status
        is_changed = before != [_read(file) for file in files]
    else:
        is_changed = sum(_patch(file, patch) for file in files) > 0
    if is_changed:
        return 0
    told = f"the command was {command}" if command is not None else f"the patch was {patch}"
    return _say("the edit changes nothing", f"  hint: {told}")


def _patch(file: Path, patch: str) -> bool:
    with file.open(encoding="utf-8", newline="") as stream:
        text = stream.read()
    try:
        patched = patch_yaml(text, patch)
    except PatchError as error:
        raise PatchError(f"{file}: {error}\n  hint: the patch was {patch}") from None
    if says_the_same(text, patched):
        return False
    file.write_text(patched, encoding="utf-8", newline="")
    return True


def _read(file: Path) -> bytes | None:
    return file.read_bytes() if file.exists() else None


def _reasons_in(file: Path) -> list[str]:
    """Return why the last edit was refused: `kubectl edit` opens the file again with that."""
    if not file.name.startswith(_KUBECTLS):
        return []
    comment: list[str] = []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        if not line.startswith("#"):
            break
        comment.append(line[1:].strip())
    return [line for line in comment[_KUBECTLS_COMMENT:] if line]


def _say(*lines: str) -> int:
    print("meshpeek editor:", "\n".join(lines), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(carry_out(Path(sys.argv[1]), sys.argv[2:]))
