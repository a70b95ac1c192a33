"""One name for one thing: no two classes, and no two modules, are called the same."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

from tests.test_architecture import MODULES, SOURCE

# The same thing in two places: a room and the command named after it; what each product has (a
# CLI with commands, CRDs, objects); rehearsal, which has errors and stand-ins of its own.
SAME_MODULES = {"cli", "commands", "crds", "errors", "objects", "run", "stand_ins"}


def classes() -> Iterator[tuple[str, str]]:
    """Yield the name of each class, with its place."""
    for place, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                yield node.name, f"{place}:{node.lineno}"


def modules() -> Iterator[tuple[str, str]]:
    """Yield the name of each module and package, with its place.

    The main module of a package may have its name: `store/store.py`.
    """
    for place, path in MODULES.items():
        if path.name == "__init__.py" and path.parent != SOURCE:
            yield path.parent.name, place
        elif not path.name.startswith("__") and path.stem != path.parent.name:
            yield path.stem, place


def twice(named: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    places: dict[str, list[str]] = defaultdict(list)
    for name, place in named:
        places[name].append(place)
    return {name: found for name, found in places.items() if len(found) > 1}


def test_each_class_has_a_name_of_its_own() -> None:
    found = twice(classes())
    assert not found


def test_each_module_has_a_name_of_its_own() -> None:
    found = twice(modules())
    assert found.keys() == SAME_MODULES, found


def test_a_name_that_occurs_twice_is_found() -> None:
    assert twice(iter([("A", "a.py:1"), ("B", "a.py:2"), ("A", "b.py:1")])) == {
        "A": ["a.py:1", "b.py:1"]
    }
