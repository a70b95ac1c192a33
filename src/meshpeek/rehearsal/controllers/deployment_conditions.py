"""The conditions of a Deployment: its availability and the progress of its rollout.

Facts: kube-controller-manager 1.27's deployment controller (progress.go, deployment_util.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from meshpeek.rehearsal.controllers.runtime import with_condition
from meshpeek.rehearsal.types.objects import Object

_NO_DEADLINE = 2**31 - 1

Condition = Mapping[str, Any]


def available_condition(enough: bool) -> dict[str, str]:
    """Return the condition Available."""
    return {
        "type": "Available",
        "status": "True" if enough else "False",
        "reason": "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable",
        "message": f"Deployment {'has' if enough else 'does not have'} minimum availability.",
    }


def progress_condition(
    deployment: Object, new: Object | None, counts: Mapping[str, int], now: datetime
) -> tuple[dict[str, str] | None, bool]:
    """Return the condition Progressing, or None to leave it, and whether there was progress.

    `deployment` has its status from before, `counts` are the new one's; `new` is its newest
    ReplicaSet.
    """
    if deployment["spec"].get("paused"):
        return _progressing("Unknown", "DeploymentPaused", "Deployment is paused"), False
    if new is None:
        return None, False
    name = new["metadata"]["name"]
    present = _present(deployment)
    if is_complete(deployment, counts):
        message = f'ReplicaSet "{name}" has successfully progressed.'
        return _progressing("True", "NewReplicaSetAvailable", message), False
    if present is None or f'"{name}"' not in present["message"]:
        message = f'Created new replica set "{name}"'
        return _progressing("True", "NewReplicaSetCreated", message), True
    if _has_moved(deployment.get("status", {}), counts):
        message = f'ReplicaSet "{name}" is progressing.'
        return _progressing("True", "ReplicaSetUpdated", message), True
    left = seconds_left(deployment, now)
    if left is not None and left <= 0:
        message = f'ReplicaSet "{name}" has timed out progressing.'
        return _progressing("False", "ProgressDeadlineExceeded", message), False
    return None, False


def is_complete(deployment: Object, counts: Mapping[str, int]) -> bool:
    """Return whether a rollout is complete: all replicas are new, and available."""
    wanted: int = deployment["spec"]["replicas"]
    return (
        counts["updatedReplicas"] == wanted
        and counts["replicas"] == wanted
        and counts["availableReplicas"] >= wanted
    )


def seconds_left(deployment: Object, now: datetime) -> float | None:
    """Return how long a rollout has to progress; None where there is no deadline."""
    present = _present(deployment)
    deadline = deployment["spec"].get("progressDeadlineSeconds", _NO_DEADLINE)
    if present is None or deadline == _NO_DEADLINE:
        return None
    if present["reason"] not in ("NewReplicaSetCreated", "ReplicaSetUpdated"):
        return None
    since = datetime.fromisoformat(present["lastUpdateTime"])
    return (since + timedelta(seconds=deadline) - now).total_seconds()


def with_updated(
    conditions: Iterable[Condition],
    condition: Mapping[str, str],
    moment: str,
    *,
    moved: bool = False,
) -> list[Condition]:
    """Set a condition: it has the time of its last update as well, which is now if it `moved`."""
    before = {each["type"]: each for each in conditions}
    return [
        {**each, "lastUpdateTime": moment}
        if each is not before.get(each["type"]) or (moved and each["type"] == condition["type"])
        else each
        for each in with_condition(conditions, condition, moment)
    ]


def with_replica_failure(
    conditions: Iterable[Condition], new: Object | None, owned: Iterable[Object], moment: str
) -> list[Condition]:
    """Set the condition ReplicaFailure to that of a ReplicaSet, the newest first; else drop it."""
    for replica_set in (*([new] if new else ()), *owned):
        for each in replica_set["status"].get("conditions", ()):
            if each["type"] == "ReplicaFailure":
                failure = {name: each[name] for name in ("type", "status", "reason", "message")}
                return with_updated(conditions, failure, moment)
    return [each for each in conditions if each["type"] != "ReplicaFailure"]


def _present(deployment: Object) -> Condition | None:
    for each in deployment.get("status", {}).get("conditions", ()):
        if each["type"] == "Progressing":
            condition: Condition = each
            return condition
    return None


def _has_moved(before: Mapping[str, Any], counts: Mapping[str, int]) -> bool:
    def old_ones(status: Mapping[str, Any]) -> int:
        number: int = status.get("replicas", 0) - status.get("updatedReplicas", 0)
        return number

    return old_ones(counts) < old_ones(before) or any(
        counts[name] > before.get(name, 0)
        for name in ("updatedReplicas", "readyReplicas", "availableReplicas")
    )


def _progressing(status: str, reason: str, message: str) -> dict[str, str]:
    return {"type": "Progressing", "status": status, "reason": reason, "message": message}
