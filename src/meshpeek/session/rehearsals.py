"""What a workshop's rehearsal holds, and starting its clusters for a session."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from meshpeek.errors import EnvironmentUnfitError, InputError, MeshpeekError
from meshpeek.rehearsal import ClusterSeed, Keeping, RehearsalError, equip, start
from meshpeek.session.kubeconfig import current_context
from meshpeek.workshop.bash import read_command, unquote
from meshpeek.workshop.cluster_access.cluster_names import (
    ClusterNames,
    find_cluster_names,
    find_files,
)
from meshpeek.workshop.loading import load_workshop, read_text
from meshpeek.workshop.model import Command, Context, Workshop
from meshpeek.workshop.parse.setting_blocks.front_matter_keys import COLOURS

if TYPE_CHECKING:
    from meshpeek.rehearsal import Equipment
    from meshpeek.session.session import Persistence

DEFAULT_CONTEXT = "default"
"""The context of a rehearsal of a workshop that names none."""

_ASSIGNMENT = re.compile(r"\w+\+?=")
_RUNS_ITS_ARGUMENTS = frozenset(
    {"bash", "command", "env", "eval", "exec", "nohup", "sh", "sudo", "timeout", "watch", "xargs"}
)


@contextlib.contextmanager
def start_rehearsal(
    workshop: Workshop,
    variables: Mapping[str, str],
    directory: Path,
    persistence: Persistence | None = None,
    *,
    shows_pages: bool = True,
) -> Iterator[Equipment]:
    """Start the embedded clusters that `workshop` asks for; yield what a session on them has.

    `variables` are the session's so far, and `directory` is its own. Without `persistence`, the
    clusters cannot be resumed. `shows_pages`: a browser can open what they serve. Raises InputError
    if the workshop names manifests that do not exist, EnvironmentUnfitError if that cannot be
    started.
    """
    seeds = read_seeds(workshop)
    keeping = None
    if persistence:
        keeping = Keeping(persistence.clusters, resume=persistence.resumed is not None)
    try:
        with start(seeds, log=directory / "clusters.log", keeping=keeping) as clusters:
            pages = tuple(page for page in clusters.pages if page.is_open)
            current = current_context(clusters.servers, workshop.front_matter.current)
            yield equip(
                directory,
                clusters.servers,
                variables,
                pages,
                current,
                control=clusters.control,
                shows_pages=shows_pages,
            )
    except RehearsalError as error:
        kind = InputError if error.is_input else EnvironmentUnfitError
        raise kind(error.message, hint=error.hint) from error


def with_rehearsed_contexts(workshop: Workshop, chosen: Sequence[str] = ()) -> Workshop:
    """Return `workshop` with the contexts of its rehearsal, if it lists none.

    They are the `chosen` ones, or those that its commands name and do not make themselves, in
    scripts and workshops that they run, too; with none of these, one that is called `default`.
    """
    front_matter = workshop.front_matter
    if front_matter.contexts and not chosen:
        return workshop
    names = tuple(chosen)
    if not names:
        found = _names_in_commands(workshop)
        names = found.needed or (() if found.makes_clusters else (DEFAULT_CONTEXT,))
    contexts = tuple(map(Context, names, cycle(COLOURS)))
    return workshop.replace(front_matter=front_matter.replace(contexts=contexts))


def _names_in_commands(workshop: Workshop, read: frozenset[Path] = frozenset()) -> ClusterNames:
    """Return the clusters in the commands of `workshop`, and of the files that they run.

    Files in `read` are left out: they run this one.
    """
    text = "\n".join(step.text for step in workshop.steps if isinstance(step, Command))
    path = Path(workshop.path)
    return _names_in(text, path.parent, read | {path})


def _names_in(text: str, folder: Path, read: frozenset[Path]) -> ClusterNames:
    names = find_cluster_names(text)
    for word in find_files(text, (".sh", ".md")):
        path = folder / word
        if path not in read and path.is_file():
            with contextlib.suppress(MeshpeekError):  # the run says what is wrong with it
                names = names.joined(_names_in_file(path, folder, read))
    return names


def _names_in_file(path: Path, folder: Path, read: frozenset[Path]) -> ClusterNames:
    if path.suffix == ".sh":
        return _names_in(read_text(str(path)), folder, read | {path})
    workshop = load_workshop(path, {})
    if contexts := workshop.front_matter.contexts:
        return ClusterNames(tuple(context.name for context in contexts))
    return _names_in_commands(workshop, read)


def read_seeds(workshop: Workshop) -> dict[str, ClusterSeed]:
    """Return what each of the workshop's clusters holds in a rehearsal, by context.

    Raises InputError if the workshop names manifests that do not exist.
    """
    front_matter = workshop.front_matter
    root = Path(workshop.path).parent
    commands = _commands_by_context(workshop)
    seeds = {}
    missing: list[str] = []
    for context in front_matter.contexts:
        wanted = front_matter.rehearsal.get(context.name) or {}
        manifests = tuple(root / path for path in wanted.get("manifests") or ())
        missing += [str(path) for path in manifests if not path.exists()]
        install = wanted.get("install", front_matter.install)
        seeds[context.name] = ClusterSeed(
            manifests=manifests,
            links=tuple(wanted.get("links") or ()),
            install=None if install is None else tuple(install),
            commands=commands[context.name],
        )
    if missing:
        raise InputError(
            f"{workshop.path} rehearses with manifests that do not exist: {', '.join(missing)}",
            hint="correct their paths in its settings; they are relative to the workshop",
        )
    return seeds


def _commands_by_context(workshop: Workshop) -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """Return the words of the commands that are run on each cluster.

    A step that names no context may mean any of them.
    """
    names = [context.name for context in workshop.front_matter.contexts]
    found: dict[str, dict[tuple[str, ...], None]] = {name: {} for name in names}
    for step in workshop.steps:
        if not isinstance(step, Command):
            continue
        commands = dict.fromkeys(_simple_commands(step.text))
        for name in step.contexts or names:
            found.get(name, {}).update(commands)
    return {name: tuple(commands) for name, commands in found.items()}


def _simple_commands(text: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of each simple command, without those that only the shell knows.

    Of one that runs another, all that it may run: its options are not known here.
    """
    while text := text.strip():
        command = read_command(text, 0)
        for written in command.commands:
            words = tuple(word for word in map(unquote, written) if word)
            while words and _ASSIGNMENT.match(words[0]):
                words = words[1:]
            if not words:
                continue
            yield words
            if words[0] in _RUNS_ITS_ARGUMENTS:
                for index, word in enumerate(words[1:], 1):
                    yield from _simple_commands(word) if " " in word else (words[index:],)
        text = text[command.end :]
