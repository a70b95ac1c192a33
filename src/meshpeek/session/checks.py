"""Looking a machine over before anything runs on it: tools, their versions, clusters."""

from __future__ import annotations

import contextlib
import locale
import shutil
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from meshpeek.errors import EnvironmentUnfitError
from meshpeek.session.kubeconfig import ask_version, read_kubeconfig
from meshpeek.session.private_folder import private_folder
from meshpeek.session.session import start_rehearsal
from meshpeek.session.tools import INSTALL_HINT, find_tool
from meshpeek.workshop.model import Workshop

SMALLEST_TERMINAL = (80, 24)
"""Columns and rows that the screens of a presentation fit into."""


class Grade(StrEnum):
    """How well something is: the words that begin a line of `meshpeek doctor`."""

    FINE = "ok"
    NOTE = "note"
    FAULT = "fault"


class Finding(NamedTuple):
    """What was found of one thing, and what to do where it is not as it should be."""

    grade: Grade
    message: str
    hint: str | None = None


def examine(
    workshop: Workshop | None, environment: Mapping[str, str], *, rehearse: bool
) -> Iterator[Finding]:
    """Yield what is found, one after the other: a cluster that does not answer takes seconds.

    Without a `workshop`, only what every run needs is looked at. With `rehearse`, the rehearsal
    is started for real, and its clusters stand for those of kubectl.
    """
    yield _examine_tool("bash", "", environment)
    yield from _examine_terminal()
    if rehearse:
        yield from _examine_rehearsal(workshop, environment)
    elif workshop is not None:
        for tool, minimum in workshop.front_matter.requires.items():
            yield _examine_tool(tool, minimum, environment)
        yield from _examine_contexts(workshop, environment)


def _examine_tool(name: str, minimum: str, environment: Mapping[str, str]) -> Finding:
    tool = find_tool(name, minimum, environment, always_ask=True)
    if tool.fault:
        return Finding(Grade.FAULT, tool.fault, INSTALL_HINT)
    return Finding(Grade.FINE, f"{name} {tool.version or '(it tells no version)'}: {tool.path}")


def _examine_terminal() -> Iterator[Finding]:
    encoding = locale.getpreferredencoding(do_setlocale=False)
    if encoding.lower().replace("-", "") != "utf8":
        hint = "set LANG or LC_ALL to one that ends in UTF-8"
        yield Finding(Grade.NOTE, f"text is written as {encoding}, which has few characters", hint)
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        yield Finding(Grade.NOTE, "no terminal: `run` and `ci` do without, `present` needs one")
        return
    size = shutil.get_terminal_size(SMALLEST_TERMINAL)  # which is taken where it tells no size
    message = f"terminal: {size.columns}×{size.lines}"
    if size.columns < SMALLEST_TERMINAL[0] or size.lines < SMALLEST_TERMINAL[1]:
        hint = "make it larger, or the letters smaller"
        yield Finding(Grade.NOTE, f"{message}, and presenting wants at least 80×24", hint)
    else:
        yield Finding(Grade.FINE, message)


def _examine_contexts(workshop: Workshop, environment: Mapping[str, str]) -> Iterator[Finding]:
    contexts = [context.name for context in workshop.front_matter.contexts]
    if not contexts:
        return
    try:
        known = [entry["name"] for entry in read_kubeconfig(environment).get("contexts") or ()]
    except EnvironmentUnfitError as error:
        yield Finding(Grade.FAULT, error.message, error.hint)
        return
    for context in contexts:
        if context not in known:
            message = f"kubectl has no context {context}; it has {', '.join(known) or 'none'}"
            yield Finding(Grade.FAULT, message, "create the clusters, or use --rehearse")
            continue
        try:
            version = ask_version(context, environment)
        except EnvironmentUnfitError as error:
            yield Finding(Grade.FAULT, error.message, "see that the cluster runs")
        else:
            yield Finding(Grade.FINE, f"cluster {context}: Kubernetes {version}")


def _examine_rehearsal(
    workshop: Workshop | None, environment: Mapping[str, str]
) -> Iterator[Finding]:
    if workshop is None:
        yield Finding(Grade.NOTE, "a rehearsal is that of a workshop: name its file")
        return
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(private_folder())
        try:
            session = stack.enter_context(start_rehearsal(workshop, environment, directory))
            variables = {**environment, **session.environment}
            stand_ins = session.tools.stand_ins
            for tool, minimum in {"kubectl": "", **workshop.front_matter.requires}.items():
                if tool in stand_ins:
                    yield Finding(Grade.FINE, f"{tool}: stood in for")
                else:
                    yield _examine_tool(tool, minimum, variables)
            for context in workshop.front_matter.contexts:
                version = ask_version(context.name, variables)
                yield Finding(Grade.FINE, f"cluster {context.name}: Kubernetes {version}")
        except EnvironmentUnfitError as error:
            yield Finding(Grade.FAULT, error.message, error.hint)
