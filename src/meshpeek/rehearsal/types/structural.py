"""What a structural schema does to an object before it is checked: pruning and defaulting.

Rules: apiextensions-apiserver 1.27, packages `schema/pruning` and `schema/defaulting`.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

Schema = Mapping[str, Any]

PRESERVE = "x-kubernetes-preserve-unknown-fields"
EMBEDDED = "x-kubernetes-embedded-resource"
RESOURCE_FIELDS = ("apiVersion", "kind", "metadata")


def prune(schema: Schema, obj: dict[str, Any]) -> list[str]:
    """Remove from `obj` the fields its schema does not have, and return their paths, sorted."""
    unknown: list[str] = []
    _prune(schema, obj, "", unknown, resource=True)
    return sorted(unknown)


def apply_defaults(schema: Schema, obj: dict[str, Any]) -> None:
    """Give `obj` the defaults of its schema, wherever a field is missing (or null, wrongly)."""
    _default(schema, obj)


def _prune(schema: Schema, value: object, path: str, unknown: list[str], *, resource: bool) -> None:
    if isinstance(value, list):
        items = schema.get("items") or {}
        for index, item in enumerate(value):
            _prune_child(items, item, f"{path}[{index}]", unknown, schema)
    elif isinstance(value, dict):
        properties = schema.get("properties") or {}
        additional = schema.get("additionalProperties")
        for name in list(value):
            if resource and name in RESOURCE_FIELDS:
                continue
            place = f"{path}.{name}" if path else name
            if name in properties:
                _prune_child(properties[name], value[name], place, unknown, schema)
            elif isinstance(additional, Mapping):
                _prune_child(additional, value[name], place, unknown, schema)
            elif not additional and not schema.get(PRESERVE):
                del value[name]
                unknown.append(place)


def _prune_child(
    schema: Schema, value: object, path: str, unknown: list[str], parent: Schema
) -> None:
    # An empty schema below a preserving node does not specify what it holds.
    if not schema and parent.get(PRESERVE):
        return
    _prune(schema, value, path, unknown, resource=bool(schema.get(EMBEDDED)))


def _default(schema: Schema, value: object) -> None:
    if isinstance(value, list):
        items = schema.get("items") or {}
        for item in value:
            _default(items, item)
    elif isinstance(value, dict):
        properties = schema.get("properties") or {}
        for name, property_schema in properties.items():
            if "default" in property_schema and _lacks(value, name, property_schema):
                value[name] = deepcopy(property_schema["default"])
            if name in value:
                _default(property_schema, value[name])
        additional = schema.get("additionalProperties")
        if isinstance(additional, Mapping):
            for name in value.keys() - properties.keys():
                _default(additional, value[name])


def _lacks(value: Mapping[str, Any], name: str, schema: Schema) -> bool:
    return name not in value or (value[name] is None and not schema.get("nullable"))
