"""Arguments and options that several commands take, in the same words."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from meshpeek.cli.arguments import Duration
from meshpeek.errors import InputError
from meshpeek.sinks.reports.registry import ReportPaths

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
FROM = click.option(
    "--from",
    "address",
    metavar="STEP",
    help="Begin there: a step's number or name, FILE:LINE, or a section's title.",
)
SETUP = click.option(
    "--setup", is_flag=True, help="With --from: first run the hidden steps that precede it."
)


_REPORTS = {
    "events": "Write what happens to a file as JSON lines, while it happens.",
    "junit": "Write a report that CI servers read: JUnit XML.",
    "json": "Write all that is known of the run as one JSON document.",
    "html": "Write the run as a page for people: text, commands, output, verdicts.",
    "cast": "Record the run for asciinema (asciicast v2).",
}


def takes_reports(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that ask for reports, as one argument, `reports`."""

    @functools.wraps(command)
    def with_reports(**values: Any) -> None:  # noqa: ANN401  # click's
        paths = ReportPaths(**{name: values.pop(name) for name in _REPORTS})
        given = [path.resolve() for path in paths if path and not path.is_relative_to("/dev")]
        for path in given:
            if given.count(path) > 1:
                raise InputError(
                    f"two reports cannot both go to {path}", hint="name a file for each"
                )
        command(**values, reports=paths)

    for name, meaning in reversed(_REPORTS.items()):
        option = click.option(f"--{name}", type=click.Path(path_type=Path), help=meaning)
        with_reports = option(with_reports)
    return with_reports
