"""ReplicaSets: as many Pods as they ask for. Facts: kube-controller-manager 1.27."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from meshpeek.rehearsal.controllers.runtime import (
    Controller,
    ObjectKey,
    Runtime,
    controller_of,
    nonzero,
    object_key,
    owned_by,
    with_condition,
)
from meshpeek.rehearsal.store.store import WatchEvent
from meshpeek.rehearsal.types.keys import PODS, REPLICA_SETS, ResourceKey
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.status import ApiError

RETRY_SECONDS = 5.0
"""How long a controller waits before it creates a Pod again that was refused."""

_SOURCE = "replicaset-controller"


def is_ready(pod: Object) -> bool:
    """Return whether a Pod's Ready condition is true."""
    return _ready_since(pod) is not None


def _ready_since(pod: Object) -> datetime | None:
    for condition in pod.get("status", {}).get("conditions", ()):
        if condition["type"] == "Ready" and condition["status"] == "True":
            return datetime.fromisoformat(condition["lastTransitionTime"])
    return None


def is_active(pod: Object) -> bool:
    """Return whether a Pod has neither ended nor is being deleted."""
    ended = pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
    return not ended and "deletionTimestamp" not in pod["metadata"]


class Refusals:
    """The objects whose Pods are refused, until they are tried again: what they lack may come."""

    def __init__(self, runtime: Runtime, controller: Controller) -> None:
        self._runtime = runtime
        self._controller = controller
        self._reasons: dict[ObjectKey, str] = {}

    def reason(self, key: ObjectKey) -> str:
        """Return why the Pods of an object are refused; an empty text if they may be tried."""
        return self._reasons.get(key, "")

    def wait(self, key: ObjectKey, reason: str) -> None:
        """Try nothing for an object for some seconds, and have it looked at then."""
        self._reasons[key] = reason

        def look() -> None:
            del self._reasons[key]
            self._runtime.enqueue(self._controller, key)

        self._runtime.after(RETRY_SECONDS, look)


class ReplicaSetController:
    """Makes and deletes the Pods of ReplicaSets, and counts them."""

    watches: frozenset[ResourceKey] | None = frozenset({REPLICA_SETS, PODS})

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._refusals = Refusals(runtime, self)

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:
        """Return the ReplicaSets that an event is about, or whose Pod it is or may be."""
        if event.key == REPLICA_SETS:
            yield object_key(event.key, event.object)
        elif event.key == PODS:
            owner = controller_of(event.object)
            if owner is None and event.type != "DELETED":
                yield from self._runtime.candidates(REPLICA_SETS, event.object)
            elif owner is not None and owner["kind"] == "ReplicaSet":
                yield ObjectKey(REPLICA_SETS, event.object["metadata"]["namespace"], owner["name"])

    def reconcile(self, key: ObjectKey) -> None:
        """Create or delete Pods until there are as many as wanted, then count."""
        replica_set = self._runtime.get(key)
        if replica_set is None or "deletionTimestamp" in replica_set["metadata"]:
            return
        pods = self._pods(replica_set)
        wanted = replica_set["spec"]["replicas"]
        failure = self._refusals.reason(key)
        for _ in range(0 if failure else wanted - len(pods)):
            failure = self._create(replica_set)
            if failure:
                self._refusals.wait(key, failure)
                break
        for pod in sorted(pods, key=_worth)[: max(len(pods) - wanted, 0)]:
            self._delete(replica_set, pod)
        self._report(replica_set, failure)

    def _pods(self, replica_set: Object) -> list[Object]:
        return [pod for pod in self._runtime.dependents(PODS, replica_set) if is_active(pod)]

    def _create(self, replica_set: Object) -> str:
        """Create a Pod; return why it is refused, an empty text if it is not."""
        template = json.loads(json.dumps(replica_set["spec"]["template"]))
        given = template["metadata"]
        prefix = f"{replica_set['metadata']['name']}-"
        pod: Object = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                **nonzero({name: given.get(name) for name in ("labels", "annotations")}),
                "generateName": prefix,
                "namespace": replica_set["metadata"]["namespace"],
                "ownerReferences": owned_by(replica_set),
            },
            "spec": template["spec"],
        }
        try:
            created = self._runtime.create(PODS, pod)
        except ApiError as error:
            message = f"Error creating: {error.message}"
            self._runtime.record(
                replica_set, "FailedCreate", message, source=_SOURCE, kind="Warning"
            )
            return error.message
        message = f"Created pod: {created['metadata']['name']}"
        self._runtime.record(replica_set, "SuccessfulCreate", message, source=_SOURCE)
        return ""

    def _delete(self, replica_set: Object, pod: Object) -> None:
        self._runtime.delete(PODS, pod)
        message = f"Deleted pod: {pod['metadata']['name']}"
        self._runtime.record(replica_set, "SuccessfulDelete", message, source=_SOURCE)

    def _report(self, replica_set: Object, failure: str) -> None:
        conditions: list[Any] = []
        if failure:
            refused = {
                "type": "ReplicaFailure",
                "status": "True",
                "reason": "FailedCreate",
                "message": failure,
            }
            before = replica_set["status"].get("conditions", ())
            conditions = with_condition(before, refused, self._runtime.timestamp())
        pods = self._pods(replica_set)
        labels = (replica_set["spec"]["template"]["metadata"].get("labels") or {}).items()
        status: dict[str, Any] = {
            "replicas": len(pods),
            **nonzero(
                {
                    "fullyLabeledReplicas": sum(
                        labels <= pod["metadata"].get("labels", {}).items() for pod in pods
                    ),
                    "readyReplicas": sum(map(is_ready, pods)),
                    "availableReplicas": self._count_available(replica_set, pods),
                    "observedGeneration": replica_set["metadata"]["generation"],
                    "conditions": conditions,
                }
            ),
        }
        self._runtime.update_status(REPLICA_SETS, replica_set, status)

    def _count_available(self, replica_set: Object, pods: list[Object]) -> int:
        """Count the Pods that have been ready for long enough; look again when others may be."""
        needed = replica_set["spec"].get("minReadySeconds", 0)
        available = 0
        for since in filter(None, map(_ready_since, pods)):
            missing = needed - (self._runtime.clock.now() - since).total_seconds()
            if missing <= 0 or not needed:
                available += 1
            else:
                self._runtime.enqueue(self, object_key(REPLICA_SETS, replica_set), missing)
        return available


def _worth(pod: Object) -> tuple[bool, bool, float]:
    """Rank a Pod for deletion: unscheduled, unready and new ones are deleted first."""
    created = datetime.fromisoformat(pod["metadata"]["creationTimestamp"])
    return ("nodeName" in pod["spec"], is_ready(pod), -created.timestamp())
