"""Sets of an object's fields, as `managedFields` names them, and what fields a value has.

A path is a tuple of the elements of `FieldsV1`: `f:name` for a field or a map's key, `k:{…}` for an
item of a list that is merged by keys, `v:…` for an item of a list that is a set. Rules: Kubernetes'
structured-merge-diff, with the schemas of kube-apiserver 1.27.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from meshpeek.rehearsal.types import crds
from meshpeek.rehearsal.types.builtin_types import OBJECT_META, all_types, resolved, type_name
from meshpeek.rehearsal.types.resources import Resource

Path = tuple[str, ...]
FieldSet = frozenset[Path]
Schema = Mapping[str, Any]

ITSELF = "."
NOTHING: FieldSet = frozenset()

_UNTYPED: Schema = {}
_KEY_DEFAULTS = {"protocol": "TCP"}
# Go structs that even an empty object has, so that no manager owns them as such.
_ALWAYS_THERE = frozenset({"f:metadata", "f:spec", "f:status", "f:strategy", "f:template"})


class Child(NamedTuple):
    """A part of a value that can be owned apart from the rest, and its schema."""

    schema: Schema
    value: Any


class Differences(NamedTuple):
    """How one value became another: the fields that were added, modified and removed."""

    added: FieldSet
    modified: FieldSet
    removed: FieldSet


def schema_of(resource: Resource, version: str) -> Schema:
    """Return the schema that tells which fields an object of a kind has."""
    if resource.definition is None:
        return all_types().get(type_name(resource), _UNTYPED)
    schema = crds.schema_of(resource, version)
    properties = {**(schema.get("properties") or {}), "metadata": all_types()[OBJECT_META]}
    return {**schema, "properties": properties}


def children(schema: Schema, value: object) -> dict[str, Child] | None:
    """Return the parts of a value by path element; None where it can be owned only as a whole."""
    schema = _behind_reference(schema)
    if isinstance(value, dict):
        if schema.get("x-kubernetes-map-type") == "atomic":
            return None
        properties = schema.get("properties") or {}
        others = schema.get("additionalProperties")
        other = others if isinstance(others, Mapping) else _UNTYPED
        return {f"f:{name}": Child(properties.get(name, other), value[name]) for name in value}
    if isinstance(value, list):
        return _items(schema, value)
    return None


def fields_of(schema: Schema, value: object) -> FieldSet:
    """Return the fields that a configuration sets, as its manager then owns them."""
    return frozenset(_owned(schema, value, ()))


def differences(schema: Schema, old: object, new: object) -> Differences:
    """Return what is different in `new`, an object or a part of one."""
    found: tuple[set[Path], set[Path], set[Path]] = (set(), set(), set())
    _compare(schema, old, new, (), *found)
    return Differences(*map(frozenset, found))


def encoded(fields: FieldSet) -> dict[str, Any]:
    """Return a set in the form of `FieldsV1`."""
    tree: dict[str, Any] = {}
    for path in sorted(fields):
        node = tree
        for element in path:
            node = node.setdefault(element, {})
        node[ITSELF] = {}
    return _without_lone_dots(tree)


def decoded(tree: object, path: Path = ()) -> FieldSet:
    """Return the set that a `FieldsV1` stands for; raises ValueError where it is malformed."""
    if not isinstance(tree, Mapping):
        raise ValueError("fieldsV1 must be objects")  # noqa: TRY004 - it is bad input
    if not tree:
        return frozenset({path}) if path else NOTHING
    found: set[Path] = set()
    for element, below in tree.items():
        if element == ITSELF:
            found.add(path)
        elif element[:2] in ("f:", "k:", "v:"):
            found |= decoded(below, (*path, element))
        else:
            raise ValueError(f"fieldsV1 has an element of an unknown kind: {element}")
    return frozenset(found)


def shown(path: Path) -> str:
    """Write a path as messages have it: `.spec.containers[name="web"].image`."""
    return "".join(map(_shown_element, path))


def below(path: Path, fields: Iterable[Path]) -> bool:
    """Return whether `fields` contains `path` or anything below it."""
    return any(field[: len(path)] == path for field in fields)


def _behind_reference(schema: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    target = resolved(dict(schema))
    return target if len(schema) == 1 else {**target, **schema}


def item_keys(schema: Schema) -> tuple[str, ...] | None:
    """Return the keys that a list is merged by: `()` for a set, None for an atomic list."""
    schema = _behind_reference(schema)
    kind = schema.get("x-kubernetes-list-type")
    if kind == "map":
        return tuple(schema.get("x-kubernetes-list-map-keys") or ())
    if kind == "set":
        return ()
    strategies = str(schema.get("x-kubernetes-patch-strategy", "")).split(",")
    if kind is None and "merge" in strategies:
        key = schema.get("x-kubernetes-patch-merge-key")
        return (key,) if key else ()
    return None


def _items(schema: Schema, value: list[Any]) -> dict[str, Child] | None:
    keys = item_keys(schema)
    if keys is None:
        return None
    item_schema = schema.get("items") or _UNTYPED
    return {_item_element(keys, item): Child(item_schema, item) for item in value}


def _item_element(keys: tuple[str, ...], item: object) -> str:
    if not keys or not isinstance(item, Mapping):
        return "v:" + _compact(item)
    named = {key: item.get(key, _KEY_DEFAULTS.get(key)) for key in keys}
    return "k:" + _compact({key: value for key, value in named.items() if value is not None})


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def _owned(schema: Schema, value: object, path: Path) -> Iterator[Path]:
    parts = children(schema, value)
    if not parts:
        if path:
            yield path
        return
    typed = _behind_reference(schema).get("properties") or {}
    for element, child in parts.items():
        place = (*path, element)
        if element[:2] != "f:" or element[2:] not in typed:
            yield place
        yield from _owned(child.schema, child.value, place)


def _compare(
    schema: Schema,
    old: object,
    new: object,
    path: Path,
    added: set[Path],
    modified: set[Path],
    removed: set[Path],
) -> None:
    if old == new and isinstance(old, bool) is isinstance(new, bool):
        return
    before = children(schema, old)
    after = children(schema, new)
    if before is None or after is None:
        modified.add(path)
        added.update(_inside(schema, new, path))
        removed.update(_inside(schema, old, path))
        return
    for element, child in after.items():
        place = (*path, element)
        if element in before:
            other = before[element].value
            _compare(child.schema, other, child.value, place, added, modified, removed)
        else:
            added.update(_all_in(child, place))
    for element, child in before.items():
        if element not in after:
            removed.update(_all_in(child, (*path, element)))


def _all_in(child: Child, path: Path) -> Iterator[Path]:
    inside = list(_inside(child.schema, child.value, path))
    if not (inside and path[-1] in _ALWAYS_THERE and "$ref" in child.schema):
        yield path
    yield from inside


def _inside(schema: Schema, value: object, path: Path) -> Iterator[Path]:
    for element, part in (children(schema, value) or {}).items():
        # Go writes the zero time of a template as null; no manager owns it.
        if part.value is not None:
            yield from _all_in(part, (*path, element))


def _without_lone_dots(tree: dict[str, Any]) -> dict[str, Any]:
    if tree.keys() == {ITSELF}:
        return {}
    return {
        element: below if element == ITSELF else _without_lone_dots(below)
        for element, below in tree.items()
    }


def _shown_element(element: str) -> str:
    kind, rest = element[:2], element[2:]
    if kind == "f:":
        return f".{rest}"
    if kind == "v:":
        return f"[={rest}]"
    keys = json.loads(rest)
    return "[" + ",".join(f"{key}={_compact(keys[key])}" for key in sorted(keys)) + "]"
