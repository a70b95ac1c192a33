"""PodDisruptionBudgets: how many of some Pods may be evicted now.

Facts: kube-controller-manager 1.27's disruption controller.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from meshpeek.rehearsal.controllers.replicasets import is_active, is_ready
from meshpeek.rehearsal.controllers.runtime import (
    ObjectKey,
    Runtime,
    controller_of,
    object_key,
    with_condition,
)
from meshpeek.rehearsal.store.store import WatchEvent
from meshpeek.rehearsal.types.keys import (
    DEPLOYMENTS,
    DISRUPTION_BUDGETS,
    PODS,
    REPLICA_SETS,
    STATEFUL_SETS,
    ResourceKey,
)
from meshpeek.rehearsal.types.label_selectors import matches, requirements_of
from meshpeek.rehearsal.types.objects import Object

_SCALES = {"ReplicaSet": REPLICA_SETS, "StatefulSet": STATEFUL_SETS}


class DisruptionController:
    """Keeps the status of PodDisruptionBudgets."""

    watches: frozenset[ResourceKey] | None = frozenset({DISRUPTION_BUDGETS, PODS, DEPLOYMENTS})

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:
        """Return the budgets that an event may change."""
        if event.key == DISRUPTION_BUDGETS:
            yield object_key(event.key, event.object)
            return
        for budget in self._runtime.store.list(
            DISRUPTION_BUDGETS, event.object["metadata"]["namespace"]
        ):
            if event.key != PODS or is_covered(budget, event.object):
                yield object_key(DISRUPTION_BUDGETS, budget)

    def reconcile(self, key: ObjectKey) -> None:
        """Count the Pods of a budget, and say how many may go."""
        budget = self._runtime.get(key)
        if budget is None or "deletionTimestamp" in budget["metadata"]:
            return
        pods = [
            pod
            for pod in self._runtime.store.list(PODS, key.namespace)
            if is_active(pod) and is_covered(budget, pod)
        ]
        expected, desired = self._wanted(budget, pods)
        healthy = sum(map(is_ready, pods))
        allowed = max(healthy - desired, 0) if expected else 0
        condition = {
            "type": "DisruptionAllowed",
            "status": "True" if allowed else "False",
            "reason": "SufficientPods" if allowed else "InsufficientPods",
            "message": "",
            "observedGeneration": budget["metadata"]["generation"],
        }
        before = budget.get("status", {}).get("conditions", ())
        status = {
            "conditions": with_condition(before, condition, self._runtime.timestamp()),
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "disruptionsAllowed": allowed,
            "expectedPods": expected,
            "observedGeneration": budget["metadata"]["generation"],
        }
        self._runtime.update_status(DISRUPTION_BUDGETS, budget, status)

    def _wanted(self, budget: Object, pods: list[Object]) -> tuple[int, int]:
        """Return how many Pods there should be, and how many of them must be healthy."""
        spec = budget["spec"]
        least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
        if isinstance(least, int):
            return len(pods), least
        expected = self._expected(pods)
        if least is not None:
            return expected, _share(least, expected)
        return expected, max(expected - _share(most if most is not None else 0, expected), 0)

    def _expected(self, pods: list[Object]) -> int:
        """Return how many Pods their controllers ask for."""
        scales: dict[str, int] = {}
        for pod in pods:
            owner = controller_of(pod)
            if owner is None or owner["kind"] not in _SCALES:
                scales[pod["metadata"]["uid"]] = 1
                continue
            place = pod["metadata"]["namespace"]
            found = self._runtime.store.get(_SCALES[owner["kind"]], place, owner["name"])
            above = controller_of(found) if found else None
            if found and above is not None and above["kind"] == "Deployment":
                found = self._runtime.store.get(DEPLOYMENTS, place, above["name"]) or found
            if found:
                scales[found["metadata"]["uid"]] = found["spec"]["replicas"]
        return sum(scales.values())


def is_covered(budget: Object, pod: Object) -> bool:
    """Return whether a budget is for a Pod of its namespace."""
    selector = budget["spec"].get("selector")
    if selector is None:
        return False
    return matches(requirements_of(selector), pod["metadata"].get("labels") or {})


def _share(value: int | str, total: int) -> int:
    if isinstance(value, str):
        return math.ceil(total * int(value.rstrip("%")) / 100)
    return value
