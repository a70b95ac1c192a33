"""`meshpeek doctor`: whether this machine is fit for a workshop."""

from __future__ import annotations

import os
from pathlib import Path

import click

from meshpeek.cli.options import NO_INIT, REHEARSE
from meshpeek.cli.secrecy import mask_text
from meshpeek.cli.workshops import load
from meshpeek.errors import ExitCode
from meshpeek.run.settings import RunSettings
from meshpeek.session.environment_checks import CheckStatus, run_checks
from meshpeek.workshop.model import Mode

_COLOURS = {CheckStatus.OK: "green", CheckStatus.NOTE: "yellow", CheckStatus.FAULT: "red"}


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@REHEARSE
@NO_INIT
def command(file: Path | None, rehearse: bool, clusters: tuple[str, ...], startup: bool) -> None:
    """Check this machine before anything runs: tools, versions, the clusters of FILE.

    Exit codes: 0 if nothing is missing, 2 for a wrong workshop, 3 for a fault.
    """
    settings = RunSettings(Mode.PRESENT, rehearse=rehearse, clusters=clusters, startup=startup)
    workshop = load(file, settings) if file else None
    code = ExitCode.PASSED
    for result in run_checks(workshop, os.environ, rehearse=rehearse):
        status = f"{result.status:<6}"
        if not os.environ.get("NO_COLOR"):  # no-color.org
            status = click.style(status, fg=_COLOURS[result.status])
        click.echo(f"{status} {mask_text(result.message)}")
        if result.hint:
            click.echo(f"       hint: {mask_text(result.hint)}")
        if result.status is CheckStatus.FAULT:
            code = ExitCode.UNFIT_ENVIRONMENT
    raise SystemExit(code)
