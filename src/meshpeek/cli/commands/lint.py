"""`meshpeek lint`: errors and pitfalls in workshops."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import click

from meshpeek.cli.options import FILES, NO_INIT
from meshpeek.cli.secrecy import mask_text, remember_file
from meshpeek.cli.workshops import lint_file, noting_errors, rewrite
from meshpeek.errors import ExitCode, worst_of
from meshpeek.workshop.linting.fixes import apply_fixes
from meshpeek.workshop.loading import find_startup, read_text
from meshpeek.workshop.problems import Problem


@click.command()
@FILES
@NO_INIT
@click.option("--fix", is_flag=True, help="Mend what can safely be mended, in the file.")
@click.option(
    "--for",
    "reader",
    type=click.Choice(["demosh"]),
    help="Find what this reader of the document would show, too.",
)
@click.option("--strict", is_flag=True, help="Find commands that pass whatever they print, too.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    show_default=True,
    help="How to print what is found: for people, or all of it for a program.",
)
def command(
    files: tuple[Path, ...],
    startup: bool,
    fix: bool,
    reader: str | None,
    strict: bool,
    form: str,
) -> None:
    """Report errors and pitfalls in each FILE; run nothing.

    Each warning has a code. `<!-- @# meshpeek: allow CODE -->` switches it off up to the end of the
    next fence, and `lint: {off: [CODE]}` in the settings for the file.

    Exit codes: 0 for none, 1 for warnings, 2 for errors.
    """
    startup_files = find_startup(None) if startup else ()
    codes: list[ExitCode] = []
    everything: list[Problem] = []
    read = functools.partial(
        lint_file, startup=startup_files, for_demosh=reader == "demosh", strict=strict
    )
    for file in files:
        with noting_errors(codes):
            problems = read(file)
            if fix and _mend(file, problems):
                problems = read(file)
            remember_file(file)
            for problem in problems:
                shown = problem.without(mask_text)
                everything.append(shown)
                if form == "text":
                    click.echo(f"{shown.render()}\n")
                code = ExitCode.STEP_FAILED if problem.is_warning else ExitCode.WRONG_INPUT
                codes.append(code)
    if form != "text":
        from meshpeek.cli.pipelines.finding_formats import FORMATS

        click.echo(FORMATS[form](everything))
    raise SystemExit(worst_of(codes))


def _mend(file: Path, problems: Sequence[Problem]) -> bool:
    """Mend what is safe in a file; tell whether there was anything."""
    text, count = apply_fixes(read_text(str(file)), str(file), problems)
    if count:
        rewrite(file, text)
        click.echo(f"{file}: {count} finding{'s' if count > 1 else ''} mended\n")
    return count > 0
