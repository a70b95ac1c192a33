"""What an API server refuses in a CustomResourceDefinition.

Wording: apiextensions-apiserver 1.27 (pkg/apis/apiextensions/validation), as far as a definition
must be right to be served.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from meshpeek.rehearsal.types import definition_schemas
from meshpeek.rehearsal.types.status import Cause, invalid_value, required_value, unsupported_value

_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
_LABEL_RULE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', "
    "regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
)


def check_definition(definition: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
    """Return what is wrong with a CustomResourceDefinition, decoded to its types.

    `old` is the one that is stored, if there is one.
    """
    spec = definition.get("spec") or {}
    names = spec.get("names") or {}
    causes = _check_names(definition["metadata"].get("name", ""), spec.get("group", ""), names)
    scope = spec.get("scope")
    if not scope:
        causes.append(required_value("spec.scope"))
    elif scope not in ("Cluster", "Namespaced"):
        causes.append(unsupported_value("spec.scope", scope, ["Cluster", "Namespaced"]))
    causes += _check_versions(spec.get("versions") or [])
    if old is not None and not causes:
        stored = (old.get("status") or {}).get("storedVersions") or []
        causes += _check_change(spec, old["spec"], stored)
    return causes


def warnings(definition: Mapping[str, Any]) -> list[str]:
    """Return the warnings about parts of a definition that rehearsal does not support."""
    spec = definition.get("spec") or {}
    found = []
    if (spec.get("conversion") or {}).get("strategy") == "Webhook":
        found.append(
            "meshpeek rehearsal: conversion webhooks are not called; "
            "versions differ in their apiVersion only"
        )
    return found


def _check_names(name: str, group: str, names: Mapping[str, Any]) -> list[Cause]:
    causes = []
    plural = names.get("plural", "")
    if name != f"{plural}.{group}":
        detail = 'must be spec.names.plural+"."+spec.group'
        causes.append(invalid_value("metadata.name", name, detail))
    if not group:
        causes.append(required_value("spec.group"))
    elif "." not in group:
        detail = "should be a domain with at least one dot"
        causes.append(invalid_value("spec.group", group, detail))
    for field, value in (("plural", plural), ("kind", names.get("kind", "").lower())):
        if not value:
            causes.append(required_value(f"spec.names.{field}"))
        elif not _LABEL.fullmatch(value):
            causes.append(invalid_value(f"spec.names.{field}", value, _LABEL_RULE))
    return causes


def _check_versions(versions: list[Mapping[str, Any]]) -> list[Cause]:
    causes = []
    names = [version.get("name") for version in versions]
    if len(set(names)) < len(names):
        causes.append(invalid_value("spec.versions", [], "must contain unique version names"))
    if sum(bool(version.get("storage")) for version in versions) != 1:
        detail = "must have exactly one version marked as storage version"
        causes.append(invalid_value("spec.versions", [], detail))
    for index, version in enumerate(versions):
        place = f"spec.versions[{index}]"
        if not _LABEL.fullmatch(version.get("name", "")):
            causes.append(invalid_value(f"{place}.name", version.get("name", ""), _LABEL_RULE))
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        causes += definition_schemas.check_root(schema, f"{place}.schema.openAPIV3Schema")
        for number, column in enumerate(version.get("additionalPrinterColumns") or []):
            causes += _check_column(column, f"{place}.additionalPrinterColumns[{number}]")
        causes += _check_scale(version.get("subresources") or {}, f"{place}.subresources.scale")
    return causes


def _check_column(column: Mapping[str, Any], field: str) -> Iterator[Cause]:
    if not column.get("name"):
        yield required_value(f"{field}.name")
    kind = column.get("type")
    if not kind:
        yield required_value(f"{field}.type", f"must be one of {','.join(_COLUMN_TYPES)}")
    elif kind not in _COLUMN_TYPES:
        detail = f"must be one of {','.join(_COLUMN_TYPES)}"
        yield invalid_value(f"{field}.type", kind, detail)
    path = column.get("jsonPath")
    if not path:
        yield required_value(f"{field}.jsonPath")
    elif not path.startswith("."):
        detail = "must be a simple json path starting with ."
        yield invalid_value(f"{field}.jsonPath", path, detail)


def _check_scale(subresources: Mapping[str, Any], field: str) -> Iterator[Cause]:
    scale = subresources.get("scale")
    if scale is None:
        return
    for name, root in (("specReplicasPath", ".spec"), ("statusReplicasPath", ".status")):
        path = scale.get(name)
        if not path:
            yield required_value(f"{field}.{name}")
        elif not re.fullmatch(rf"{re.escape(root)}(\.[\w-]+)+", path):
            detail = f"should be a json path under {root}"
            yield invalid_value(f"{field}.{name}", path, detail)


def _check_change(
    spec: Mapping[str, Any], before: Mapping[str, Any], stored: Sequence[str]
) -> Iterator[Cause]:
    fixed = [("spec.group", "group"), ("spec.scope", "scope")]
    for field, name in fixed:
        if spec.get(name) != before.get(name):
            yield invalid_value(field, spec.get(name), "field is immutable")
    for name in ("plural", "kind"):
        value = (spec.get("names") or {}).get(name)
        if value != before["names"].get(name):
            yield invalid_value(f"spec.names.{name}", value, "field is immutable")
    present = {version.get("name") for version in spec.get("versions") or ()}
    for index, name in enumerate(stored):
        if name not in present:
            field = f"status.storedVersions[{index}]"
            yield invalid_value(field, name, "must appear in spec.versions")
