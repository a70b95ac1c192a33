"""Field selectors: `metadata.name=web,status.phase!=Running`.

Grammar and error wording: apimachinery's `fields` package, and the field labels that
kube-apiserver 1.27 supports per kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from meshpeek.rehearsal.types.builtin_kinds import BUILTINS
from meshpeek.rehearsal.types.keys import (
    EVENTS,
    JOBS,
    NAMESPACES,
    NODES,
    PODS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    SECRETS,
    SERVICES,
    ResourceKey,
)
from meshpeek.rehearsal.types.status import bad_request, quoted

Matcher = Callable[[Mapping[str, Any]], bool]

_FIELD_TERM = re.compile(r"([^=!]+)(!=|==|=)(.*)", re.DOTALL)

FIELD_LABELS: Mapping[ResourceKey, tuple[str, ...]] = {
    PODS: (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    EVENTS: (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    NAMESPACES: ("status.phase",),
    NODES: ("spec.unschedulable",),
    REPLICATION_CONTROLLERS: ("status.replicas",),
    SECRETS: ("type",),
    SERVICES: ("spec.clusterIP", "spec.type"),
    REPLICA_SETS: ("status.replicas",),
    JOBS: ("status.successful",),
}


def parse(key: ResourceKey, selector: str) -> Matcher:
    """Return what tells whether an object's fields match a selector of objects of the kind `key`.

    Raises ApiError 400 for a field that the kind does not support.
    """
    supported = ("metadata.name", "metadata.namespace", *FIELD_LABELS.get(key, ()))
    terms: list[tuple[list[str], bool, str]] = []
    for text in filter(None, selector.split(",")):
        term = _FIELD_TERM.fullmatch(text)
        if term is None:
            raise bad_request(
                f"unable to parse field selector: invalid selector: '{selector}'; "
                f"can't understand '{text}'"
            )
        if term[1] not in supported:
            raise bad_request(_not_supported(key, term[1]))
        path = "source.component" if term[1] == "source" else term[1]
        terms.append((path.split("."), term[2] != "!=", term[3]))

    def match(obj: Mapping[str, Any]) -> bool:
        return all((_field(obj, path) == value) is wanted for path, wanted, value in terms)

    return match


def _not_supported(key: ResourceKey, label: str) -> str:
    if key in FIELD_LABELS or key not in (resource.key for resource in BUILTINS):
        return f"field label not supported: {label}"
    known = ", ".join(map(quoted, ("metadata.name", "metadata.namespace")))
    return f"{quoted(label)} is not a known field selector: only {known}"


def _field(obj: Mapping[str, Any], path: list[str]) -> str:
    value: Any = obj
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None and path[-1] in ("unschedulable", "hostNetwork"):
        return "false"
    return "" if value is None else str(value)
