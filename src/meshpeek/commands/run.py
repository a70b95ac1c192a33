"""`meshpeek run`: a workshop that plays by itself."""

from __future__ import annotations

import os
from pathlib import Path

import click

from meshpeek.commands.options import ARGUMENTS, EVENTS, FILE, NO_INIT, REHEARSE, TIMEOUT
from meshpeek.commands.workshops import load
from meshpeek.model import Mode
from meshpeek.play import Options, play


@click.command()
@FILE
@ARGUMENTS
@REHEARSE
@EVENTS
@TIMEOUT
@NO_INIT
@click.option(
    "--pace",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="Factor on the time that reading takes; 0 does not wait at all.",
)
def command(
    file: Path,
    arguments: tuple[str, ...],
    rehearse: bool,
    events: Path | None,
    timeout: float | None,
    no_init: bool,
    pace: float,
) -> None:
    """Play FILE by itself, at a reader's pace, and sum up what passed."""
    options = Options(
        Mode.RUN,
        rehearse,
        pace=pace,
        timeout=timeout,
        events=events,
        arguments=arguments,
        startup=not no_init,
    )
    raise SystemExit(play(load(file, options), options, os.environ))
