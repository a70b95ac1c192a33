"""Arguments and options that several commands take, in the same words."""

from __future__ import annotations

from pathlib import Path

import click

from meshpeek.arguments import Duration

FILE = click.argument("file", type=click.Path(path_type=Path))
FILES = click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
ARGUMENTS = click.argument("arguments", nargs=-1)
REHEARSE = click.option(
    "--rehearse", is_flag=True, help="Use embedded clusters; no real one is touched."
)
TIMEOUT = click.option(
    "--timeout", type=Duration(), help="How long a command may take that does not say so itself."
)
NO_INIT = click.option("--no-init", is_flag=True, help="Read no start-up file (.demoshrc).")
EVENTS = click.option(
    "--events", type=click.Path(path_type=Path), help="Write what happens to a file, as JSON lines."
)
