"""What `meshpeek doctor` checks before anything runs: tools, their versions, clusters."""

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
from meshpeek.session.rehearsals import start_rehearsal
from meshpeek.session.tools import INSTALL_HINT, find_tool
from meshpeek.workshop.model import Workshop

SMALLEST_TERMINAL = (80, 24)
"""Columns and rows that the screens of a presentation fit into."""


class CheckStatus(StrEnum):
    """How a check came out: the words that begin a line of `meshpeek doctor`."""

    OK = "ok"
    NOTE = "note"
    FAULT = "fault"


class CheckResult(NamedTuple):
    """What a check found, and what to do about it."""

    status: CheckStatus
    message: str
    hint: str | None = None


def run_checks(
    workshop: Workshop | None, environment: Mapping[str, str], *, rehearse: bool
) -> Iterator[CheckResult]:
    """Check what `workshop` needs; yield each result at once, for a cluster may take seconds.

    Without a `workshop`, only what every run needs is checked. With `rehearse`, the rehearsal is
    started, and its clusters are checked in place of kubectl's.
    """
    yield _check_tool("bash", "", environment)
    yield from _check_terminal()
    if rehearse:
        yield from _check_rehearsal(workshop, environment)
    elif workshop is not None:
        for tool, minimum in workshop.front_matter.requires.items():
            yield _check_tool(tool, minimum, environment)
        yield from _check_contexts(workshop, environment)


def _check_tool(name: str, minimum: str, environment: Mapping[str, str]) -> CheckResult:
    tool = find_tool(name, minimum, environment, always_ask=True)
    if tool.fault:
        return CheckResult(CheckStatus.FAULT, tool.fault, INSTALL_HINT)
    return CheckResult(CheckStatus.OK, f"{name} {tool.version or '(unknown version)'}: {tool.path}")


def _check_terminal() -> Iterator[CheckResult]:
    encoding = locale.getpreferredencoding(do_setlocale=False)
    if encoding.lower().replace("-", "") != "utf8":
        hint = "set LANG or LC_ALL to a UTF-8 locale"
        yield CheckResult(CheckStatus.NOTE, f"the locale's encoding is {encoding}, not UTF-8", hint)
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        yield CheckResult(
            CheckStatus.NOTE, "not a terminal: `present` needs one, `run` and `ci` do not"
        )
        return
    size = shutil.get_terminal_size(SMALLEST_TERMINAL)  # which is taken where it tells no size
    message = f"terminal: {size.columns}×{size.lines}"
    if size.columns < SMALLEST_TERMINAL[0] or size.lines < SMALLEST_TERMINAL[1]:
        hint = "make the window larger, or the font smaller"
        yield CheckResult(CheckStatus.NOTE, f"{message}; `present` needs at least 80×24", hint)
    else:
        yield CheckResult(CheckStatus.OK, message)


def _check_contexts(workshop: Workshop, environment: Mapping[str, str]) -> Iterator[CheckResult]:
    contexts = [context.name for context in workshop.front_matter.contexts]
    if not contexts:
        return
    try:
        known = [entry["name"] for entry in read_kubeconfig(environment).get("contexts") or ()]
    except EnvironmentUnfitError as error:
        is_missing = shutil.which("kubectl", path=environment.get("PATH")) is None
        if not (is_missing and "kubectl" in workshop.front_matter.requires):  # which says it, too
            yield CheckResult(CheckStatus.FAULT, error.message, error.hint)
        return
    for context in contexts:
        if context not in known:
            message = f"kubectl has no context {context}; it has {', '.join(known) or 'none'}"
            yield CheckResult(CheckStatus.FAULT, message, "create the clusters, or use --rehearse")
            continue
        try:
            version = ask_version(context, environment)
        except EnvironmentUnfitError as error:
            yield CheckResult(
                CheckStatus.FAULT, error.message, "make sure that the cluster is running"
            )
        else:
            yield CheckResult(CheckStatus.OK, f"cluster {context}: Kubernetes {version}")


def _check_rehearsal(
    workshop: Workshop | None, environment: Mapping[str, str]
) -> Iterator[CheckResult]:
    if workshop is None:
        yield CheckResult(CheckStatus.NOTE, "name the workshop to rehearse")
        return
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(private_folder())
        try:
            session = stack.enter_context(start_rehearsal(workshop, environment, directory))
            variables = {**environment, **session.environment}
            stand_ins = session.tools.stand_ins
            for tool, minimum in {"kubectl": "", **workshop.front_matter.requires}.items():
                if tool in stand_ins:
                    yield CheckResult(CheckStatus.OK, f"{tool}: a stand-in")
                else:
                    yield _check_tool(tool, minimum, variables)
            for context in workshop.front_matter.contexts:
                version = ask_version(context.name, variables)
                yield CheckResult(CheckStatus.OK, f"cluster {context.name}: Kubernetes {version}")
        except EnvironmentUnfitError as error:
            yield CheckResult(CheckStatus.FAULT, error.message, error.hint)
