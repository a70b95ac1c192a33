"""`meshpeek mutate`: whether a workshop notices what is wrong in it."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import click

from meshpeek.cli.options import FILE
from meshpeek.cli.pipelines.mutation_runs.findings import (
    Finding,
    Judge,
    describe,
    findings_document,
    share_noticed,
)
from meshpeek.cli.pipelines.mutation_runs.forked import run_forked
from meshpeek.cli.pipelines.mutation_runs.trial import SETTINGS, Trial, run_trial
from meshpeek.cli.workshops import load
from meshpeek.errors import ExitCode, InputError
from meshpeek.session.private_folder import private_folder
from meshpeek.session.scratch import scratch_copy
from meshpeek.workshop.loading import read_text
from meshpeek.workshop.model import Workshop
from meshpeek.workshop.mutations import Mutation, choose, manifests_of, mutate

_PATIENCE_SECONDS = 180.0
_PATIENCE = 6
"""How many times as long a run may take as one without a mutation."""


@click.command()
@FILE
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    show_default="one for each processor",
    help="How many rehearsals to run at a time.",
)
@click.option(
    "--most",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="How many mutations to try, of each kind about as many; always the same ones.",
)
@click.option("--kinds", help="Which kinds to try, with commas between them: label,port,weight …")
@click.option(
    "--at-least",
    type=click.FloatRange(0, 100),
    default=100.0,
    show_default=True,
    metavar="PERCENT",
    help="How many of those that somebody could see have to be noticed, to exit with 0.",
)
@click.option("--all", "everything", is_flag=True, help="List those that were noticed, too.")
@click.option("--list", "listing", is_flag=True, help="Run nothing: list the mutations.")
@click.option("--json", "document", type=click.Path(path_type=Path), help="Write all as JSON.")
def command(
    file: Path,
    jobs: int,
    most: int,
    kinds: str | None,
    at_least: float,
    everything: bool,
    listing: bool,
    document: Path | None,
) -> None:
    """Break FILE and its manifests in typical ways, one at a time, and see who notices.

    Each mutation runs in a rehearsal, in a copy of the workshop's folder. What no step noticed is
    listed with the step that should have.
    """
    workshop = load(file, SETTINGS)
    chosen = choose(_mutations(workshop, kinds), most)
    if listing:
        for each in chosen:
            click.echo(f"{each.path}:{each.line}: {each.kind}: {each.change}")
        return
    with scratch_copy(file.parent) as folder:
        findings = _try_all(file, folder, workshop, chosen, jobs)
    if document:
        document.write_text(findings_document(findings) + "\n", encoding="utf-8")
    for line in describe(findings, everything=everything):
        click.echo(line)
    is_enough = share_noticed(findings) >= at_least
    raise SystemExit(ExitCode.PASSED if is_enough else ExitCode.STEP_FAILED)


def _mutations(workshop: Workshop, kinds: str | None) -> list[Mutation]:
    """Return the mutations of a workshop, of certain kinds. Raises InputError if there are none."""
    root = Path(workshop.path).parent
    scripts = dict.fromkeys([workshop.path, *(step.span.path for step in workshop.steps)])
    files = [file for path in manifests_of(workshop) for file in _yaml_files(root, path)]
    found = list(
        mutate(
            workshop,
            {path: read_text(path) for path in scripts if not path.startswith("<")},
            {path: read_text(path) for path in dict.fromkeys(files)},
        )
    )
    known = sorted({each.kind for each in found})
    if kinds:
        wanted = kinds.split(",")
        found = [each for each in found if each.kind in wanted]
    if not found:
        raise InputError(
            f"{workshop.path}: no mutation to try",
            hint=f"the kinds here are {', '.join(known)}" if known else "it runs no command",
        )
    return found


def _yaml_files(root: Path, path: str) -> Iterator[str]:
    """Yield the YAML files that `path`, relative to `root` or to here, stands for."""
    for place in (root / path, Path(path)):
        if place.is_dir():
            yield from (str(file) for file in sorted(place.glob("*.y*ml")))
        elif place.is_file():
            yield str(place)
        else:
            continue
        return


def _try_all(
    file: Path, folder: Path, workshop: Workshop, mutations: Sequence[Mutation], jobs: int
) -> list[Finding]:
    """Run all trials. Raises InputError if the workshop fails as it is."""
    root = file.parent.resolve()
    with private_folder(Path(tempfile.gettempdir())) as place:
        task = functools.partial(_try, file.name, folder, root, place)
        plain = [functools.partial(task, None, number, {}) for number in (0, 1)]
        first, again = (trial for _, trial in run_forked(plain, jobs, _PATIENCE_SECONDS))
        for trial in (first, again):
            _require_passed(file, trial)
        assert first  # noqa: S101  # it has passed
        assert again  # noqa: S101
        judge = Judge(first, again, workshop.front_matter.normalise)
        allowed = {step.text: max(step.seconds, 0.0) for step in first.steps}
        patience = max(_PATIENCE_SECONDS, _PATIENCE * first.seconds)
        tasks: list[Callable[[], Trial]] = [
            functools.partial(task, mutation, number, allowed)
            for number, mutation in enumerate(mutations, 2)
        ]
        trials: dict[int, Trial | None] = {}
        with contextlib.closing(run_forked(tasks, jobs, patience)) as running:
            for index, trial in running:
                trials[index] = trial
                _show_progress(len(trials), len(tasks))
    return [judge.judge(mutation, trials[index]) for index, mutation in enumerate(mutations)]


def _require_passed(file: Path, trial: Trial | None) -> None:
    if trial is None:
        raise InputError(f"{file} does not end when nothing is wrong in it")
    if not trial.passed:
        failed = (step for step in trial.steps if not step.passed)
        why = trial.error or next(
            f"{step.path}:{step.line}: {'; '.join(step.reasons)}" for step in failed
        )
        raise InputError(
            f"{file} fails as it is: {why.removeprefix('error: ')}",
            hint=f"make `meshpeek ci --rehearse {file}` pass first",
        )


def _try(
    name: str,
    folder: Path,
    root: Path,
    place: Path,
    mutation: Mutation | None,
    number: int,
    allowed: Mapping[str, float],
) -> Trial:
    """Run a mutation (None: nothing is wrong) in a copy of `folder`, which is a copy of `root`."""
    copy = place / str(number) / folder.name
    try:
        shutil.copytree(folder, copy, symlinks=True)
        if mutation:
            changed = Path(mutation.path).resolve().relative_to(root)
            (copy / changed).write_text(mutation.text, encoding="utf-8")
        return run_trial(copy, name, allowed)
    finally:
        os.chdir("/")
        shutil.rmtree(place / str(number), ignore_errors=True)


def _show_progress(done: int, count: int) -> None:
    if sys.stderr.isatty():
        told = f"{done} of {count}" if done < count else ""
        print(f"{told:<20}", end="\r", file=sys.stderr, flush=True)
