"""`meshpeek ci`: workshops as tests."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from meshpeek.arguments import FilesThenArguments
from meshpeek.commands.options import EVENTS, FILES, NO_INIT, REHEARSE, TIMEOUT
from meshpeek.commands.workshops import load, noting_errors
from meshpeek.errors import ExitCode
from meshpeek.model import Mode, Workshop
from meshpeek.play import Options, play, worst_of


@click.command(cls=FilesThenArguments)
@FILES
@REHEARSE
@EVENTS
@TIMEOUT
@NO_INIT
@click.option("--keep-going", is_flag=True, help="Run the rest when a step has failed.")
def command(
    files: tuple[Path, ...],
    arguments: tuple[str, ...],
    rehearse: bool,
    events: Path | None,
    timeout: float | None,
    no_init: bool,
    keep_going: bool,
) -> None:
    """Replay each FILE headless and judge every step; stop a workshop at the first that fails.

    The workshops run one after the other, each in a session of its own.
    """
    options = Options(
        Mode.CI,
        rehearse,
        stop_on_failure=not keep_going,
        timeout=timeout,
        events=events,
        arguments=arguments,
        startup=not no_init,
    )
    raise SystemExit(_play_all(files, options))


def _play_all(files: Sequence[Path], options: Options) -> ExitCode:
    """Play several workshops, once all of them have been read; return the worst code."""
    workshops: list[Workshop] = []
    codes: list[ExitCode] = []
    for file in files:
        with noting_errors(codes):
            workshops.append(load(file, options))
    if not codes:
        for index, workshop in enumerate(workshops):
            if index > 0:
                click.echo()
            with noting_errors(codes):
                codes.append(play(workshop, options._replace(append=index > 0), os.environ))
            if codes[-1] is ExitCode.INTERRUPTED:
                break
    return worst_of(codes)
