"""Event objects: what controllers tell people about other objects."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import NamedTuple

from meshpeek.rehearsal.store.store import Store, timestamp
from meshpeek.rehearsal.types.keys import EVENTS
from meshpeek.rehearsal.types.objects import Object

_order = itertools.count()


class Occurrence(NamedTuple):
    """The contents of an Event; `source` reports it, `kind` is Normal or Warning.

    `path` names the part of the object that it is about, such as `spec.containers{color}`.
    """

    reason: str
    message: str
    source: str
    kind: str = "Normal"
    path: str = ""


def record(store: Store, now: datetime, about: Object, occurrence: Occurrence) -> None:
    """Store an Event of the time `now` about the object `about`, which is or was in `store`."""
    metadata = about["metadata"]
    moment = timestamp(now)
    # Real names end in nanoseconds, so that kubectl, which sorts by whole seconds, lists the
    # Events of one second in their order.
    number = int(now.timestamp()) * 10**9 + next(_order)
    involved = {
        "apiVersion": about["apiVersion"],
        "kind": about["kind"],
        "name": metadata["name"],
        "namespace": metadata.get("namespace", ""),
        "resourceVersion": metadata["resourceVersion"],
        "uid": metadata["uid"],
    }
    if occurrence.path:
        involved["fieldPath"] = occurrence.path
    store.create(
        EVENTS,
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{metadata['name']}.{number:x}",
                "namespace": metadata.get("namespace") or "default",
                "creationTimestamp": moment,
            },
            "involvedObject": involved,
            "reason": occurrence.reason,
            "message": occurrence.message,
            "source": {"component": occurrence.source},
            "firstTimestamp": moment,
            "lastTimestamp": moment,
            "count": 1,
            "type": occurrence.kind,
            "eventTime": None,
            "reportingComponent": occurrence.source,
            "reportingInstance": "",
        },
    )
