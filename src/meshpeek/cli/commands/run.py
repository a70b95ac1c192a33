"""`meshpeek run`: a workshop unattended, at a reader's pace."""

from __future__ import annotations

from pathlib import Path

import click

from meshpeek.cli.options import (
    ARGUMENTS,
    FILE,
    FROM,
    NO_INIT,
    REHEARSE,
    SEALED,
    SETUP,
    STAND_INS,
    THEME,
    TIMEOUT,
    takes_reports,
    takes_settings,
)
from meshpeek.cli.play import play
from meshpeek.cli.workshops import load, starting_at
from meshpeek.run.settings import RunSettings
from meshpeek.sinks.reports.registry import ReportPaths, open_reports, refusal_reported
from meshpeek.workshop.model import Mode


@click.command()
@FILE
@ARGUMENTS
@REHEARSE
@SEALED
@takes_reports
@TIMEOUT
@STAND_INS
@NO_INIT
@FROM
@SETUP
@click.option(
    "--pace",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="Factor on the time for reading; 0 does not pause at all.",
)
@THEME
@takes_settings(Mode.RUN)
def command(file: Path, settings: RunSettings, address: str | None, reports: ReportPaths) -> None:
    """Run FILE unattended at a reader's pace, and sum up what passed."""
    with open_reports(reports) as opened:
        with refusal_reported(str(file), opened.take):
            workshop = load(file, settings)
            settings = starting_at(address, workshop, settings)
        code = play(workshop, settings, opened)
    raise SystemExit(code)
