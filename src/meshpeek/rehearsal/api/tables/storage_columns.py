"""The columns of storage, limits and disruption budgets: kinds that are only stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from meshpeek.rehearsal.api.tables.columns import (
    AGE,
    CREATED_AT,
    NAME,
    Cell,
    Column,
    dig,
    field,
    first_few,
    selector_text,
)
from meshpeek.rehearsal.types.objects import Object

Reader = Callable[[Object, datetime], Cell]

_ACCESS_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def _access_modes(*path: str) -> Reader:
    def read(obj: Object, _now: datetime) -> Cell:
        modes = dict.fromkeys(dig(obj, *path) or ())
        return ",".join(short for name, short in _ACCESS_MODES.items() if name in modes)

    return read


def _claim(volume: Object, _now: datetime) -> Cell:
    claim = dig(volume, "spec", "claimRef")
    return f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else ""


def _class_name(storage_class: Object, _now: datetime) -> Cell:
    name = str(dig(storage_class, "metadata", "name"))
    annotations = dig(storage_class, "metadata", "annotations") or {}
    return f"{name} (default)" if annotations.get(_DEFAULT_CLASS) == "true" else name


def _or(missing: Cell, *path: str) -> Reader:
    def read(obj: Object, _now: datetime) -> Cell:
        value = dig(obj, *path)
        return value if isinstance(value, str | int | bool) else missing

    return read


def _used(kind: str) -> Reader:
    """Return a reader of what a quota has used of its requests, or of its limits."""

    def read(quota: Object, _now: datetime) -> Cell:
        hard = dig(quota, "status", "hard") or {}
        used = dig(quota, "status", "used") or {}
        chosen = [name for name in sorted(hard) if name.startswith("limits.") is (kind == "limits")]
        return ", ".join(f"{name}: {used.get(name, '0')}/{hard[name]}" for name in chosen)

    return read


def _controller(revision: Object, _now: datetime) -> Cell:
    for owner in dig(revision, "metadata", "ownerReferences") or ():
        if owner.get("controller"):
            group = str(owner.get("apiVersion", "")).rpartition("/")[0]
            kind = str(owner.get("kind", "")).lower()
            return f"{kind}.{group}/{owner.get('name')}" if group else f"{kind}/{owner.get('name')}"
    return "<none>"


def _service(api_service: Object, _now: datetime) -> Cell:
    service = dig(api_service, "spec", "service")
    return f"{service.get('namespace')}/{service.get('name')}" if service else "Local"


def _available(api_service: Object, _now: datetime) -> Cell:
    for condition in dig(api_service, "status", "conditions") or ():
        if condition.get("type") == "Available":
            status, reason = condition.get("status"), condition.get("reason")
            return "True" if status == "True" else f"{status} ({reason})"
    return "Unknown"


def _parameters(ingress_class: Object, _now: datetime) -> Cell:
    given = dig(ingress_class, "spec", "parameters")
    if not given:
        return "<none>"
    group = given.get("apiGroup")
    kind = f"{given.get('kind')}.{group}" if group else given.get("kind")
    return f"{kind}/{given.get('name')}"


def _scaled(autoscaler: Object, _now: datetime) -> Cell:
    target = dig(autoscaler, "spec", "scaleTargetRef") or {}
    return f"{target.get('kind', '')}/{target.get('name', '')}"


def _targets(autoscaler: Object, _now: datetime) -> Cell:
    shown = []
    current = {
        dig(each, "resource", "name"): dig(each, "resource", "current", "averageUtilization")
        for each in dig(autoscaler, "status", "currentMetrics") or ()
    }
    for metric in dig(autoscaler, "spec", "metrics") or ():
        goal = dig(metric, "resource", "target", "averageUtilization")
        if goal is not None:
            used = current.get(dig(metric, "resource", "name"))
            shown.append(f"{'<unknown>' if used is None else f'{used}%'}/{goal}%")
    return ", ".join(shown) or "<none>"


def _hosts(ingress: Object, _now: datetime) -> Cell:
    hosts = [rule["host"] for rule in dig(ingress, "spec", "rules") or () if rule.get("host")]
    return first_few(hosts, len(hosts)) or "*"


def _address(ingress: Object, _now: datetime) -> Cell:
    found = dig(ingress, "status", "loadBalancer", "ingress") or ()
    return ",".join(each.get("ip") or each.get("hostname", "") for each in found)


def _ports(ingress: Object, _now: datetime) -> Cell:
    return "80, 443" if dig(ingress, "spec", "tls") else "80"


def _pod_selector(policy: Object, _now: datetime) -> Cell:
    return selector_text(dig(policy, "spec", "podSelector") or {})


COLUMNS = {
    ("", "limitranges"): (NAME, CREATED_AT),
    ("", "persistentvolumeclaims"): (
        NAME,
        Column("Status", field("status", "phase")),
        Column("Volume", field("spec", "volumeName")),
        Column("Capacity", field("status", "capacity", "storage")),
        Column("Access Modes", _access_modes("status", "accessModes")),
        Column("StorageClass", field("spec", "storageClassName")),
        AGE,
        Column("VolumeMode", _or("<unset>", "spec", "volumeMode"), wide=True),
    ),
    ("", "persistentvolumes"): (
        NAME,
        Column("Capacity", field("spec", "capacity", "storage")),
        Column("Access Modes", _access_modes("spec", "accessModes")),
        Column("Reclaim Policy", field("spec", "persistentVolumeReclaimPolicy")),
        Column("Status", field("status", "phase")),
        Column("Claim", _claim),
        Column("StorageClass", field("spec", "storageClassName")),
        Column("Reason", field("status", "reason")),
        AGE,
        Column("VolumeMode", _or("<unset>", "spec", "volumeMode"), wide=True),
    ),
    ("", "replicationcontrollers"): (
        NAME,
        Column("Desired", _or(0, "spec", "replicas"), type="integer"),
        Column("Current", _or(0, "status", "replicas"), type="integer"),
        Column("Ready", _or(0, "status", "readyReplicas"), type="integer"),
        AGE,
    ),
    ("", "resourcequotas"): (
        NAME,
        AGE,
        Column("Request", _used("requests")),
        Column("Limit", _used("limits")),
    ),
    ("apiregistration.k8s.io", "apiservices"): (
        NAME,
        Column("Service", _service),
        Column("Available", _available),
        AGE,
    ),
    ("apps", "controllerrevisions"): (
        NAME,
        Column("Controller", _controller),
        Column("Revision", _or(0, "revision"), type="integer"),
        AGE,
    ),
    ("autoscaling", "horizontalpodautoscalers"): (
        NAME,
        Column("Reference", _scaled),
        Column("Targets", _targets),
        Column("MinPods", _or("<unset>", "spec", "minReplicas")),
        Column("MaxPods", field("spec", "maxReplicas"), type="integer"),
        Column("Replicas", _or(0, "status", "currentReplicas"), type="integer"),
        AGE,
    ),
    ("networking.k8s.io", "ingressclasses"): (
        NAME,
        Column("Controller", field("spec", "controller")),
        Column("Parameters", _parameters),
        AGE,
    ),
    ("networking.k8s.io", "ingresses"): (
        NAME,
        Column("Class", _or("<none>", "spec", "ingressClassName")),
        Column("Hosts", _hosts),
        Column("Address", _address),
        Column("Ports", _ports),
        AGE,
    ),
    ("networking.k8s.io", "networkpolicies"): (NAME, Column("Pod-Selector", _pod_selector), AGE),
    ("policy", "poddisruptionbudgets"): (
        NAME,
        Column("Min Available", _or("N/A", "spec", "minAvailable")),
        Column("Max Unavailable", _or("N/A", "spec", "maxUnavailable")),
        Column("Allowed Disruptions", _or(0, "status", "disruptionsAllowed"), type="integer"),
        AGE,
    ),
    ("scheduling.k8s.io", "priorityclasses"): (
        NAME,
        Column("Value", _or(0, "value"), type="integer"),
        Column("Global-Default", _or(False, "globalDefault"), type="boolean"),
        AGE,
    ),
    ("storage.k8s.io", "storageclasses"): (
        Column("Name", _class_name, format="name"),
        Column("Provisioner", field("provisioner")),
        Column("ReclaimPolicy", _or("Delete", "reclaimPolicy")),
        Column("VolumeBindingMode", _or("<unset>", "volumeBindingMode")),
        Column("AllowVolumeExpansion", _or(False, "allowVolumeExpansion")),
        AGE,
    ),
}
"""The columns of each kind, by API group and plural name."""
