"""Opening a session: its folder, its environment, its clusters and its bash."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from meshpeek.errors import EnvironmentUnfitError
from meshpeek.session.editor import ScriptedEditor
from meshpeek.session.guard.kubeconfig_watch import KubeconfigWatch
from meshpeek.session.guard.wrappers import install_wrappers, without_wrappers
from meshpeek.session.nested import (
    OUTER_REHEARSAL,
    OuterRehearsal,
    ServedPage,
    read_outer_rehearsal,
    write_launcher,
)
from meshpeek.session.private_folder import private_folder, remade_private_folder
from meshpeek.session.shell.shell import Shell
from meshpeek.session.shell.shell_settings import ShellSettings
from meshpeek.session.shell.state import Restoration
from meshpeek.session.stand_ins import stand_in
from meshpeek.workshop.model import Command, Workshop

_OF_THE_OUTER_TERMINAL = ("LINES", "COLUMNS", "PROMPT_COMMAND", "PS1", "BASH_ENV")
_OWN_NAME = re.compile(r"\$\{?0")


class ResumedSession(NamedTuple):
    """A session to resume: the folder that it had, and the state of its bash."""

    folder: Path
    restoration: Restoration


class Persistence(NamedTuple):
    """Where a session saves what it can be resumed from, and the one that it resumes, if any.

    `states` is a folder for bash's state, and `clusters` a file for rehearsal clusters.
    """

    states: Path
    clusters: Path
    resumed: ResumedSession | None = None


class Session(NamedTuple):
    """What a run works with. `contexts` are those of its own kubeconfig, None if it has none.

    `folder` is the session's own, and `environment` what its bash is started with. `pages` are
    those that a rehearsal serves. `guard` sees whether commands can still reach no other clusters,
    None if they may reach any.
    """

    shell: Shell
    editor: ScriptedEditor
    contexts: tuple[str, ...] | None
    folder: Path
    environment: Mapping[str, str]
    pages: tuple[ServedPage, ...] = ()
    guard: KubeconfigWatch | None = None


@contextlib.contextmanager
def open_session(
    workshop: Workshop,
    environment: Mapping[str, str],
    bash: ShellSettings,
    *,
    rehearse: bool,
    sealed: bool = False,
    nested: Sequence[str],
    persistence: Persistence | None = None,
) -> Iterator[Session]:
    """Open a session for `workshop`, and end all that belongs to it afterwards.

    `environment` is the caller's. `bash` gets a name, and what `persistence` says; without a
    keyboard in it, stand-ins take the place of programs that need a person (see `stand_ins`).
    `sealed`: the rehearsal is in a network of its own, where no browser finds its pages.
    `nested` are the arguments that `$SHELL FILE` gives to meshpeek before the file. Without
    `persistence`, the session cannot be resumed. Raises EnvironmentUnfitError if something is
    missing.
    """
    with contextlib.ExitStack() as stack:
        resumed = persistence.resumed if persistence else None
        directory = stack.enter_context(_folder(resumed))
        editor = ScriptedEditor(directory)
        contexts = tuple(context.name for context in workshop.front_matter.contexts) or None
        is_guarded = rehearse or contexts is not None
        variables = _own_environment(workshop, environment)
        outer = variables.pop(OUTER_REHEARSAL, None)
        rehearsal = read_outer_rehearsal(outer) if outer else None
        if is_guarded:
            variables["PATH"] = without_wrappers(variables.get("PATH", os.defpath))
        if rehearse and rehearsal is None:
            rehearsal = stack.enter_context(
                _start_clusters(workshop, variables, directory, persistence, sealed=sealed)
            )
        else:
            _scope_clusters(workshop, variables, directory, rehearsal)
        if workshop.front_matter.requires:
            from meshpeek.session.tools import check_tools

            check_tools(workshop.front_matter.requires, variables)
        origin = ""
        if rehearse:
            from meshpeek.rehearsal import CONTROL_VARIABLE, origin_of

            origin = origin_of(variables.get(CONTROL_VARIABLE, ""))
        if is_guarded:
            kubeconfig = Path(variables["KUBECONFIG"])
            kubeconfig_text = kubeconfig.read_text(encoding="utf-8")
            variables["PATH"] = install_wrappers(
                directory / "guard", kubeconfig, contexts or (), variables["PATH"], origin
            )
        if bash.keyboard is None:
            variables |= stand_in(
                workshop.front_matter.stand_ins,
                directory / "stand-ins",
                editor.install(),
                variables.get("PATH", os.defpath),
            )
        variables["SHELL"] = write_launcher(
            directory / "nested",
            nested,
            variables,
            rehearsal=rehearsal if rehearse else None,
        )
        shell = _start_shell(workshop, bash, variables, directory, persistence)
        stack.callback(shell.close)
        pages = rehearsal.pages if rehearse and rehearsal else ()
        guard = KubeconfigWatch(kubeconfig, kubeconfig_text, shell, origin) if is_guarded else None
        yield Session(shell, editor, contexts, directory, variables, pages, guard)


def _own_environment(workshop: Workshop, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the caller's environment as the session begins with it."""
    variables = {k: v for k, v in environment.items() if k not in _OF_THE_OUTER_TERMINAL}
    if variables.get("TERM", "dumb") == "dumb":
        variables["TERM"] = "xterm"  # or `clear` fails, in a log that nobody looks at
    return {**variables, **workshop.front_matter.env}


@contextlib.contextmanager
def _start_clusters(
    workshop: Workshop,
    variables: dict[str, str],
    directory: Path,
    persistence: Persistence | None,
    *,
    sealed: bool,
) -> Iterator[OuterRehearsal]:
    """Start the rehearsal's clusters, and have `variables` lead to them; yield the rehearsal."""
    from meshpeek.session.rehearsals import start_rehearsal

    with start_rehearsal(
        workshop, variables, directory, persistence, shows_pages=not sealed
    ) as equipment:
        variables |= equipment.environment
        pages = () if sealed else equipment.pages
        served = tuple(ServedPage(page.title, page.url) for page in pages)
        yield OuterRehearsal(variables["KUBECONFIG"], served, sealed)


def _scope_clusters(
    workshop: Workshop,
    variables: dict[str, str],
    directory: Path,
    rehearsal: OuterRehearsal | None,
) -> None:
    """Have `variables` lead to the clusters that the workshop lists, of the rehearsal around it."""
    if rehearsal:
        variables["KUBECONFIG"] = rehearsal.kubeconfig
    front_matter = workshop.front_matter
    if front_matter.contexts:
        from meshpeek.session.kubeconfig import scope_kubeconfig

        names = [context.name for context in front_matter.contexts]
        variables |= scope_kubeconfig(names, variables, directory, front_matter.current)


def _start_shell(
    workshop: Workshop,
    bash: ShellSettings,
    variables: Mapping[str, str],
    directory: Path,
    persistence: Persistence | None,
) -> Shell:
    folder = directory / "shell"
    folder.mkdir()
    resumed = persistence.resumed if persistence else None
    settings = bash.replace(
        name=_own_name(workshop),
        state_folder=persistence.states if persistence else None,
        restoration=resumed.restoration if resumed else None,
    )
    return Shell(folder, variables, settings)


@contextlib.contextmanager
def _folder(resumed: ResumedSession | None) -> Iterator[Path]:
    """Make the session's folder: at the same path if resumed, as variables name it (PATH …)."""
    if resumed is None:
        with private_folder() as folder:
            yield folder
        return
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(remade_private_folder(resumed.folder))
        except OSError as error:
            raise EnvironmentUnfitError(
                f"cannot make the folder of the last session again: {resumed.folder}: "
                f"{error.strerror}",
                hint="begin at a step instead: --from STEP",
            ) from error
        yield folder


def _own_name(workshop: Workshop) -> str:
    """Return `$0`: the workshop's path, if a command asks for it.

    bash begins its messages with it, so otherwise it stays `bash`, as at a prompt.
    """
    commands = (step.text for step in workshop.steps if isinstance(step, Command))
    return workshop.path if any(map(_OWN_NAME.search, commands)) else ""
