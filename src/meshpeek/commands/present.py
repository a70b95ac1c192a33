"""`meshpeek present`: a live show."""

from __future__ import annotations

import os
from pathlib import Path

import click

from meshpeek.commands.options import ARGUMENTS, EVENTS, FILE, NO_INIT, REHEARSE
from meshpeek.commands.workshops import load
from meshpeek.model import Mode
from meshpeek.play import Options, play


@click.command()
@FILE
@ARGUMENTS
@REHEARSE
@EVENTS
@NO_INIT
@click.option(
    "--typing",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="Factor on the time between typed characters; 0 shows commands at once.",
)
def command(
    file: Path,
    arguments: tuple[str, ...],
    rehearse: bool,
    events: Path | None,
    no_init: bool,
    typing: float,
) -> None:
    """Present FILE live: RETURN runs, SPACE finishes typing, + skips, - goes back, Q quits."""
    options = Options(
        Mode.PRESENT,
        rehearse,
        typing=typing,
        events=events,
        arguments=arguments,
        startup=not no_init,
    )
    raise SystemExit(play(load(file, options), options, os.environ))
