"""How far a Deployment's rollout may go at a time: surge and unavailability.

Facts: kube-controller-manager 1.27's deployment controller: a percentage of surge is rounded up,
one of unavailability down, and they are never both zero.
"""

from __future__ import annotations

import math

from meshpeek.rehearsal.types.objects import Object


def replicas_of(replica_set: Object) -> int:
    """Return how many Pods a ReplicaSet asks for."""
    replicas: int = replica_set["spec"]["replicas"]
    return replicas


def available_of(replica_set: Object) -> int:
    """Return how many of a ReplicaSet's Pods are available."""
    available: int = replica_set.get("status", {}).get("availableReplicas", 0)
    return available


def grown(deployment: Object, new: Object, old: list[Object]) -> int:
    """Return how many replicas the new ReplicaSet may have now."""
    wanted: int = deployment["spec"]["replicas"]
    if replicas_of(new) >= wanted:
        return wanted
    total = replicas_of(new) + sum(map(replicas_of, old))
    room = wanted + surge_allowed(deployment) - total
    return min(wanted, replicas_of(new) + max(room, 0))


def surge_allowed(deployment: Object) -> int:
    """Return by how many Pods a rollout may exceed what is wanted."""
    rolling = deployment["spec"]["strategy"].get("rollingUpdate")
    if rolling is None:
        return 0
    return math.ceil(_share(rolling["maxSurge"], deployment["spec"]["replicas"]))


def unavailable_allowed(deployment: Object) -> int:
    """Return how many of the wanted Pods a rollout may leave unavailable."""
    rolling = deployment["spec"]["strategy"].get("rollingUpdate")
    wanted: int = deployment["spec"]["replicas"]
    if rolling is None:
        return 0
    allowed = min(math.floor(_share(rolling["maxUnavailable"], wanted)), wanted)
    return allowed if allowed or surge_allowed(deployment) else min(1, wanted)


def _share(value: int | str, replicas: int) -> float:
    return replicas * int(value.rstrip("%")) / 100 if isinstance(value, str) else value
