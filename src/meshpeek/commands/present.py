"""`meshpeek present`: a live show."""

from __future__ import annotations

import os
from pathlib import Path

import click

from meshpeek.commands.options import (
    ARGUMENTS,
    FILE,
    FROM,
    NO_INIT,
    REHEARSE,
    SETUP,
    takes_reports,
)
from meshpeek.commands.workshops import load, start_of
from meshpeek.model import Mode
from meshpeek.play import Options, play
from meshpeek.sinks.reports import ReportPaths, open_reports, refusal_reported


@click.command()
@FILE
@ARGUMENTS
@REHEARSE
@takes_reports
@NO_INIT
@FROM
@SETUP
@click.option("--resume", is_flag=True, help="Go on with the last show, where it was stopped.")
@click.option(
    "--no-journal",
    is_flag=True,
    help="Keep nothing on disk to resume the show with (it holds what variables hold).",
)
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
    address: str | None,
    setup: bool,
    resume: bool,
    no_journal: bool,
    typing: float,
    reports: ReportPaths,
) -> None:
    """Present FILE live: RETURN runs, SPACE finishes typing, + skips, - goes back, Q quits."""
    if resume and no_journal:
        raise click.UsageError("--resume needs the journal that --no-journal leaves out")
    options = Options(
        Mode.PRESENT,
        rehearse,
        typing=typing,
        arguments=arguments,
        startup=not no_init,
        setup=setup,
        resume=resume,
        journal=not no_journal,
    )
    with open_reports(reports) as opened:
        with refusal_reported(str(file), opened):
            workshop = load(file, options)
            start = start_of(workshop, address, setup=setup)
        code = play(workshop, options._replace(start=start), os.environ, opened)
    raise SystemExit(code)
