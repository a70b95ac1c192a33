"""`meshpeek handout`: the document with the outputs of a run, to give away or to keep."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

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
from meshpeek.cli.workshops import load, rewrite
from meshpeek.errors import ExitCode, InputError
from meshpeek.run.settings import RunSettings
from meshpeek.sinks.handouts.outcomes import Outcomes
from meshpeek.sinks.reports.incremental.double_buffered_file import open_output
from meshpeek.sinks.reports.registry import ReportPaths, open_reports, refusing_unwritable
from meshpeek.workshop.loading import read_text
from meshpeek.workshop.model import Mode, Workshop

SUFFIX = ".handout.md"
_PAGES = (".html", ".htm")


@click.command()
@FILE
@ARGUMENTS
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Where to write it; a name that ends in .html gets a page, any other one Markdown.  "
    f"[default: FILE with {SUFFIX} for its suffix]",
)
@click.option(
    "--with-output",
    is_flag=True,
    help="Write the outputs into FILE itself, below its blocks of commands.",
)
@REHEARSE
@SEALED
@TIMEOUT
@SIZE
@STAND_INS
@NO_INIT
@takes_settings(Mode.CI, stop_on_failure=True)
def command(file: Path, settings: RunSettings, output: Path | None, with_output: bool) -> None:
    """Run FILE as `ci` does, and write it with the outputs of its commands.

    Nothing is written when a step fails.
    """
    if with_output:
        if output:
            raise click.UsageError("--with-output writes into FILE itself: leave out --output")
        raise SystemExit(_write_back(file, settings))
    path = output or file.with_suffix(SUFFIX)
    if path.resolve() == file.resolve():
        raise InputError(
            f"{path} is the workshop itself",
            hint="name another file, or write the outputs into it: --with-output",
        )
    with refusing_unwritable(path):
        target = open_output(path)
    with contextlib.closing(target):
        text = read_text(str(file))
        outcomes, code = _run(file, settings)
        if outcomes.workshop and outcomes.is_complete:
            target.add(_compose(path, text, outcomes.workshop, outcomes).encode(errors="replace"))
            target.publish(b"")
            click.echo(f"written: {path}")
        else:
            click.echo(f"{path} is unchanged: not every step passed")
    raise SystemExit(code)


def _run(file: Path, settings: RunSettings) -> tuple[Outcomes, ExitCode]:
    outcomes = Outcomes()
    with open_reports(ReportPaths(), [("the handout", outcomes)]) as reports:
        return outcomes, play(load(file, settings), settings, reports)


def _compose(path: Path, text: str, workshop: Workshop, outcomes: Outcomes) -> str:
    if path.suffix.lower() in _PAGES:
        from meshpeek.sinks.handouts.html_handout import html_handout

        return html_handout(text, workshop, outcomes)
    from meshpeek.sinks.handouts.markdown_handout import markdown_handout

    return markdown_handout(text, workshop, outcomes)


def _write_back(file: Path, settings: RunSettings) -> ExitCode:
    if file.suffix.lower() != ".md":
        raise InputError(f"{file} is not Markdown", hint="--with-output needs a file named .md")
    from meshpeek.sinks.handouts.written_back import write_back

    text = read_text(str(file))
    outcomes, code = _run(file, settings)
    if outcomes.workshop is None or not outcomes.is_complete:
        click.echo(f"{file} is unchanged: not every step passed")
        return code
    written = write_back(text, outcomes.workshop, outcomes)
    if written.changed:
        rewrite(file, written.text)
    blocks = "1 block" if written.changed == 1 else f"{written.changed} blocks"
    click.echo(
        f"{file}: {blocks} of output written" if written.changed else f"{file} is up to date"
    )
    return code
