"""`meshpeek clusters`: rehearsal clusters for a command, or for another terminal."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

import click

from meshpeek.cli.click_extensions import FileThenCommand
from meshpeek.cli.secrecy import hiding_secrets
from meshpeek.cli.signals import handling
from meshpeek.cli.workshops import known_installations
from meshpeek.errors import EnvironmentUnfitError, InputError
from meshpeek.rehearsal import (
    INSTALLATIONS,
    ClusterSeed,
    Page,
    RehearsalError,
    RunningClusters,
    equip,
    origin_of,
    start,
)
from meshpeek.session.guard.wrappers import install_wrappers, without_wrappers
from meshpeek.session.kubeconfig import current_context
from meshpeek.session.private_folder import private_folder
from meshpeek.session.rehearsals import read_seeds, with_rehearsed_contexts
from meshpeek.sinks.log.cluster_changes import show_changes
from meshpeek.workshop.loading import load_workshop
from meshpeek.workshop.model import Context

_DEFAULT = (Context("north", "cyan"), Context("east", "yellow"), Context("west", "magenta"))
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command(cls=FileThenCommand)
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--bare", is_flag=True, help="Leave out all that FILE has installed and applied.")
@click.option(
    "--install",
    type=click.Choice(INSTALLATIONS),
    multiple=True,
    help="Install this on each cluster, instead of what FILE calls for; may be repeated.",
)
@click.option(
    "--sealed",
    is_flag=True,
    help="With COMMAND: in a network of their own; nothing else can be reached (Linux).",
)
def command(
    file: Path | None,
    bare: bool,
    install: tuple[str, ...],
    sealed: bool,
    arguments: tuple[str, ...] | None,
) -> None:
    """Run COMMAND on rehearsal clusters, and end them with it.

    They are those of FILE, at its start; without one, north, east and west, empty. Without
    COMMAND it is your shell, and the exit code is the command's.

    Without `--`, they are up until ^C, and what changes in them is shown. Standard output has the
    lines with which another terminal gets to use them, all else goes to standard error.
    """
    contexts: tuple[Context, ...] = _DEFAULT
    current: str | None = None
    seeds: Mapping[str, ClusterSeed] = {context.name: ClusterSeed() for context in _DEFAULT}
    if file is not None:
        with hiding_secrets(file):
            workshop = with_rehearsed_contexts(
                load_workshop(file, os.environ, installations=known_installations)
            )
        contexts, current = workshop.front_matter.contexts, workshop.front_matter.current
        seeds = read_seeds(workshop)
    if bare:
        seeds = {name: ClusterSeed(install=install) for name in seeds}
    elif install:
        seeds = {name: seed._replace(install=install) for name, seed in seeds.items()}
    if sealed and arguments is None:
        raise click.UsageError("--sealed needs a command after `--`: no other terminal gets in")
    if sealed:
        from meshpeek.session.sealing import seal_network

        seal_network({})
    for number in _ENDING:
        signal.signal(number, _end)
    try:
        with (
            private_folder() as directory,
            start(seeds, log=directory / "clusters.log", reporting=arguments is None) as running,
        ):
            environment = _equip(directory, running, current)
            if arguments is not None:
                raise SystemExit(_run(arguments, environment, running, sealed=sealed))
            _introduce(directory, running)
            show_changes(running.changes, contexts)
    except KeyboardInterrupt:
        if arguments is not None:
            raise
        return
    except RehearsalError as error:
        kind = InputError if error.is_input else EnvironmentUnfitError
        raise kind(error.message, hint=error.hint) from error
    raise EnvironmentUnfitError(
        "the rehearsal clusters have ended by themselves",
        hint="their process was killed, or crashed; start them again",
    )


def _equip(directory: Path, running: RunningClusters, chosen: str | None) -> dict[str, str]:
    """Return an environment that reaches these clusters, with tools that reach no others."""
    environment = {**os.environ, "PATH": without_wrappers(os.environ.get("PATH", os.defpath))}
    pages = tuple(page for page in running.pages if page.is_open)
    current = current_context(running.servers, chosen)
    environment |= equip(
        directory, running.servers, environment, pages, current, control=running.control
    ).environment
    environment["PATH"] = install_wrappers(
        directory / "guard",
        Path(environment["KUBECONFIG"]),
        tuple(running.servers),
        environment["PATH"],
        origin_of(running.control),
    )
    return environment


def _run(
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    running: RunningClusters,
    *,
    sealed: bool,
) -> int:
    """Run a command that reaches these clusters; return its exit code, as a shell would."""
    if not arguments:
        arguments = (environment.get("SHELL") or "/bin/sh",)
        _describe(running, "They end with this shell.", () if sealed else running.pages)
    # ^C reaches the command from the terminal; what is handled here, it does not inherit.
    with handling([signal.SIGINT, signal.SIGQUIT], lambda *_: None):
        code = _wait_for(arguments, environment)
    return code if code >= 0 else 128 - code


def _wait_for(arguments: tuple[str, ...], environment: Mapping[str, str]) -> int:
    """Run a program to its end; hand on TERM and HUP to it. Return its status as Python does."""
    process: subprocess.Popen[bytes] | None = None
    early: list[int] = []

    def hand_on(number: int, _frame: object) -> None:
        if process is None:
            early.append(number)
        else:
            process.send_signal(number)

    with handling([signal.SIGTERM, signal.SIGHUP], hand_on):
        try:
            process = subprocess.Popen(arguments, env=environment)
        except OSError as error:
            raise EnvironmentUnfitError(
                f"cannot run {arguments[0]}: {error.strerror}",
                hint="name a program that is on PATH, with its arguments after it",
            ) from error
        for number in early:
            process.send_signal(number)
        return process.wait()


def _end(_number: int, _frame: FrameType | None) -> None:
    """Leave at the first signal; let none that follow keep the clusters from being ended."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _describe(running: RunningClusters, end: str, pages: Sequence[Page]) -> None:
    names = ", ".join(running.servers)
    sys.stderr.write(f"# Rehearsal clusters: {names}. Nothing runs in them. {end}\n")
    for page in pages:
        title = page.title if page.is_open else f"{page.title}, once it is installed"
        sys.stderr.write(f"# {title}: {page.url}\n")
    sys.stderr.flush()


def _introduce(directory: Path, running: RunningClusters) -> None:
    _describe(running, "^C ends them.", running.pages)
    sys.stderr.write("# To use them in another terminal, enter there:\n")
    sys.stderr.flush()
    for name, path in (("KUBECONFIG", "kubeconfig"), ("KUBECACHEDIR", "kube-cache")):
        print(f"export {name}={shlex.quote(str(directory / path))}")
    path = ":".join(shlex.quote(str(directory / name)) for name in ("guard", "bin"))
    print(f'export KUBERC=off PATH={path}:"$PATH"', flush=True)
