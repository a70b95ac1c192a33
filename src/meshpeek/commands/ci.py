"""`meshpeek ci`: workshops as tests."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from meshpeek.arguments import FilesThenArguments
from meshpeek.commands.options import FILES, NO_INIT, REHEARSE, TIMEOUT, takes_reports
from meshpeek.commands.workshops import load, noting_errors
from meshpeek.errors import ExitCode
from meshpeek.model import Mode, Workshop
from meshpeek.play import Options, play, worst_of
from meshpeek.sinks.fanout import Fanout
from meshpeek.sinks.reports import ReportPaths, open_reports, refusal_reported


@click.command(cls=FilesThenArguments)
@FILES
@REHEARSE
@takes_reports
@TIMEOUT
@NO_INIT
@click.option("--keep-going", is_flag=True, help="Run the rest when a step has failed.")
def command(
    files: tuple[Path, ...],
    arguments: tuple[str, ...],
    rehearse: bool,
    timeout: float | None,
    no_init: bool,
    keep_going: bool,
    reports: ReportPaths,
) -> None:
    """Replay each FILE headless and judge every step; stop a workshop at the first that fails.

    The workshops run one after the other, each in a session of its own.
    """
    options = Options(
        Mode.CI,
        rehearse,
        stop_on_failure=not keep_going,
        timeout=timeout,
        arguments=arguments,
        startup=not no_init,
    )
    codes: list[ExitCode] = []
    with noting_errors(codes), open_reports(reports) as opened:
        codes += _play_all(files, options, opened)
    raise SystemExit(worst_of(codes))


def _play_all(files: Sequence[Path], options: Options, reports: Fanout) -> list[ExitCode]:
    """Play several workshops, once all of them have been read; return the code of each."""
    workshops: list[Workshop] = []
    codes: list[ExitCode] = []
    for file in files:
        with noting_errors(codes), refusal_reported(str(file), reports):
            workshops.append(load(file, options))
    if codes:
        return codes
    for index, workshop in enumerate(workshops):
        if index > 0:
            click.echo()
        with noting_errors(codes):
            codes.append(play(workshop, options, os.environ, reports))
        if codes[-1] is ExitCode.INTERRUPTED:
            break
    return codes
