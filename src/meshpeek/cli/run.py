"""`meshpeek run`: a workshop that plays by itself."""

from __future__ import annotations

import os
from pathlib import Path

import click

from meshpeek.cli.options import (
    ARGUMENTS,
    FILE,
    FROM,
    NO_INIT,
    REHEARSE,
    SETUP,
    TIMEOUT,
    takes_reports,
)
from meshpeek.cli.play import Options, play
from meshpeek.cli.workshops import load, start_of
from meshpeek.sinks.reports.registry import ReportPaths, open_reports, refusal_reported
from meshpeek.workshop.model import Mode


@click.command()
@FILE
@ARGUMENTS
@REHEARSE
@takes_reports
@TIMEOUT
@NO_INIT
@FROM
@SETUP
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
    timeout: float | None,
    no_init: bool,
    address: str | None,
    setup: bool,
    pace: float,
    reports: ReportPaths,
) -> None:
    """Play FILE by itself, at a reader's pace, and sum up what passed."""
    options = Options(
        Mode.RUN,
        rehearse,
        pace=pace,
        timeout=timeout,
        arguments=arguments,
        startup=not no_init,
        setup=setup,
    )
    with open_reports(reports) as opened:
        with refusal_reported(str(file), opened.take):
            workshop = load(file, options)
            start = start_of(workshop, address, setup=setup)
        code = play(workshop, options._replace(start=start), os.environ, opened)
    raise SystemExit(code)
