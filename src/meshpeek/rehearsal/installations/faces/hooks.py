"""What shows a browser in a rehearsal, where nobody has said how: Faces has a page of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from meshpeek.workshop.model import Mode

_BROWSER, _TERMINAL = "DEMO_HOOK_BROWSER", "DEMO_HOOK_TERMINAL"
_PROGRAM = "show-faces"


def default_hooks(mode: Mode, environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return the hooks of a rehearsal in `mode`, by their variables.

    There are none in a test, and none beside those of the user's `environment`: whoever has set
    one knows what is to be seen.
    """
    if mode is Mode.CI or _BROWSER in environment or _TERMINAL in environment:
        return {}
    show = f"{_PROGRAM} --open" if mode is Mode.PRESENT else _PROGRAM
    return {_BROWSER: show, _TERMINAL: ":"}


def install_program(binaries: Path) -> None:
    """Put the program that these hooks run into the folder `binaries` of a session."""
    program = binaries / _PROGRAM
    program.write_bytes(Path(__file__).with_name("show_faces.sh").read_bytes())
    program.chmod(0o755)
