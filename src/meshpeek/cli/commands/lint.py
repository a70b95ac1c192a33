"""`meshpeek lint`: errors and pitfalls in workshops."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from meshpeek.cli.options import FILES, NO_INIT
from meshpeek.cli.secrecy import mask_text, remember_file
from meshpeek.cli.workshops import known_installations, noting_errors
from meshpeek.errors import ExitCode, worst_of
from meshpeek.workshop.lint_rules import lint
from meshpeek.workshop.loading import find_startup, read_text


@click.command()
@FILES
@NO_INIT
def command(files: tuple[Path, ...], startup: bool) -> None:
    """Report errors and pitfalls in each FILE; run nothing.

    Exit codes: 0 for none, 1 for warnings, 2 for errors.
    """
    startup_files = find_startup(None) if startup else ()
    codes: list[ExitCode] = []
    for file in files:
        with noting_errors(codes):
            problems = lint(
                read_text(str(file)),
                str(file),
                read_text,
                installations=known_installations,
                is_command=lambda word: shutil.which(word) is not None,
                startup=startup_files,
            )
            remember_file(file)
            for problem in problems:
                click.echo(f"{problem.without(mask_text).render()}\n")
                code = ExitCode.STEP_FAILED if problem.is_warning else ExitCode.WRONG_INPUT
                codes.append(code)
    raise SystemExit(worst_of(codes))
