"""The stand-in for the `linkerd` command line, as stable-2.14.10 answers on these clusters."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from meshpeek.rehearsal.installations.linkerd.cli.api_client import LinkerdError
from meshpeek.rehearsal.installations.linkerd.cli.arguments import (
    AbsentError,
    CobraCommand,
    CommandLineError,
    HelpRequested,
    read,
)
from meshpeek.rehearsal.installations.linkerd.cli.commands import LINKERD
from meshpeek.rehearsal.installations.linkerd.cli.handlers import VERSION
from meshpeek.rehearsal.installations.linkerd.cli.usage import usage

_PIPE_CLOSED = 141  # what a shell sees of a Go program that SIGPIPE has ended


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: the process's own) and return the exit status."""
    try:
        run, invocation, path = read(LINKERD, sys.argv[1:] if arguments is None else arguments)
    except HelpRequested as request:
        sys.stdout.write(f"{request.path[-1].short}.\n\n{usage(request.path)}")
        return 0
    except CommandLineError as error:
        return _fail(str(error), usage(error.path))
    except AbsentError as absent:
        return _fail_absent(str(absent))
    try:
        status = run(invocation)
        sys.stdout.flush()
    except LinkerdError as error:
        return _fail(str(error), usage(path))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    return status


def _fail(message: str, explanation: str) -> int:
    sys.stdout.flush()
    sys.stderr.write(f"Error: {message}\n{explanation}\n")
    return 1


def _fail_absent(asked: str) -> int:
    there = "\n".join(f"  {line}" for line in _runnable(LINKERD, ""))
    return _fail(
        f'rehearsal does not have "{asked}"',
        f"This is meshpeek's stand-in for linkerd {VERSION}; it has only:\n{there}\n"
        "For anything else, run the workshop on real clusters, with the real linkerd.",
    )


def _runnable(command: CobraCommand, prefix: str) -> list[str]:
    title = f"{prefix}{command.name}"
    if command.run is not None:
        return [title]
    return [line for sub in command.subcommands for line in _runnable(sub, f"{title} ")]
