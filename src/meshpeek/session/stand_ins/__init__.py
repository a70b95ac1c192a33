"""Stand-ins for programs that need a person, in sessions without a keyboard.

Each is a small shell script in this folder. Variables do most of it (`PAGER=cat`); the scripts
are for commands and programs that name such a program themselves.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from meshpeek.workshop.model import StandIn

_HERE = Path(__file__).parent
_PAGER_VARIABLES = ("PAGER", "GIT_PAGER", "SYSTEMD_PAGER", "BAT_PAGER")
EDITOR_VARIABLES = ("EDITOR", "VISUAL", "KUBE_EDITOR", "GIT_EDITOR")

# On a terminal, `man` prints letters over each other: `N`, backspace, `N` is a bold N.
_PLAIN_MANUAL = "sed 's/.\b//g'"

_PROGRAMS: Mapping[StandIn, tuple[str, ...]] = {
    StandIn.PAGERS: ("less", "more", "most"),
    StandIn.WATCH: ("watch",),
    StandIn.EDITORS: ("vi", "vim", "nvim", "nano", "emacs", "code"),
    # macOS opens everything with `open`, which is another program elsewhere.
    StandIn.BROWSERS: (
        "xdg-open",
        "sensible-browser",
        "x-www-browser",
        "www-browser",
        *(("open",) if os.uname().sysname == "Darwin" else ()),
    ),
}


def stand_in(
    kinds: Collection[StandIn], directory: Path, editor: Path, path: str
) -> dict[str, str]:
    """Put stand-ins of `kinds` into the folder `directory`; return the variables that use them.

    `editor` makes the edit that a step's annotation names. `path` is the PATH with the real
    programs: a stand-in that does not handle its arguments runs those.
    """
    if not kinds:
        return {}
    directory.mkdir()
    variables = {"PATH": f"{directory}{os.pathsep}{path}"}
    for kind in kinds:
        script = (_HERE / f"{kind.value}.sh").read_text(encoding="utf-8")
        for name in _PROGRAMS[kind]:
            program = directory / name
            program.write_text(script, encoding="utf-8")
            program.chmod(0o700)
        match kind:
            case StandIn.PAGERS:
                variables |= dict.fromkeys(_PAGER_VARIABLES, "cat")
                variables["MANPAGER"] = _PLAIN_MANUAL
            case StandIn.EDITORS:
                variables |= dict.fromkeys(EDITOR_VARIABLES, str(editor))
                variables["MESHPEEK_EDITOR"] = str(editor)
            case StandIn.BROWSERS:
                variables["BROWSER"] = str(directory / "xdg-open")
    return variables
