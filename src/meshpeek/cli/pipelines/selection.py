"""Which of the named workshops run: those that failed, those that changed, a share of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from meshpeek.cli.options import CommandFunction, gathered
from meshpeek.errors import InputError
from meshpeek.run.events import Event, RunRefused, WorkshopSkipped
from meshpeek.run.step_choice import Choice
from meshpeek.workshop.model import Command, Workshop

if TYPE_CHECKING:
    from meshpeek.cli.pipelines.workshop_history import WorkshopHistory

_WORD = re.compile(r"[^\s'\"=|;&<>()`,]+")

Take = Callable[[Event], None]


class Share(NamedTuple):
    """A share of the workshops: `number` of `total`, from 1."""

    number: int
    total: int

    @classmethod
    def parse(cls, text: str) -> Share | None:
        """Return the share that `3/10` means, None if it means none."""
        found = re.fullmatch(r"(\d+)/(\d+)", text)
        share = cls(int(found[1]), int(found[2])) if found else None
        return share if share and 1 <= share.number <= share.total else None


class _ShareType(click.ParamType[Share]):
    name = "k/n"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> Share:
        share = Share.parse(value)
        if share is None:
            self.fail(f"invalid shard `{value}`; write 3/10 for the third of ten", param, ctx)
        return share


class WorkshopSelection(NamedTuple):
    """What the command line says about which workshops run; `history` is the file for it."""

    last_failed: bool = False
    since: str | None = None
    shard: Share | None = None
    history: Path | None = None

    @property
    def needs_history(self) -> bool:
        """Whether the last runs decide."""
        return self.last_failed or self.shard is not None or self.history is not None


def select(
    workshops: Sequence[Workshop],
    selection: WorkshopSelection,
    choice: Choice | None,
    history: WorkshopHistory | None,
    take: Take,
) -> list[Workshop]:
    """Return the workshops that run; tell `take` of the others.

    Raises InputError if `choice` chooses nothing in any, or git does not know `since`.
    """
    reasons: dict[int, str] = {}
    if selection.last_failed and history:
        reasons |= _passed_last_time(workshops, history)
    if selection.since is not None:
        reasons |= _untouched(workshops, selection.since)
    if choice is not None:
        rest = [each for each in workshops if id(each) not in reasons]
        reasons |= _without_choice(rest, choice, take)
    for workshop in workshops:
        if id(workshop) in reasons:
            take(WorkshopSkipped(workshop.path, reasons[id(workshop)]))
    return [workshop for workshop in workshops if id(workshop) not in reasons]


def in_shard(
    workshops: Sequence[Workshop], selection: WorkshopSelection, history: WorkshopHistory | None
) -> list[Workshop]:
    """Return the workshops of the shard that runs: all, if there are no shards."""
    share_of = selection.shard
    if share_of is None or history is None:
        return list(workshops)
    paths = {id(workshop): workshop.path for workshop in workshops}
    chosen = set(shares_of(list(paths.values()), share_of.total, history)[share_of.number - 1])
    found = [workshop for workshop in workshops if workshop.path in chosen]
    click.echo(
        f"shard {share_of.number}/{share_of.total}: {len(found)} of {len(workshops)} workshops"
    )
    return found


def shares_of(paths: Sequence[str], count: int, history: WorkshopHistory) -> list[list[str]]:
    """Return the paths of each of `count` shards, by the time that each workshop took last."""
    from meshpeek.cli.pipelines.workshop_history import share

    seconds = {path: run.seconds for path in paths if (run := history.last(path)) and run.seconds}
    return [share(paths, seconds, number, count) for number in range(1, count + 1)]


def _passed_last_time(workshops: Sequence[Workshop], history: WorkshopHistory) -> dict[int, str]:
    """Return why workshops that passed last time do not run; if none failed, all do."""
    failed = [w for w in workshops if (run := history.last(w.path)) and not run.passed]
    if not failed:
        click.echo("no workshop failed last time: all run")
        return {}
    return {
        id(workshop): "passed last time (--last-failed)"
        for workshop in workshops
        if not any(workshop is each for each in failed)
    }


def _untouched(workshops: Sequence[Workshop], ref: str) -> dict[int, str]:
    """Return why workshops do not run that nothing concerns that changed since `ref`."""
    from meshpeek.workshop.git_files import changed_since

    changed = changed_since(Path(), ref)
    if changed is None:
        raise InputError(
            f"git does not know what changed since {ref}",
            hint="name a commit, branch or tag of this repository; in CI, fetch its history",
        )
    return {
        id(workshop): f"not touched since {ref}"
        for workshop in workshops
        if not any(
            file == place or place in file.parents
            for place in set(_places_of(workshop))
            for file in changed
        )
    }


def _places_of(workshop: Workshop) -> Iterator[Path]:
    """Yield the files that a workshop is made of, and the files and folders that it names."""
    yield from (Path(file).resolve() for file in workshop.files)
    root = Path(workshop.path).parent
    words = {
        word
        for step in workshop.steps
        if isinstance(step, Command)
        for word in _WORD.findall(step.text)
    }
    for cluster in workshop.front_matter.rehearsal.values():
        words.update(cluster.get("manifests", ()))
    for word in words:
        for place in (root / word, Path(word)):
            # What is missing may have been removed since.
            if place.exists() or "/" in word:
                yield place.resolve()


def _without_choice(workshops: Sequence[Workshop], choice: Choice, take: Take) -> dict[int, str]:
    """Return why workshops do not run in which nothing is chosen. Raises if that is all of them."""
    chosen: list[Workshop] = []
    errors: list[InputError] = []
    for workshop in workshops:
        try:
            if choice.chooses(workshop):
                chosen.append(workshop)
        except InputError as error:  # one of several may have no such section
            errors.append(error)
    if workshops and not chosen:
        refusal = InputError(
            f"no command is chosen by {choice.told}",
            hint="`meshpeek steps FILE` lists names, tags and sections",
        )
        refusal = errors[0] if errors else refusal
        for workshop in workshops:
            take(RunRefused(workshop.path, refusal.render()))
        raise refusal
    return {
        id(workshop): f"nothing is chosen by {choice.told}"
        for workshop in workshops
        if not any(workshop is each for each in chosen)
    }


_OPTIONS: tuple[Callable[[CommandFunction], CommandFunction], ...] = (
    click.option(
        "--last-failed",
        is_flag=True,
        help="Run only workshops that failed last time; all, if none did.",
    ),
    click.option(
        "--since",
        metavar="REF",
        help="Run only workshops touched since this commit: the files that they are made of, their "
        "manifests, and the files that they name.",
    ),
    click.option(
        "--shard",
        type=_ShareType(),
        help="Run this share of the workshops (3/10: the third of ten), by their last durations.",
    ),
    click.option(
        "--history",
        type=click.Path(path_type=Path),
        help="Where outcomes and durations are kept.  [default: a file for this folder in your "
        "state directory]",
    ),
)


def takes_selection(command: CommandFunction) -> CommandFunction:
    """Give a command the options that select workshops, as one argument, `selection`."""
    command = gathered("selection", WorkshopSelection._fields, WorkshopSelection)(command)
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
