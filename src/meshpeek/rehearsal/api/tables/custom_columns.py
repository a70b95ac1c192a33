"""The columns of custom resources: the printer columns of their CustomResourceDefinition."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from meshpeek.rehearsal.api.tables.columns import (
    NAME,
    Cell,
    Column,
    human_duration,
    parse_time,
)
from meshpeek.rehearsal.api.tables.jsonpath import find
from meshpeek.rehearsal.types.objects import Object

_AGE = {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}


def columns(definition: Mapping[str, Any], version: str) -> tuple[Column, ...]:
    """Return the columns that a CustomResourceDefinition gives objects of `version`.

    Without `additionalPrinterColumns` they are NAME and AGE, as apiextensions-apiserver has it.
    """
    given: list[Mapping[str, Any]] = [_AGE]
    for each in definition["spec"]["versions"]:
        if each["name"] == version:
            given = each.get("additionalPrinterColumns") or given
    return (NAME, *map(_column, given))


def _column(given: Mapping[str, Any]) -> Column:
    path = given["jsonPath"]
    described = f"Custom resource definition column (in JSONPath format): {path}"
    return Column(
        name=given["name"],
        cell=_reader(path, given["type"]),
        wide=given.get("priority", 0) > 0,
        type=given["type"],
        format=given.get("format", ""),
        description=given.get("description") or described,
    )


def _reader(path: str, kind: str) -> Callable[[Object, datetime], Cell]:
    def read(obj: Object, now: datetime) -> Cell:
        found = find(obj, path)
        # Only the first match is shown: the API server takes printer paths for simple ones.
        return _cell(found[0], kind, now) if found else None

    return read


def _cell(value: object, kind: str, now: datetime) -> Cell:
    match kind:
        case "string":
            return _text(value)
        case "integer":
            return int(value) if isinstance(value, int | float) else None
        case "number":
            return float(value) if isinstance(value, int | float) else None
        case "boolean":
            return value if isinstance(value, bool) else None
        case "date":
            return _date(value, now)
        case _:
            return None


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _date(value: object, now: datetime) -> str:
    moment = parse_time(value)
    return human_duration((now - moment).total_seconds()) if moment else "<invalid>"
