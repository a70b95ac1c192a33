"""The columns of Namespaces, Nodes, configuration, access and Events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from meshpeek.rehearsal.api.tables.columns import (
    AGE,
    CREATED_AT,
    NAME,
    Cell,
    Column,
    dig,
    field,
    since,
)
from meshpeek.rehearsal.types.objects import Object

_ROLE_LABEL = "node-role.kubernetes.io/"


def _size(*names: str) -> Callable[[Object, datetime], Cell]:
    def read(obj: Object, _now: datetime) -> Cell:
        return sum(len(obj.get(name) or ()) for name in names)

    return read


def _node_status(node: Object, _now: datetime) -> str:
    conditions = dig(node, "status", "conditions") or []
    ready = [each.get("status") for each in conditions if each.get("type") == "Ready"]
    words = [("Ready" if ready[0] == "True" else "NotReady") if ready else "Unknown"]
    if dig(node, "spec", "unschedulable"):
        words.append("SchedulingDisabled")
    return ",".join(words)


def _node_roles(node: Object, _now: datetime) -> str:
    names = dig(node, "metadata", "labels") or {}
    roles = [name.removeprefix(_ROLE_LABEL) for name in names if name.startswith(_ROLE_LABEL)]
    return ",".join(sorted(roles)) or "<none>"


def _node_address(kind: str) -> Callable[[Object, datetime], Cell]:
    def read(node: Object, _now: datetime) -> Cell:
        for each in dig(node, "status", "addresses") or []:
            if each.get("type") == kind:
                return str(each.get("address"))
        return "<none>"

    return read


def _node_info(name: str) -> Callable[[Object, datetime], Cell]:
    def read(node: Object, _now: datetime) -> Cell:
        return dig(node, "status", "nodeInfo", name) or "<unknown>"

    return read


def _role(binding: Object, _now: datetime) -> str:
    return f"{dig(binding, 'roleRef', 'kind')}/{dig(binding, 'roleRef', 'name')}"


def _subjects(kind: str) -> Callable[[Object, datetime], Cell]:
    def read(binding: Object, _now: datetime) -> Cell:
        subjects = binding.get("subjects") or []
        return ", ".join(_subject(each) for each in subjects if each.get("kind") == kind)

    return read


def _subject(subject: Mapping[str, Any]) -> str:
    if subject.get("kind") == "ServiceAccount":
        return f"{subject.get('namespace', '')}/{subject.get('name', '')}"
    return str(subject.get("name", ""))


def _last_seen(event: Object, now: datetime) -> str:
    moment = (
        dig(event, "series", "lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
    )
    return since(moment, now)


def _first_seen(event: Object, now: datetime) -> str:
    return since(event.get("firstTimestamp") or event.get("eventTime"), now)


def _event_object(event: Object, _now: datetime) -> str:
    involved = event.get("involvedObject") or {}
    kind, name = str(involved.get("kind", "")).lower(), involved.get("name")
    return f"{kind}/{name}" if name else kind


def _event_source(event: Object, _now: datetime) -> str:
    component = dig(event, "source", "component") or event.get("reportingComponent") or ""
    host = dig(event, "source", "host") or event.get("reportingInstance") or ""
    return f"{component}, {host}" if host else component


def _event_message(event: Object, _now: datetime) -> str:
    return str(event.get("message", "")).strip()


def _event_count(event: Object, _now: datetime) -> Cell:
    count = dig(event, "series", "count") or event.get("count")
    return count if isinstance(count, int) else 1


_BINDING = (
    NAME,
    Column("Role", _role),
    AGE,
    Column("Users", _subjects("User"), wide=True),
    Column("Groups", _subjects("Group"), wide=True),
    Column("ServiceAccounts", _subjects("ServiceAccount"), wide=True),
)
_WEBHOOKS = (NAME, Column("Webhooks", _size("webhooks"), type="integer"), AGE)
_EVENTS = (
    Column("Last Seen", _last_seen),
    Column("Type", field("type")),
    Column("Reason", field("reason")),
    Column("Object", _event_object),
    Column("Subobject", field("involvedObject", "fieldPath"), wide=True),
    Column("Source", _event_source, wide=True),
    Column("Message", _event_message),
    Column("First Seen", _first_seen, wide=True),
    Column("Count", _event_count, wide=True),
    Column("Name", field("metadata", "name"), wide=True, format="name"),
)
_RBAC = "rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"

COLUMNS = {
    ("", "namespaces"): (NAME, Column("Status", field("status", "phase")), AGE),
    ("", "nodes"): (
        NAME,
        Column("Status", _node_status),
        Column("Roles", _node_roles),
        AGE,
        Column("Version", field("status", "nodeInfo", "kubeletVersion")),
        Column("Internal-IP", _node_address("InternalIP"), wide=True),
        Column("External-IP", _node_address("ExternalIP"), wide=True),
        Column("OS-Image", _node_info("osImage"), wide=True),
        Column("Kernel-Version", _node_info("kernelVersion"), wide=True),
        Column("Container-Runtime", _node_info("containerRuntimeVersion"), wide=True),
    ),
    ("", "secrets"): (
        NAME,
        Column("Type", field("type")),
        Column("Data", _size("data"), type="integer"),
        AGE,
    ),
    ("", "configmaps"): (NAME, Column("Data", _size("data", "binaryData")), AGE),
    ("", "serviceaccounts"): (NAME, Column("Secrets", _size("secrets")), AGE),
    ("", "events"): _EVENTS,
    ("events.k8s.io", "events"): _EVENTS,
    ("coordination.k8s.io", "leases"): (
        NAME,
        Column("Holder", field("spec", "holderIdentity")),
        AGE,
    ),
    (_RBAC, "rolebindings"): _BINDING,
    (_RBAC, "clusterrolebindings"): _BINDING,
    (_RBAC, "roles"): (NAME, CREATED_AT),
    (_RBAC, "clusterroles"): (NAME, CREATED_AT),
    ("apiextensions.k8s.io", "customresourcedefinitions"): (NAME, CREATED_AT),
    (_ADMISSION, "mutatingwebhookconfigurations"): _WEBHOOKS,
    (_ADMISSION, "validatingwebhookconfigurations"): _WEBHOOKS,
}
"""The columns of each kind, by API group and plural name."""
