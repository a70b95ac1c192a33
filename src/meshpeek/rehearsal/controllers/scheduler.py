"""The scheduler: Pods get a node that fits, or wait until one does.

It considers cordons, taints, the Pod's nodeSelector, the node affinity that it requires, and how
many Pods a node can hold; affinity to Pods and requests of CPU and memory are ignored. Filters,
their order and wording: kube-scheduler 1.27.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from meshpeek.rehearsal.controllers.replicasets import is_active
from meshpeek.rehearsal.controllers.runtime import ObjectKey, Runtime, object_key, with_condition
from meshpeek.rehearsal.store.store import WatchEvent
from meshpeek.rehearsal.types.keys import NODES, PODS, ResourceKey
from meshpeek.rehearsal.types.objects import Object

DEFAULT_SCHEDULER = "default-scheduler"

_FULL = "Too many pods"
# The key of all Pods that wait. It is queued once, however many Pods have just gone: to queue each
# that waits for each that goes would be quadratic.
_EVERYBODY = (ObjectKey(PODS, "", ""),)


class Scheduler:
    """Binds Pods to nodes."""

    watches: frozenset[ResourceKey] | None = frozenset({NODES, PODS})

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        # Counted as events come: looking through all Pods for each one would be quadratic.
        self._node_of: dict[str, str] = {}
        self._held: Counter[str] = Counter()
        self._waiting: dict[str, ObjectKey] = {}

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:
        """Return a Pod without a node; all such Pods where a node may have become free."""
        if event.key == NODES:
            return _EVERYBODY if self._waiting else ()
        pod = event.object
        uid = pod["metadata"]["uid"]
        left = self._node_of.pop(uid, "")
        if left:
            self._held[left] -= 1
        self._waiting.pop(uid, None)
        if event.type == "DELETED":
            return _EVERYBODY if left and self._waiting else ()
        node = pod["spec"].get("nodeName")
        if node:
            self._node_of[uid] = node
            self._held[node] += 1
            return ()
        if pod["spec"].get("schedulerName", DEFAULT_SCHEDULER) != DEFAULT_SCHEDULER:
            return ()
        self._waiting[uid] = object_key(PODS, pod)
        return (self._waiting[uid],)

    def reconcile(self, key: ObjectKey) -> None:
        """Bind a Pod to the first node that fits, or record why none does."""
        if key in _EVERYBODY:
            self._try_all()
            return
        pod = self._runtime.get(key)
        if pod is None or pod["spec"].get("nodeName") or not is_active(pod):
            return
        obstacles: Counter[str] = Counter()
        for node in self._runtime.store.list(NODES):
            obstacle = self._obstacle(node, pod["spec"])
            if not obstacle:
                self._bind(pod, node["metadata"]["name"])
                return
            obstacles[obstacle] += 1
        self._refuse(pod, _explanation(obstacles))

    def _try_all(self) -> None:
        """Look at the Pods that wait, as long as a node has room: what is freed is soon taken."""
        for key in tuple(self._waiting.values()):
            if not any(map(self._has_room, self._runtime.store.list(NODES))):
                return
            self.reconcile(key)

    def _has_room(self, node: Object) -> bool:
        room = int(node.get("status", {}).get("allocatable", {}).get("pods", 0))
        return self._held[node["metadata"]["name"]] < room

    def _obstacle(self, node: Object, wanted: Mapping[str, Any]) -> str:
        """Return why a node does not fit a Pod of the spec `wanted`, an empty string if it does."""
        spec = node.get("spec", {})
        if spec.get("unschedulable"):
            return "node(s) were unschedulable"
        tolerations = wanted.get("tolerations") or ()
        for taint in spec.get("taints") or ():
            keeps_away = taint.get("effect") in ("NoSchedule", "NoExecute")
            if keeps_away and not any(tolerates(each, taint) for each in tolerations):
                return f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"
        labels = node["metadata"].get("labels") or {}
        is_selected = (wanted.get("nodeSelector") or {}).items() <= labels.items()
        if not (is_selected and _has_affinity(wanted, node)):
            return "node(s) didn't match Pod's node affinity/selector"
        return "" if self._has_room(node) else _FULL

    def _bind(self, pod: Object, node: str) -> None:
        metadata = pod["metadata"]
        condition = {"type": "PodScheduled", "status": "True", "lastProbeTime": None}
        status = {**pod["status"], "conditions": self._conditions(pod, condition)}
        spec = {**pod["spec"], "nodeName": node}
        self._runtime.store.update(PODS, {**pod, "spec": spec, "status": status})
        message = f"Successfully assigned {metadata['namespace']}/{metadata['name']} to {node}"
        self._runtime.record(pod, "Scheduled", message, source=DEFAULT_SCHEDULER)

    def _refuse(self, pod: Object, message: str) -> None:
        condition = {
            "type": "PodScheduled",
            "status": "False",
            "lastProbeTime": None,
            "reason": "Unschedulable",
            "message": message,
        }
        conditions = self._conditions(pod, condition)
        if conditions == list(pod["status"].get("conditions", ())):
            return
        self._runtime.update_status(PODS, pod, {**pod["status"], "conditions": conditions})
        self._runtime.record(
            pod, "FailedScheduling", message, source=DEFAULT_SCHEDULER, kind="Warning"
        )

    def _conditions(self, pod: Object, condition: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        before = pod["status"].get("conditions", ())
        return with_condition(before, condition, self._runtime.timestamp())


def tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    """Return whether a toleration is one of a taint."""
    if toleration.get("effect", "") not in ("", taint.get("effect")):
        return False
    if toleration.get("key", "") not in ("", taint["key"]):
        return False
    if toleration.get("operator", "Equal") == "Exists":
        return True
    return bool(toleration.get("value", "") == taint.get("value", ""))


def _has_affinity(wanted: Mapping[str, Any], node: Object) -> bool:
    """Return whether a node meets one of the terms that a Pod's node affinity requires."""
    affinity = (wanted.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if not required:
        return True
    labels = node["metadata"].get("labels") or {}
    fields = {"metadata.name": node["metadata"]["name"]}
    return any(
        all(_meets(each, labels) for each in term.get("matchExpressions") or ())
        and all(_meets(each, fields) for each in term.get("matchFields") or ())
        for term in required.get("nodeSelectorTerms") or ()
        if term.get("matchExpressions") or term.get("matchFields")
    )


def _meets(expression: Mapping[str, Any], values: Mapping[str, str]) -> bool:
    value = values.get(expression["key"])
    given: Sequence[str] = expression.get("values") or ()
    match expression["operator"]:
        case "In":
            return value in given
        case "NotIn":
            return value not in given
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case operator:
            try:
                number, bound = int(value or ""), int(given[0])
            except (ValueError, IndexError):
                return False
            return number > bound if operator == "Gt" else number < bound


def _explanation(obstacles: Counter[str]) -> str:
    """Return the message for a Pod that fits no node, and whether preemption would have helped."""
    nodes = obstacles.total()
    if not nodes:
        return "no nodes available to schedule pods"
    full = obstacles[_FULL]
    preemption = {
        "No preemption victims found for incoming pod": full,
        "Preemption is not helpful for scheduling": nodes - full,
    }
    # The second full stop is kube-scheduler's own.
    return (
        f"0/{nodes} nodes are available: {_counted(obstacles)}. "
        f"preemption: 0/{nodes} nodes are available: {_counted(preemption)}.."
    )


def _counted(reasons: Mapping[str, int]) -> str:
    return ", ".join(sorted(f"{count} {reason}" for reason, count in reasons.items() if count))
