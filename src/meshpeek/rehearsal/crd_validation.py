"""What an API server refuses in a CustomResourceDefinition.

Wording: apiextensions-apiserver 1.27 (pkg/apis/apiextensions/validation), as far as a definition
must be right to be served.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from meshpeek.rehearsal.schema_validation import compiled
from meshpeek.rehearsal.status import (
    Cause,
    invalid_value,
    required_value,
    unsupported_value,
)

_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_LABEL_RULE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', "
    "regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
)


def check_definition(definition: Mapping[str, Any]) -> list[Cause]:
    """Return what is wrong with a CustomResourceDefinition, decoded to its types."""
    spec = definition.get("spec") or {}
    names = spec.get("names") or {}
    causes = _check_names(definition["metadata"].get("name", ""), spec.get("group", ""), names)
    scope = spec.get("scope")
    if not scope:
        causes.append(required_value("spec.scope"))
    elif scope not in ("Cluster", "Namespaced"):
        causes.append(unsupported_value("spec.scope", scope, ["Cluster", "Namespaced"]))
    return causes + _check_versions(spec.get("versions") or [])


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
    if sum(bool(version.get("storage")) for version in versions) != 1:
        detail = "must have exactly one version marked as storage version"
        causes.append(invalid_value("spec.versions", [], detail))
    for index, version in enumerate(versions):
        place = f"spec.versions[{index}]"
        if not _LABEL.fullmatch(version.get("name", "")):
            causes.append(invalid_value(f"{place}.name", version.get("name", ""), _LABEL_RULE))
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        field = f"{place}.schema.openAPIV3Schema"
        if schema is None:
            causes.append(required_value(field, "schemas are required"))
        elif "type" not in schema:
            causes.append(required_value(f"{field}.type", "must not be empty at the root"))
        elif schema["type"] != "object":
            detail = "must be object at the root"
            causes.append(invalid_value(f"{field}.type", schema["type"], detail))
        else:
            causes += _check_schema(schema, field)
    return causes


def _check_schema(schema: object, field: str) -> list[Cause]:
    """Check what the types of a definition leave open: JSON that is a schema, or is none."""
    if not isinstance(schema, Mapping):
        return [invalid_value(field, schema, "must be a schema")]
    causes = []
    for name in ("items", "not"):
        if name in schema:
            causes += _check_schema(schema[name], f"{field}.{name}")
    if not isinstance(schema.get("additionalProperties"), bool | None):
        place = f"{field}.additionalProperties"
        causes += _check_schema(schema["additionalProperties"], place)
    for name, child in schema.get("properties", {}).items():
        causes += _check_schema(child, f"{field}.properties[{name}]")
    for name in ("allOf", "anyOf", "oneOf"):
        for index, child in enumerate(schema.get(name, ())):
            causes += _check_schema(child, f"{field}.{name}[{index}]")
    if "pattern" in schema and compiled(schema["pattern"]) is None:
        detail = "must be a valid regular expression"
        causes.append(invalid_value(f"{field}.pattern", schema["pattern"], detail))
    return causes
