"""`meshpeek migrate`: older forms of annotations and settings, rewritten."""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from meshpeek.cli.options import FILES
from meshpeek.cli.secrecy import mask_text, remember_file
from meshpeek.cli.workshops import noting_errors, rewrite
from meshpeek.errors import ExitCode, worst_of
from meshpeek.workshop.loading import read_text
from meshpeek.workshop.migration import migrate


@click.command()
@FILES
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if there is anything to.")
@click.option("--diff", is_flag=True, help="Change nothing; print the changes.")
def command(files: tuple[Path, ...], check: bool, diff: bool) -> None:
    """Rewrite the older forms in each FILE, so that neither demosh nor GitHub shows them.

    Annotations become `<!-- @# meshpeek: … -->`, and settings in front matter become a comment.
    Nothing else is changed. What cannot be rewritten is a warning.

    Exit codes: 0; 1 if `--check` finds anything to rewrite; 2 for a workshop that is wrong.
    """
    codes: list[ExitCode] = []
    for file in files:
        with noting_errors(codes):
            remember_file(file)
            text = read_text(str(file))
            migration = migrate(text, str(file), read_text)
            for problem in migration.left:
                click.echo(f"{problem.without(mask_text).render()}\n", err=True)
            if migration.text == text:
                click.echo(f"{file}: nothing to rewrite")
                continue
            if diff:
                click.echo(mask_text(_difference(file, text, migration.text)), nl=False)
            elif not check:
                rewrite(file, migration.text)
                click.echo(f"{file}: rewritten")
            if check:
                click.echo(f"{file}: has older forms", err=diff)
                codes.append(ExitCode.STEP_FAILED)
    raise SystemExit(worst_of(codes))


def _difference(file: Path, before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), str(file), str(file)
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
