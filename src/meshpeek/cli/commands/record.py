"""`meshpeek record`: a workshop's output as a transcript, to compare later runs with."""

from __future__ import annotations

from pathlib import Path

import click

from meshpeek.cli.click_extensions import OutputPath
from meshpeek.cli.options import (
    ARGUMENTS,
    FILE,
    NO_INIT,
    REHEARSE,
    SEALED,
    SIZE,
    STAND_INS,
    TIMEOUT,
    takes_settings,
)
from meshpeek.cli.play import play
from meshpeek.cli.workshops import load
from meshpeek.errors import InputError
from meshpeek.run.settings import RunSettings
from meshpeek.sinks.reports.registry import ReportPaths, open_reports, refusing_unwritable
from meshpeek.sinks.transcripts.transcript_sink import TranscriptSink
from meshpeek.workshop.model import Mode

SUFFIX = ".transcript.yaml"


@click.command()
@FILE
@ARGUMENTS
@click.option(
    "-o",
    "--output",
    type=OutputPath(),
    help=f"Where to write the transcript.  [default: FILE with {SUFFIX} for its suffix]",
)
@click.option("--force", is_flag=True, help="Overwrite an existing transcript.")
@REHEARSE
@SEALED
@TIMEOUT
@SIZE
@STAND_INS
@NO_INIT
@takes_settings(Mode.CI, stop_on_failure=True, asks_versions=True)
def command(file: Path, settings: RunSettings, output: Path | None, force: bool) -> None:
    """Run FILE as `ci` does, and write each step's status and output to a transcript.

    `ci --against` compares a run with it. Nothing is written when a step fails.
    """
    path = output or file.with_suffix(SUFFIX)
    if path.exists() and not force:
        raise InputError(
            f"{path} already exists",
            hint=f"`meshpeek ci {file} --against {path} --update` keeps its comments; "
            "--force overwrites it",
        )
    with refusing_unwritable(path):
        sink = TranscriptSink(path)
    with open_reports(ReportPaths(), [(str(path), sink)]) as reports:
        code = play(load(file, settings), settings, reports)
    click.echo(sink.describe())
    raise SystemExit(code)
