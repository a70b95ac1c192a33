"""`meshpeek run`: a workshop unattended, at a reader's pace."""

from __future__ import annotations

import contextlib
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
from meshpeek.cli.sharing import Sharing, let_the_room_read, open_shared_page, takes_sharing
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
@takes_sharing
@takes_settings(Mode.RUN, skips_interactive=True)
def command(
    file: Path,
    settings: RunSettings,
    address: str | None,
    sharing: Sharing,
    reports: ReportPaths,
) -> None:
    """Run FILE unattended at a reader's pace, and sum up what passed."""
    with contextlib.ExitStack() as stack:
        shared = stack.enter_context(open_shared_page(sharing))
        more = [("the page for the room", shared)] if shared else []
        opened = stack.enter_context(open_reports(reports, more))
        with refusal_reported(str(file), opened.take):
            workshop = load(file, settings)
            settings = starting_at(address, workshop, settings)
        code = play(workshop, settings, opened)
        let_the_room_read(shared)
    raise SystemExit(code)
