"""`meshpeek steps`: the steps of a workshop."""

from __future__ import annotations

import os
from pathlib import Path

import click

from meshpeek.cli.options import FILE, NO_INIT
from meshpeek.cli.secrecy import hiding_secrets, masker_for
from meshpeek.cli.workshops import known_installations
from meshpeek.run.masked import mask_workshop
from meshpeek.workshop.listing import list_steps, steps_document
from meshpeek.workshop.loading import find_startup, load_workshop


@click.command()
@FILE
@NO_INIT
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a list to read.")
def command(file: Path, startup: bool, as_json: bool) -> None:
    """List the steps of FILE; run nothing."""
    home = os.environ.get("HOME")
    with hiding_secrets(file):
        workshop = load_workshop(
            file,
            os.environ,
            startup=find_startup(home) if startup else (),
            installations=known_installations,
        )
    workshop = mask_workshop(workshop, masker_for(workshop))
    click.echo(steps_document(workshop) if as_json else list_steps(workshop))
