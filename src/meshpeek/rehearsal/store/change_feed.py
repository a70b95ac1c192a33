"""What changes in clusters, one line per object: for people who watch them.

It leaves out kinds that only repeat another line (Events, EndpointSlices, Leases), and writes
that change nothing of interest.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import IO, Any

from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.store.store import WatchEvent
from meshpeek.rehearsal.types.keys import ENDPOINT_SLICES, ENDPOINTS, EVENTS, LEASES, REPLICA_SETS
from meshpeek.rehearsal.types.objects import Object

_QUIET = {EVENTS, LEASES, ENDPOINT_SLICES}
_BOOKKEEPING = {ENDPOINTS, REPLICA_SETS}
"""Kinds in whose annotations controllers keep notes."""

_WORDS = {"ADDED": "added", "MODIFIED": "changed", "DELETED": "deleted"}
_BACKLOG = 1 << 20
"""How many bytes may wait for a reader; lines beyond that are counted and dropped."""


async def report_changes(clusters: Iterable[Cluster], output: IO[str]) -> asyncio.WriteTransport:
    """Write each change in `clusters` to the pipe `output` from now on, as a JSON line.

    A line is `{"cluster", "change": added|changed|deleted, "kind", "namespace", "name", "detail"}`,
    or `{"missed": N}` where the reader was too slow. The clusters never wait for the reader.
    Returns the transport, for the caller to close.
    """
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, output)
    missed = 0

    def tell(cluster: Cluster, event: WatchEvent) -> None:
        nonlocal missed
        change = describe(cluster, event)
        if change is None or transport.is_closing():
            return
        if transport.get_write_buffer_size() > _BACKLOG:
            missed += 1
            return
        if missed:
            transport.write(_line({"missed": missed}))
            missed = 0
        transport.write(_line(change))

    for cluster in clusters:
        cluster.store.subscribe(partial(tell, cluster))
    return transport


def _line(value: Mapping[str, object]) -> bytes:
    return json.dumps(value).encode() + b"\n"


def describe(cluster: Cluster, event: WatchEvent) -> dict[str, str] | None:
    """Return the line for a write as a mapping, or None for one that is left out."""
    detail = _detail(event)
    resource = cluster.resources.get(event.key)
    if event.key in _QUIET or resource is None or detail is None:
        return None
    metadata = event.object["metadata"]
    return {
        "cluster": cluster.name,
        "change": _WORDS[event.type],
        "kind": resource.kind,
        "namespace": metadata.get("namespace", ""),
        "name": metadata["name"],
        "detail": detail,
    }


def _detail(event: WatchEvent) -> str | None:
    """Return what has changed in an object; None if nothing of interest has."""
    if event.type != "MODIFIED" or event.previous is None:
        return ""
    old, new = event.previous, event.object
    if "deletionTimestamp" in new["metadata"] and "deletionTimestamp" not in old["metadata"]:
        return "is being deleted"
    told = list(_changed_fields(old, new))
    if event.key in _BOOKKEEPING:
        told = [field for field in told if field != "metadata.annotations"]
    if _state(new) != _state(old):
        told.append(_state(new))
    elif not _state(new) and new.get("status") != old.get("status"):
        told.append("status")
    return ", ".join(told) or None


def _changed_fields(old: Object, new: Object) -> Iterator[str]:
    for name in ("labels", "annotations", "finalizers"):
        if old["metadata"].get(name) != new["metadata"].get(name):
            yield f"metadata.{name}"
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if name in ("metadata", "status") or before == after:
            continue
        if not (isinstance(before, dict) and isinstance(after, dict)):
            yield name
            continue
        for inner in sorted(before.keys() | after.keys()):
            if before.get(inner) != after.get(inner):
                yield f"{name}.{inner}"


def _state(obj: Object) -> str:
    """Return the state of an object that runs something; an empty string for others."""
    status: Mapping[str, Any] = obj.get("status") or {}
    match obj.get("kind"):
        case "Pod":
            containers = status.get("containerStatuses") or ()
            ready = sum(bool(each["ready"]) for each in containers)
            reason = _waiting_reason(containers) or status.get("phase", "Pending")
            return f"{reason}, {ready} of {len(obj['spec']['containers'])} ready"
        case "Deployment" | "ReplicaSet":
            return f"{status.get('readyReplicas', 0)} of {obj['spec'].get('replicas', 1)} ready"
    return ""


def _waiting_reason(containers: Iterable[Mapping[str, Any]]) -> str:
    for each in containers:
        reason = each.get("state", {}).get("waiting", {}).get("reason")
        if reason:
            return str(reason)
    return ""
