"""`meshpeek present`: a live show."""

from __future__ import annotations

import os
from pathlib import Path

import click

from meshpeek.commands.options import ARGUMENTS, FILE, NO_INIT, REHEARSE, takes_reports
from meshpeek.commands.workshops import load
from meshpeek.model import Mode
from meshpeek.play import Options, play
from meshpeek.sinks.reports import ReportPaths, open_reports, refusal_reported


@click.command()
@FILE
@ARGUMENTS
@REHEARSE
@takes_reports
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
    no_init: bool,
    typing: float,
    reports: ReportPaths,
) -> None:
    """Present FILE live: RETURN runs, SPACE finishes typing, + skips, - goes back, Q quits."""
    options = Options(
        Mode.PRESENT,
        rehearse,
        typing=typing,
        arguments=arguments,
        startup=not no_init,
    )
    with open_reports(reports) as opened:
        with refusal_reported(str(file), opened):
            workshop = load(file, options)
        code = play(workshop, options, os.environ, opened)
    raise SystemExit(code)
