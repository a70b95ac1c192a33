"""Getting ready for a run: the session's folder, its environment, its clusters and its bash."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from meshpeek.clusters import scope_kubeconfig
from meshpeek.errors import InputError
from meshpeek.keys import Keyboard
from meshpeek.model import Workshop
from meshpeek.run.editor import EditorDesk
from meshpeek.run.shell import Shell
from meshpeek.tools import check_tools

_PAGERS = ("PAGER", "GIT_PAGER", "MANPAGER", "SYSTEMD_PAGER", "BAT_PAGER")
_OF_THE_OUTER_TERMINAL = ("LINES", "COLUMNS", "PROMPT_COMMAND", "PS1", "BASH_ENV")
_RAM_DISK = Path("/dev/shm")  # noqa: S108  # a private folder is made in it


@dataclass(frozen=True, slots=True)
class Session:
    """What a run works with. `contexts` are those of its kubeconfig, None if it has no own one."""

    shell: Shell
    editor: EditorDesk
    contexts: tuple[str, ...] | None


@contextlib.contextmanager
def open_session(
    workshop: Workshop,
    environment: Mapping[str, str],
    *,
    rehearse: bool,
    keyboard: Keyboard | None,
    size: tuple[int, int],
    arguments: tuple[str, ...] = (),
) -> Iterator[Session]:
    """Open a session for `workshop`, and end all that belongs to it afterwards.

    `environment` is the caller's; `size` is rows and columns. Without a `keyboard`, pagers print
    and editors do what annotations say. Raises EnvironmentUnfitError when something is missing.
    """
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(_folder())
        editor = EditorDesk(directory)
        variables = {k: v for k, v in environment.items() if k not in _OF_THE_OUTER_TERMINAL}
        if variables.get("TERM", "dumb") == "dumb":
            variables["TERM"] = "xterm"  # or `clear` fails, in a log that nobody looks at
        variables |= workshop.front_matter.env
        if keyboard is None:
            variables |= dict.fromkeys(_PAGERS, "cat") | editor.environment()
        contexts: tuple[str, ...] | None
        contexts = tuple(context.name for context in workshop.front_matter.contexts) or None
        if rehearse:
            variables |= stack.enter_context(_rehearsal(workshop, variables, directory))
        elif contexts:
            variables |= scope_kubeconfig(contexts, variables, directory)
        check_tools(workshop.front_matter.requires, variables)
        session_folder = directory / "shell"
        session_folder.mkdir()
        shell = Shell(session_folder, variables, keyboard=keyboard, size=size, arguments=arguments)
        stack.callback(shell.close)
        yield Session(shell, editor, contexts)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Make a private folder, in memory where that is easy: state is written at every step."""
    parent = _RAM_DISK if os.access(_RAM_DISK, os.W_OK) else None
    path = Path(tempfile.mkdtemp(prefix="meshpeek-", dir=parent))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def _rehearsal(
    workshop: Workshop, variables: Mapping[str, str], directory: Path
) -> Iterator[Mapping[str, str]]:
    from meshpeek.rehearsal.launch import ClusterSeed, prepare, start

    if not workshop.front_matter.contexts:
        raise InputError(
            f"{workshop.path} does not say which clusters it needs, so none can be rehearsed",
            hint="list them in its front matter, under the key meshpeek: contexts",
        )
    root = Path(workshop.path).parent
    seeds = {}
    for context in workshop.front_matter.contexts:
        wanted = workshop.front_matter.rehearsal.get(context.name) or {}
        seeds[context.name] = ClusterSeed(
            manifests=tuple(root / path for path in wanted.get("manifests") or ()),
            links=tuple(wanted.get("links") or ()),
        )
    with start(seeds, log=directory / "clusters.log") as clusters:
        yield prepare(directory, clusters.servers, variables).environment
