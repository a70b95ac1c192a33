"""`meshpeek clusters`: rehearsal clusters for a second terminal, and what changes in them."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

import click

from meshpeek.cli.secrecy import hiding_secrets
from meshpeek.errors import EnvironmentUnfitError
from meshpeek.rehearsal import ClusterSeed, RehearsalError, RunningClusters, equip, start
from meshpeek.session.kubeconfig import no_context
from meshpeek.session.private_folder import private_folder
from meshpeek.session.session import read_seeds
from meshpeek.sinks.log.cluster_changes import show_changes
from meshpeek.workshop.loading import load_workshop
from meshpeek.workshop.model import Context

_DEFAULT = (Context("north", "cyan"), Context("east", "yellow"), Context("west", "magenta"))
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--bare", is_flag=True, help="Install nothing: clusters as create-clusters.sh leaves them."
)
def command(file: Path | None, bare: bool) -> None:
    """Keep rehearsal clusters up until ^C, and show what changes in them.

    They are those of FILE, at its start; without one, north, east and west with Linkerd. Standard
    output has the lines with which another terminal (or `eval`) gets to use them, all else goes to
    standard error.
    """
    contexts: tuple[Context, ...] = _DEFAULT
    seeds: Mapping[str, ClusterSeed] = {context.name: ClusterSeed() for context in _DEFAULT}
    if file is not None:
        with hiding_secrets(file):
            workshop = load_workshop(file, os.environ)
        contexts, seeds = workshop.front_matter.contexts, read_seeds(workshop)
    if bare:
        seeds = {name: ClusterSeed(bare=True) for name in seeds}
    for number in _ENDING:
        signal.signal(number, _end)
    try:
        with (
            private_folder() as directory,
            start(seeds, log=directory / "clusters.log", reporting=True) as running,
        ):
            equip(directory, running.servers, current_context=no_context(running.servers))
            _introduce(directory, running)
            show_changes(running.changes, contexts)
    except KeyboardInterrupt:
        return
    except RehearsalError as error:
        raise EnvironmentUnfitError(error.message, hint=error.hint) from error
    raise EnvironmentUnfitError(
        "the rehearsal clusters have ended by themselves",
        hint="their process was killed, or crashed; start them again",
    )


def _end(_number: int, _frame: FrameType | None) -> None:
    """Leave at the first signal; let none that follow keep the clusters from being ended."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _introduce(directory: Path, running: RunningClusters) -> None:
    names = ", ".join(running.servers)
    sys.stderr.write(f"# Rehearsal clusters: {names}. Nothing runs in them. ^C ends them.\n")
    for page in running.pages:
        title = page.title if page.is_open else f"{page.title}, once it is installed"
        sys.stderr.write(f"# {title}: {page.url}\n")
    sys.stderr.write("# To use them in another terminal, enter there:\n")
    sys.stderr.flush()
    for name, path in (("KUBECONFIG", "kubeconfig"), ("KUBECACHEDIR", "kube-cache")):
        print(f"export {name}={shlex.quote(str(directory / path))}")
    print(f'export KUBERC=off PATH={shlex.quote(str(directory / "bin"))}:"$PATH"', flush=True)
