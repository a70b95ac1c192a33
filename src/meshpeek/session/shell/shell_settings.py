"""How the session's bash starts."""

from __future__ import annotations

from pathlib import Path

from meshpeek.session.shell.state import Restoration
from meshpeek.terminal.keyboard import Keyboard
from meshpeek.workshop.values import Value


class ShellSettings(Value):
    """How bash starts.

    `keyboard` is lent to each command while it runs, and output has the line ends that a screen
    needs (CR LF). Without one, commands read end-of-file, even from the terminal, and output is
    passed on exactly as it was written. `size` is rows and columns. `arguments` are bash's `$1`
    and on. `name` is its `$0`, which its messages begin with (if empty, or before bash 5.0, bash's
    own). `folder` is where it starts, None for the working directory. Its state is also saved in
    `state_folder`, if there is one. `restoration` is the state of an earlier session to start from.
    """

    keyboard: Keyboard | None = None
    size: tuple[int, int] = (24, 80)
    arguments: tuple[str, ...] = ()
    name: str = ""
    folder: Path | None = None
    state_folder: Path | None = None
    restoration: Restoration | None = None
