"""DaemonSets: a Pod on every node that fits. Facts: kube-controller-manager 1.27."""

from __future__ import annotations

import math
from collections.abc import Iterable

from meshpeek.rehearsal.controllers.on_demand.pods import HASH_LABEL, Revisions, make_pod
from meshpeek.rehearsal.controllers.replicasets import Refusals, is_active, is_ready
from meshpeek.rehearsal.controllers.runtime import (
    ObjectKey,
    Runtime,
    controller_of,
    nonzero,
    object_key,
)
from meshpeek.rehearsal.controllers.scheduler import tolerates
from meshpeek.rehearsal.store.store import WatchEvent
from meshpeek.rehearsal.types.keys import DAEMON_SETS, NODES, PODS, ResourceKey
from meshpeek.rehearsal.types.objects import Object

_SOURCE = "daemonset-controller"
_TOLERATED = (
    ("not-ready", "NoExecute"),
    ("unreachable", "NoExecute"),
    ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"),
    ("pid-pressure", "NoSchedule"),
    ("unschedulable", "NoSchedule"),
)


class DaemonSetController:
    """Keeps a Pod of each DaemonSet on each node that fits."""

    watches: frozenset[ResourceKey] | None = frozenset({DAEMON_SETS, NODES, PODS})

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._revisions = Revisions(runtime, DAEMON_SETS)
        self._refusals = Refusals(runtime, self)

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:
        """Return the DaemonSet that an event is about or whose Pod it is; all for a node's."""
        if event.key == DAEMON_SETS:
            yield object_key(event.key, event.object)
        elif event.key == NODES:
            for owner in self._runtime.store.list(DAEMON_SETS):
                yield object_key(DAEMON_SETS, owner)
        else:
            reference = controller_of(event.object)
            if reference is not None and reference["kind"] == "DaemonSet":
                namespace = event.object["metadata"]["namespace"]
                yield ObjectKey(DAEMON_SETS, namespace, reference["name"])

    def reconcile(self, key: ObjectKey) -> None:
        """Create missing Pods, delete those of nodes that no longer fit, and replace old ones."""
        owner = self._runtime.get(key)
        if owner is None or "deletionTimestamp" in owner["metadata"]:
            return
        hashed = self._revisions.newest(owner)
        nodes = [node["metadata"]["name"] for node in self._runtime.store.list(NODES)]
        fitting = [name for name in nodes if self._fits(owner, name)]
        placed: dict[str, Object] = {}
        for pod in filter(is_active, self._pods(owner)):
            node = _node_of(pod)
            if node in placed or node not in fitting:
                self._delete(owner, pod)
            else:
                placed[node] = pod
        for node in fitting:
            if node not in placed and not self._refusals.reason(key):
                self._create(owner, node, hashed)
        self._replace(owner, list(placed.values()), hashed, len(fitting))
        self._report(key, fitting, hashed)

    def _pods(self, owner: Object) -> list[Object]:
        return self._runtime.dependents(PODS, owner)

    def _fits(self, owner: Object, name: str) -> bool:
        node = self._runtime.store.get(NODES, None, name)
        spec = owner["spec"]["template"]["spec"]
        labels = (node or {}).get("metadata", {}).get("labels") or {}
        if node is None or not (spec.get("nodeSelector") or {}).items() <= labels.items():
            return False
        tolerations = [*(spec.get("tolerations") or ()), *_tolerations()]
        return all(
            taint.get("effect") == "PreferNoSchedule"
            or any(tolerates(each, taint) for each in tolerations)
            for taint in node.get("spec", {}).get("taints") or ()
        )

    def _create(self, owner: Object, node: str, hashed: str) -> None:
        template = owner["spec"]["template"]
        generation = str(owner["metadata"]["generation"])
        term = {
            "matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}],
        }
        required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
        affinity = {**(template["spec"].get("affinity") or {}), "nodeAffinity": required}
        tolerations = [*(template["spec"].get("tolerations") or ()), *_tolerations()]
        pod = make_pod(
            self._runtime,
            owner,
            template,
            {"generateName": f"{owner['metadata']['name']}-"},
            {HASH_LABEL: hashed, "pod-template-generation": generation},
            {"affinity": affinity, "tolerations": tolerations},
            source=_SOURCE,
        )
        if pod is None:
            self._refusals.wait(object_key(DAEMON_SETS, owner), node)
            return
        message = f"Created pod: {pod['metadata']['name']}"
        self._runtime.record(owner, "SuccessfulCreate", message, source=_SOURCE)

    def _replace(self, owner: Object, pods: list[Object], hashed: str, wanted: int) -> None:
        strategy = owner["spec"]["updateStrategy"]
        if strategy["type"] != "RollingUpdate":
            return
        allowed = _number(strategy["rollingUpdate"]["maxUnavailable"], wanted)
        missing = wanted - sum(map(is_ready, pods))
        old = [pod for pod in pods if pod["metadata"]["labels"].get(HASH_LABEL) != hashed]
        for pod in sorted(old, key=is_ready):
            if is_ready(pod):
                missing += 1
                if missing > allowed:
                    return
            self._delete(owner, pod)

    def _delete(self, owner: Object, pod: Object) -> None:
        self._runtime.delete(PODS, pod)
        message = f"Deleted pod: {pod['metadata']['name']}"
        self._runtime.record(owner, "SuccessfulDelete", message, source=_SOURCE)

    def _report(self, key: ObjectKey, fitting: list[str], hashed: str) -> None:
        owner = self._runtime.get(key)
        if owner is None:
            return
        pods = [pod for pod in self._pods(owner) if is_active(pod)]
        current = [pod for pod in pods if _node_of(pod) in fitting]
        ready = sum(map(is_ready, current))
        updated = sum(pod["metadata"]["labels"].get(HASH_LABEL) == hashed for pod in current)
        status = {
            "currentNumberScheduled": len(current),
            "desiredNumberScheduled": len(fitting),
            "numberMisscheduled": len(pods) - len(current),
            "numberReady": ready,
            **nonzero(
                {
                    "numberAvailable": ready,
                    "numberUnavailable": len(fitting) - ready,
                    "updatedNumberScheduled": updated,
                }
            ),
            "observedGeneration": owner["metadata"]["generation"],
        }
        self._runtime.update_status(DAEMON_SETS, owner, status)
        used = [pod["metadata"]["labels"].get(HASH_LABEL, "") for pod in pods]
        self._revisions.forget(owner, [*used, hashed])


def _tolerations() -> list[Object]:
    return [
        {"key": f"node.kubernetes.io/{name}", "operator": "Exists", "effect": effect}
        for name, effect in _TOLERATED
    ]


def _node_of(pod: Object) -> str:
    """Return the node that a Pod was made for: the scheduler may not have bound it yet."""
    if pod["spec"].get("nodeName"):
        return str(pod["spec"]["nodeName"])
    affinity = pod["spec"].get("affinity", {}).get("nodeAffinity", {})
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution", {})
    for term in required.get("nodeSelectorTerms", ()):
        for each in term.get("matchFields", ()):
            return str(each["values"][0])
    return ""


def _number(value: int | str, total: int) -> int:
    if isinstance(value, str):
        return math.ceil(total * int(value.rstrip("%")) / 100)
    return value
