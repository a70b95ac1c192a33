"""Health checks: what one says of a cluster, how they are run, and how results are printed.

Formats are those of stable-2.14.10 (pkg/healthcheck/healthcheck.go and healthcheck_output.go).
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from meshpeek.rehearsal.installations.linkerd.cli.api_client import ApiClient, LinkerdError
from meshpeek.rehearsal.installations.linkerd.cli.readiness import RETRY_SECONDS

_HINTS = "https://linkerd.io/2.14/checks/#"
_PASSED, _WARNED, _FAILED = "√", "‼", "×"
_COLOURS = {_PASSED: "\x1b[32;1m", _WARNED: "\x1b[33;1m", _FAILED: "\x1b[31;1m"}


@dataclass(slots=True)
class Subject:
    """What is looked at: a cluster, where Linkerd is in it, and the servers a link may lead to.

    `proxied_namespace` is the one whose proxies are looked at, an empty string for all.
    """

    cluster: ApiClient
    namespace: str
    known_servers: Sequence[str]
    proxied_namespace: str = ""
    _lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def items(self, path: str) -> list[dict[str, Any]]:
        """Return what the list at `path` holds, asked for only once."""
        if path not in self._lists:
            self._lists[path] = self.cluster.items(path)
        return self._lists[path]

    def names(self, path: str) -> set[str]:
        """Return the names of what the list at `path` holds."""
        return {each["metadata"]["name"] for each in self.items(path)}

    def forget(self) -> None:
        """Ask again from now on."""
        self._lists.clear()


class SkippedError(Exception):
    """A check does not apply here, so nothing is said of it."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `linkerd check`.

    `find_fault` returns or raises (as LinkerdError) what is wrong, otherwise an empty string or
    Details; it raises SkippedError where there is nothing to look at. A fatal check that fails is
    the last of its run. One that `retries` is tried again until time is up.
    """

    description: str
    anchor: str
    find_fault: Callable[[Subject], str | Details] = lambda _: ""
    is_warning: bool = False
    is_fatal: bool = False
    retries: bool = False


class Details(tuple[str, ...]):
    """A success with something to list: names of links."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Category:
    """Checks under a heading."""

    name: str
    checks: Sequence[Check]


@dataclass(frozen=True, slots=True)
class Result:
    """What a check has found; `error` is empty for a success."""

    category: str
    description: str
    error: str = ""
    hint: str = ""
    is_warning: bool = False

    @property
    def is_failure(self) -> bool:
        """Tell whether it makes the whole command fail."""
        return bool(self.error) and not self.is_warning


def run_checks(
    categories: Iterable[Category], subject: Subject, patience: float
) -> Iterator[Result]:
    """Yield the results as they come, for at most `patience` seconds of trying again."""
    deadline = time.monotonic() + patience
    for category in categories:
        for check in category.checks:
            try:
                found = _look(check, subject, deadline)
            except SkippedError:
                continue
            result = _result(category, check, found)
            yield result
            if result.is_failure and check.is_fatal:
                return


def _look(check: Check, subject: Subject, deadline: float) -> str | Details:
    while True:
        try:
            found = check.find_fault(subject)
        except LinkerdError as error:
            found = str(error)
        is_done = isinstance(found, Details) or not found or not check.retries
        if is_done or time.monotonic() >= deadline:
            return found
        time.sleep(RETRY_SECONDS)
        subject.forget()


def _result(category: Category, check: Check, found: str | Details) -> Result:
    if isinstance(found, Details):
        description = "\n".join([check.description, *(f"\t* {line}" for line in found)])
        return Result(category.name, description)
    hint = _HINTS + check.anchor if found else ""
    return Result(category.name, check.description, found, hint, check.is_warning)


class TableWriter:
    """Prints results as they come; with `is_short` only those that are no success."""

    def __init__(self, *, is_short: bool = False) -> None:
        self._is_short = is_short
        self._category = ""

    def write(self, result: Result) -> None:
        """Print one result, under the heading of its category."""
        if self._is_short and not result.error:
            return
        if result.category != self._category:
            if self._category:
                print()
            print(result.category)
            print("-" * len(result.category))
            self._category = result.category
        print(f"{_mark(result)} {result.description}")
        if result.error:
            print(f"    {result.error}")
            print(f"    see {result.hint} for hints")
        sys.stdout.flush()

    def close(self, succeeded: bool) -> None:
        """Print the verdict."""
        if self._category:
            print()
        print(f"Status check results are {_coloured(_PASSED if succeeded else _FAILED)}")


def _mark(result: Result) -> str:
    if not result.error:
        return _coloured(_PASSED)
    return _coloured(_WARNED if result.is_warning else _FAILED)


def _coloured(sign: str) -> str:
    wants_none = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    if wants_none or not sys.stdout.isatty():
        return sign
    return f"{_COLOURS[sign]}{sign}\x1b[0m"


def render_json(results: Sequence[Result]) -> str:
    """Return the document of `-o json`."""
    categories: list[dict[str, Any]] = []
    for result in results:
        if not categories or categories[-1]["categoryName"] != result.category:
            categories.append({"categoryName": result.category, "checks": []})
        outcome = "success"
        if result.error:
            outcome = "warning" if result.is_warning else "error"
        told = {"description": result.description, "hint": result.hint, "error": result.error}
        shown = {name: text for name, text in told.items() if text}
        categories[-1]["checks"].append({**shown, "result": outcome})
    succeeded = not any(result.is_failure for result in results)
    document = {"success": succeeded, "categories": categories or None}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
