"""What `kubectl get` shows: Table objects (meta.k8s.io/v1) with rows as a real cluster has them.

The columns are those of Kubernetes 1.27's printers (pkg/printers/internalversion), or the printer
columns of the CustomResourceDefinition.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from meshpeek.rehearsal.api.tables import (
    administration_columns,
    custom_columns,
    network_columns,
    rare_columns,
    storage_columns,
    workload_columns,
)
from meshpeek.rehearsal.api.tables.columns import AGE, NAME, Column
from meshpeek.rehearsal.types.keys import ResourceKey
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.resources import Resource

_META = "meta.k8s.io/v1"
_COLUMNS = {
    **workload_columns.COLUMNS,
    **network_columns.COLUMNS,
    **administration_columns.COLUMNS,
    **storage_columns.COLUMNS,
    **rare_columns.COLUMNS,
}


def render(
    resource: Resource,
    version: str,
    objects: Sequence[Object],
    now: datetime,
    include_object: str = "Metadata",
) -> dict[str, Any]:
    """Return the Table of `objects`, all of `resource` and read as `version`.

    Wide columns are always there, with priority 1. `now` is what ages are counted to, in UTC.
    `include_object` is the request's `includeObject`: `Metadata` puts a PartialObjectMetadata
    into each row, `Object` the whole object, `None` nothing. The list's resourceVersion and
    continue token are the caller's to add to `metadata`.
    """
    columns = _columns(resource, version)
    return {
        "kind": "Table",
        "apiVersion": _META,
        "metadata": {},
        "columnDefinitions": [_definition(column) for column in columns],
        "rows": [
            {
                "cells": [column.cell(obj, now) for column in columns],
                "object": _row_object(obj, include_object),
            }
            for obj in objects
        ],
    }


def _columns(resource: Resource, version: str) -> tuple[Column, ...]:
    if resource.definition is not None:
        return custom_columns.columns(resource.definition, version)
    return _builtin_columns(resource.key)


def _builtin_columns(key: ResourceKey) -> tuple[Column, ...]:
    return _COLUMNS.get((key.group, key.plural), (NAME, AGE))


def _definition(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": column.type,
        "format": column.format,
        "description": column.description,
        "priority": int(column.wide),
    }


def _row_object(obj: Object, include_object: str) -> Object | None:
    if include_object == "Object":
        return obj
    if include_object == "None":
        return None
    return {"kind": "PartialObjectMetadata", "apiVersion": _META, "metadata": obj["metadata"]}
