"""The JSONPath of CRD printer columns: `.spec.a`, `[0]`, `[*]`, `['a.b']`, `[?(@.type=="X")]`.

Kubernetes' dialect of k8s.io/client-go/util/jsonpath, which general libraries do not read: paths
start with a dot and no `$`, and a backslash escapes a dot within a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

Step = Callable[[Any], Iterator[Any]]

_TOKEN = re.compile(
    r"""
    \.(?P<field>(?:\\.|[^.\[\\])+)
  | \[\s*(?P<index>-?\d+)\s*\]
  | (?P<every>\[\s*\*\s*\]|\.\*)
  | \[\s*'(?P<quoted>[^']*)'\s*\]
  | \[\?\(\s*@(?P<path>(?:\.[^\s=!<>()]+)+)\s*(?P<operator>==|!=)\s*(?P<value>[^)]*?)\s*\)\]
    """,
    re.VERBOSE,
)


def find(value: Any, path: str) -> list[Any]:  # noqa: ANN401 - any JSON
    """Return what `path` matches in a JSON value, in order; nothing for a malformed path."""
    found = [value]
    for step in _steps(path):
        found = [each for parent in found for each in step(parent)]
    return found


@cache
def _steps(path: str) -> tuple[Step, ...]:
    steps = []
    position = 0
    while position < len(path):
        token = _TOKEN.match(path, position)
        if token is None:
            return (_nothing,)
        steps.append(_step(token))
        position = token.end()
    return tuple(steps)


def _step(token: re.Match[str]) -> Step:
    if token["every"]:
        return _every
    if token["index"]:
        return _element(int(token["index"]))
    if token["path"]:
        return _filter(token["path"], token["operator"], token["value"])
    if token["quoted"] is not None:
        return _member(token["quoted"])
    return _member(re.sub(r"\\(.)", r"\1", token["field"]))


def _nothing(_value: object) -> Iterator[Any]:
    return iter(())


def _member(name: str) -> Step:
    def step(value: object) -> Iterator[Any]:
        if isinstance(value, dict) and name in value:
            yield value[name]

    return step


def _element(index: int) -> Step:
    def step(value: object) -> Iterator[Any]:
        if isinstance(value, list) and -len(value) <= index < len(value):
            yield value[index]

    return step


def _every(value: object) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _filter(path: str, operator: str, literal: str) -> Step:
    wanted = _literal(literal)

    def step(value: object) -> Iterator[Any]:
        for each in value if isinstance(value, list) else ():
            found = find(each, path)
            if found and _equal(found[0], wanted) == (operator == "=="):
                yield each

    return step


def _equal(one: object, other: object) -> bool:
    # In Python, unlike in JSON, true is equal to 1.
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _literal(text: str) -> str | bool | int | float:
    if text[:1] in "\"'" and text[-1:] == text[:1] and len(text) > 1:
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text
