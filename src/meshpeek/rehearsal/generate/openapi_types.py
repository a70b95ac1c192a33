"""The types of the kinds that rehearsal clusters serve, from Kubernetes' OpenAPI definitions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from meshpeek.rehearsal.types.builtin_kinds import BUILTINS
from meshpeek.rehearsal.types.builtin_types import (
    GROUP_VERSION_KIND,
    INT_OR_STRING,
    QUANTITY,
    REFERENCE,
    Type,
)

# What kube-apiserver's v3 documents have for these: apimachinery's OpenAPIV3OneOfTypes.
_SEVERAL_TYPES: dict[str, Type] = {
    INT_OR_STRING: {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
    QUANTITY: {"oneOf": [{"type": "string"}, {"type": "number"}]},
}
_LEFT_OUT = ("description", "enum")
_REFERENCED = re.compile(r'"\$ref": "[^"]*/([^"/]+)"')

Definitions = Mapping[str, Any]


def served_types(definitions: Definitions) -> list[str]:
    """Return the name of each built-in kind's type; raises ValueError for a kind without one."""
    names = {
        (kind["group"], kind["version"], kind["kind"]): name
        for name, definition in definitions.items()
        for kind in definition.get(GROUP_VERSION_KIND, ())
    }
    kinds = [(each.key.group, each.storage_version, each.kind) for each in BUILTINS]
    missing = [" ".join(kind).strip() for kind in kinds if kind not in names]
    if missing:
        raise ValueError(f"this version of Kubernetes has no {', '.join(missing)}")
    return [names[kind] for kind in kinds]


def builtin_types(definitions: Definitions) -> dict[str, Type]:
    """Return the types of all built-in kinds, and those that they refer to, by name."""
    waiting = served_types(definitions)
    found: dict[str, Type] = {}
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = _SEVERAL_TYPES.get(name) or _component(definitions[name])
            waiting += _REFERENCED.findall(json.dumps(found[name]))
    return dict(sorted(found.items()))


def _component(definition: Definitions) -> Type:
    """Return a definition of the package as a component of OpenAPI v3.

    The package lets every optional field be null and writes down what `kind` and `apiVersion` may
    be. Kubernetes says neither.
    """
    component: Type = {}
    for key, value in sorted(definition.items()):
        match key:
            case "$ref":
                component[key] = REFERENCE + value.rpartition("/")[2]
            case "type" if isinstance(value, list):
                (component[key],) = (each for each in value if each != "null")
            case "properties":
                component[key] = {name: _component(value[name]) for name in sorted(value)}
            case "items" | "additionalProperties":
                component[key] = _component(value)
            case _ if key not in _LEFT_OUT:
                component[key] = value
    return component
