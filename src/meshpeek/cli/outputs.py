"""Where a run is seen: the screen of a presenter or a reader, or the log of a test."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from meshpeek.sinks import Sink
from meshpeek.workshop.model import Mode

if TYPE_CHECKING:
    from meshpeek.cli.stage import Stage

HEADLESS_SIZE = (24, 120)
"""Rows and columns where there is no terminal."""


def open_log(environment: Mapping[str, str]) -> Sink:
    """Return what writes a `ci` run to standard output."""
    from meshpeek.sinks.log.plain import PlainLog

    return PlainLog(sys.stdout.buffer, colour=_in_colour(environment), width=size()[1])


def open_screen(mode: Mode, stage: Stage | None, environment: Mapping[str, str]) -> Sink:
    """Return what shows a run in `mode` on standard output; a presenter has a `stage`."""
    if mode is Mode.CI:
        return open_log(environment)
    from meshpeek.cli.stage import terminal_size
    from meshpeek.sinks.screen.console import ScreenConsole
    from meshpeek.sinks.screen.screen import Screen

    console = ScreenConsole()
    if stage is None:
        return Screen(console)
    return Screen(console, size=terminal_size, bindings=stage.bindings)


def size() -> tuple[int, int]:
    """Return the rows and columns of the terminal that is written to, or a headless size."""
    columns, rows = shutil.get_terminal_size(HEADLESS_SIZE[::-1])
    return rows, columns


def _in_colour(environment: Mapping[str, str]) -> bool:
    """Tell whether a log is read where colours are seen: on a terminal, or at GitHub."""
    if environment.get("NO_COLOR"):
        return False
    return sys.stdout.isatty() or bool(environment.get("GITHUB_ACTIONS"))
