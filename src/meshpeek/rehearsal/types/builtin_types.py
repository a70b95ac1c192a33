"""The types of built-in objects: names, types and merge keys of their fields, as of 1.27.

`builtin_types.json` holds them as OpenAPI v3 components, one a line, by the names that Kubernetes'
own OpenAPI document gives them. Descriptions are left out. It is read when first needed.
`meshpeek.rehearsal.generate` makes it.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from meshpeek.rehearsal.types.resources import Resource

REFERENCE = "#/components/schemas/"
QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
TIMES = (
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime",
)
OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
GROUP_VERSION_KIND = "x-kubernetes-group-version-kind"

Type = dict[str, Any]


@cache
def all_types() -> dict[str, Type]:
    """Return every type by its name."""
    text = Path(__file__).with_name("builtin_types.json").read_bytes()
    types: dict[str, Type] = json.loads(text)
    return types


def referenced(field: Type) -> str:
    """Return the name of the type that a field refers to, or an empty string."""
    return str(field.get("$ref", "")).removeprefix(REFERENCE)


def resolved(field: Type) -> Type:
    """Return the type of a field, behind its reference if it is one."""
    name = referenced(field)
    return all_types()[name] if name else field


def type_name(resource: Resource) -> str:
    """Return the name of the type of a kind's objects; empty for a kind without a type."""
    return _names().get((resource.key.group, resource.storage_version, resource.kind), "")


@cache
def _names() -> dict[tuple[str, str, str], str]:
    return {
        (kind["group"], kind["version"], kind["kind"]): name
        for name, described in all_types().items()
        for kind in described.get(GROUP_VERSION_KIND, ())
    }
