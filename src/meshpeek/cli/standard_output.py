"""What shows a run on standard output: a screen for people, a log for tests."""

from __future__ import annotations

import os
import shutil
import sys

from meshpeek.cli.controls import Controls, terminal_size
from meshpeek.sinks import Sink
from meshpeek.terminal.background import Background
from meshpeek.workshop.model import Mode

HEADLESS_SIZE = (24, 120)
"""Rows and columns where there is no terminal."""

_SERVERS_WITH_COLOURS = ("GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "TF_BUILD")
"""The variables that CI servers set whose pages show a log's colours."""


def open_output(
    mode: Mode, controls: Controls | None, background: Background, *, sums_up: bool = True
) -> Sink:
    """Return what shows a run in `mode` on standard output; a presenter has `controls`.

    `background` is the terminal's, for a screen's colours. `sums_up`: it ends with a summary.
    """
    if mode is Mode.CI:
        return open_log()
    from meshpeek.sinks.log.settled_lines import SettledOutput
    from meshpeek.sinks.screen.console import ScreenConsole
    from meshpeek.sinks.screen.screen import Screen

    console = ScreenConsole()
    if controls is None:
        screen = Screen(console, background=background)
        return screen if sys.stdout.isatty() else SettledOutput(screen, colour=_in_colour())
    return Screen(
        console,
        size=terminal_size,
        bindings=controls.bindings,
        background=background,
        sums_up=sums_up,
    )


def open_log() -> Sink:
    """Return what writes the log of a test to standard output."""
    from meshpeek.sinks.log.plain import PlainLog

    return PlainLog(
        sys.stdout.buffer,
        colour=_in_colour(),
        width=output_size()[1],
        live=sys.stdout.isatty(),
    )


def output_size() -> tuple[int, int]:
    """Return the rows and columns of the terminal that is written to, or a headless size."""
    columns, rows = shutil.get_terminal_size(HEADLESS_SIZE[::-1])
    return rows, columns


def _in_colour() -> bool:
    """Tell whether a log is read where colours are seen: on a terminal, or at a CI server."""
    if os.environ.get("NO_COLOR"):
        return False
    return sys.stdout.isatty() or any(map(os.environ.get, _SERVERS_WITH_COLOURS))
