"""Expressions in CEL: compiled once, with Kubernetes' functions, and bounded in time.

The library is common-expression-language, of which only the compiled module is loaded: its package
loads a command line as well, for half a second. An expression is not run when its loops over the
present value would take too long, as the API server's cost budget has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from typing import Any

from meshpeek.rehearsal.admission.cel.functions import FUNCTIONS

LARGEST_COST = 300_000
"""How many steps an expression may take; a step takes about a microsecond."""

OVER_BUDGET = (
    "validation failed due to running out of cost budget, no further validation rules will be run"
)

_TOKENS = re.compile(
    r"""(?P<text>r?(?:\"\"\".*?\"\"\"|'''.*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))"""
    r"""|\b(?P<size>size)(?=\s*\()|\b(?P<loop>all|exists|exists_one|filter|map)(?=\s*\()|[()]""",
    re.DOTALL,
)
# What the library has itself.
_KNOWN = frozenset(
    (
        "bool",
        "bytes",
        "contains",
        "double",
        "duration",
        "dyn",
        "endsWith",
        "getDate",
        "getDayOfMonth",
        "getDayOfWeek",
        "getDayOfYear",
        "getFullYear",
        "getHours",
        "getMilliseconds",
        "getMinutes",
        "getMonth",
        "getSeconds",
        "has",
        "int",
        "max",
        "min",
        "startsWith",
        "string",
        "timestamp",
        "type",
        "uint",
    )
)


class ExpressionError(Exception):
    """An expression that cannot be compiled, or evaluated; the text is what clients are told."""


class Expression:
    """A compiled expression; raises ExpressionError for one that is not CEL."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._depth = _loop_depth(source)
        try:
            self._program = _module().compile(_with_own_size(source))
        except ValueError as error:
            raise ExpressionError(f"compilation failed: {error}") from None

    @property
    def variables(self) -> frozenset[str]:
        """The names of variables in it."""
        return frozenset(self._program.variables())

    @property
    def unknown_functions(self) -> list[str]:
        """The functions in it that are absent here."""
        named = {name for name in self._program.functions() if name.isidentifier()}
        return sorted(named - _KNOWN - FUNCTIONS.keys())

    def evaluate(self, variables: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """Return its value; raises ExpressionError for an error, or what would take too long."""
        if self._depth:
            longest = max(map(_longest, variables.values()), default=0)
            if longest**self._depth * max(len(self.source) // 40, 1) > LARGEST_COST:
                raise ExpressionError(OVER_BUDGET)
        context = _module().Context()
        for name, value in variables.items():
            context.add_variable(name, value)
        for name in self._program.functions():
            if name in FUNCTIONS:
                context.add_function(name, FUNCTIONS[name])
        try:
            return self._program.execute(context)
        except KeyError as error:
            raise ExpressionError(f"no such key: {error.args[0]}") from None
        except Exception as error:  # noqa: BLE001 - whatever Rust and the functions raise
            raise ExpressionError(str(error).splitlines()[0]) from None


@cache
def compiled(source: str) -> Expression:
    """Return an expression, compiled when it is first asked for; raises ExpressionError."""
    return Expression(source)


@cache
def _module() -> Any:  # noqa: ANN401 - the library's compiled module
    package = find_spec("cel")
    places = list(package.submodule_search_locations or ()) if package else []
    spec = PathFinder.find_spec("cel.cel", places)
    if spec is None or spec.loader is None:
        raise ExpressionError("the package common-expression-language is not installed")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _with_own_size(source: str) -> str:
    """Have the size of texts counted in letters, which the library counts in bytes."""
    return _TOKENS.sub(lambda found: "size_" if found["size"] else found[0], source)


def _loop_depth(source: str) -> int:
    """Return how deeply the loops of an expression are nested."""
    open_loops: list[bool] = []
    depth, is_loop = 0, False
    for found in _TOKENS.finditer(source):
        if found["loop"]:
            is_loop = True
        elif found[0] == "(":
            open_loops.append(is_loop)
            is_loop = False
            depth = max(depth, sum(open_loops))
        elif found[0] == ")" and open_loops:
            open_loops.pop()
    return depth


def _longest(value: object) -> int:
    """Return the length of the longest list or map in a value."""
    if isinstance(value, Mapping):
        return max([len(value), *map(_longest, value.values())])
    if isinstance(value, list):
        return max([len(value), *map(_longest, value)])
    return 0
