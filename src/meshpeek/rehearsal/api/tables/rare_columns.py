"""The columns of kinds that a cluster has and few people list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from meshpeek.rehearsal.api.tables.columns import (
    AGE,
    NAME,
    Cell,
    Column,
    dig,
    field,
    human_duration,
    labels,
)
from meshpeek.rehearsal.types.objects import Object

_SHARES = "nominalConcurrencyShares"
_LENGTH = "queueLengthLimit"
_QUEUING = ("limitResponse", "queuing")


def _get(missing: Cell, *path: str) -> Callable[[Object, datetime], Cell]:
    def read(obj: Object, _now: datetime) -> Cell:
        value = dig(obj, *path)
        return value if isinstance(value, str | int | bool) else missing

    return read


def _drivers(node: Object, _now: datetime) -> Cell:
    return len(dig(node, "spec", "drivers") or ())


def _requested_duration(request: Object, _now: datetime) -> Cell:
    seconds = dig(request, "spec", "expirationSeconds")
    return human_duration(seconds) if isinstance(seconds, int) else "<none>"


def _request_condition(request: Object, _now: datetime) -> Cell:
    """Return what has become of a request, as kubectl's printer words it."""
    kinds = [each.get("type") for each in dig(request, "status", "conditions") or ()]
    words = [kind for kind in ("Approved", "Denied", "Failed") if kind in kinds] or ["Pending"]
    if dig(request, "status", "certificate"):
        words.append("Issued")
    return ",".join(words)


def _containers(name: str) -> Callable[[Object, datetime], Cell]:
    def read(template: Object, _now: datetime) -> Cell:
        listed = dig(template, "template", "spec", "containers") or ()
        return ",".join(str(each.get(name)) for each in listed)

    return read


def _labels(template: Object, _now: datetime) -> Cell:
    return labels(dig(template, "template", "metadata", "labels"))


COLUMNS = {
    ("", "podtemplates"): (
        NAME,
        Column("Containers", _containers("name")),
        Column("Images", _containers("image")),
        Column("Pod Labels", _labels),
    ),
    ("certificates.k8s.io", "certificatesigningrequests"): (
        NAME,
        AGE,
        Column("SignerName", field("spec", "signerName")),
        Column("Requestor", field("spec", "username")),
        Column("RequestedDuration", _requested_duration),
        Column("Condition", _request_condition),
    ),
    ("flowcontrol.apiserver.k8s.io", "flowschemas"): (
        NAME,
        Column("PriorityLevel", field("spec", "priorityLevelConfiguration", "name")),
        Column("MatchingPrecedence", field("spec", "matchingPrecedence"), type="integer"),
        Column("DistinguisherMethod", _get("<none>", "spec", "distinguisherMethod", "type")),
        AGE,
        Column("MissingPL", _get("?")),
    ),
    ("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations"): (
        NAME,
        Column("Type", field("spec", "type")),
        Column("NominalConcurrencyShares", _get("<none>", "spec", "limited", _SHARES)),
        Column("Queues", _get("<none>", "spec", "limited", *_QUEUING, "queues")),
        Column("HandSize", _get("<none>", "spec", "limited", *_QUEUING, "handSize")),
        Column(
            "QueueLengthLimit", _get("<none>", "spec", "limited", *_QUEUING, "queueLengthLimit")
        ),
        AGE,
    ),
    ("node.k8s.io", "runtimeclasses"): (NAME, Column("Handler", field("handler")), AGE),
    ("storage.k8s.io", "csidrivers"): (
        NAME,
        Column("AttachRequired", _get(True, "spec", "attachRequired"), type="boolean"),
        Column("PodInfoOnMount", _get(False, "spec", "podInfoOnMount"), type="boolean"),
        Column("StorageCapacity", _get(False, "spec", "storageCapacity"), type="boolean"),
        AGE,
    ),
    ("storage.k8s.io", "csinodes"): (NAME, Column("Drivers", _drivers, type="integer"), AGE),
    ("storage.k8s.io", "csistoragecapacities"): (
        NAME,
        Column("StorageClassName", field("storageClassName")),
        Column("Capacity", field("capacity")),
    ),
    ("storage.k8s.io", "volumeattachments"): (
        NAME,
        Column("Attacher", field("spec", "attacher"), format="name"),
        Column("PV", field("spec", "source", "persistentVolumeName")),
        Column("Node", field("spec", "nodeName")),
        Column("Attached", _get(False, "status", "attached"), type="boolean"),
        AGE,
    ),
}
"""The columns of each kind, by API group and plural name."""
