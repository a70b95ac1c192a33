"""HorizontalPodAutoscalers: they keep to their bounds, and scale by a figure that is given.

Nothing is measured, as on a cluster without a metrics server; an annotation says how much of its
CPU the target uses, and that does not change with its replicas. Facts: kube-controller-manager
1.27's horizontal controller.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from meshpeek.rehearsal.controllers.runtime import ObjectKey, Runtime, object_key, with_condition
from meshpeek.rehearsal.store.store import WatchEvent
from meshpeek.rehearsal.types.keys import (
    AUTOSCALERS,
    DEPLOYMENTS,
    REPLICA_SETS,
    STATEFUL_SETS,
    ResourceKey,
)
from meshpeek.rehearsal.types.objects import Object

CPU_PERCENT = "meshpeek/cpu-percent"
"""The annotation of an autoscaler: how much of its requested CPU the target uses, in percent."""

_SOURCE = "horizontal-pod-autoscaler"
_TARGETS = {"Deployment": DEPLOYMENTS, "ReplicaSet": REPLICA_SETS, "StatefulSet": STATEFUL_SETS}
_TOLERANCE = 0.1
_NO_METRICS = (
    "the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get "
    "metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could "
    "not find the requested resource (get pods.metrics.k8s.io)"
)


class AutoscalerController:
    """Scales the targets of HorizontalPodAutoscalers."""

    watches: frozenset[ResourceKey] | None = frozenset({AUTOSCALERS, *_TARGETS.values()})

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:
        """Return the autoscaler that an event is about, or those of its target."""
        if event.key == AUTOSCALERS:
            yield object_key(event.key, event.object)
            return
        metadata = event.object["metadata"]
        for each in self._runtime.store.list(AUTOSCALERS, metadata["namespace"]):
            target = each["spec"]["scaleTargetRef"]
            if (_TARGETS.get(target["kind"]), target["name"]) == (event.key, metadata["name"]):
                yield object_key(AUTOSCALERS, each)

    def reconcile(self, key: ObjectKey) -> None:
        """Scale the target to what its bounds and its figure ask for."""
        autoscaler = self._runtime.get(key)
        if autoscaler is None or "deletionTimestamp" in autoscaler["metadata"]:
            return
        reference = autoscaler["spec"]["scaleTargetRef"]
        kind = _TARGETS.get(reference["kind"])
        target = kind and self._runtime.store.get(kind, key.namespace, reference["name"])
        if not kind or not target:
            message = (
                "the HPA controller was unable to get the target's current scale: "
                f'{reference["kind"].lower()}s "{reference["name"]}" not found'
            )
            failed = _condition("AbleToScale", "False", "FailedGetScale", message)
            self._report(autoscaler, {}, [failed])
            return
        current = target["spec"]["replicas"]
        used = _percentage(autoscaler)
        wanted, limited = self._wanted(autoscaler, current, used)
        if wanted != current:
            spec = {**target["spec"], "replicas": wanted}
            self._runtime.store.update(kind, {**target, "spec": spec})
            reason = "cpu resource utilization (percentage of request) above target"
            if wanted < current:
                reason = "All metrics below target"
            message = f"New size: {wanted}; reason: {reason}"
            self._runtime.record(autoscaler, "SuccessfulRescale", message, source=_SOURCE)
        able = "the HPA controller was able to get the target's current scale"
        conditions = [_condition("AbleToScale", "True", "SucceededGetScale", able)]
        if used is None:
            failed = _condition("ScalingActive", "False", "FailedGetResourceMetric", _NO_METRICS)
            conditions.append(failed)
        else:
            valid = (
                "the HPA was able to successfully calculate a replica count from cpu resource "
                "utilization (percentage of request)"
            )
            conditions.append(_condition("ScalingActive", "True", "ValidMetricFound", valid))
            conditions.append(limited)
        self._report(autoscaler, {"replicas": current, "wanted": wanted, "used": used}, conditions)

    def _wanted(
        self, autoscaler: Object, current: int, used: int | None
    ) -> tuple[int, dict[str, str]]:
        """Return how many replicas there should be, and whether the bounds have a say in it."""
        spec = autoscaler["spec"]
        least, most = spec["minReplicas"], spec["maxReplicas"]
        within = "the desired count is within the acceptable range"
        condition = _condition("ScalingLimited", "False", "DesiredWithinRange", within)
        if not current:
            return 0, condition
        wanted = current
        goal = _goal(autoscaler)
        if used is not None and goal and abs(used / goal - 1) > _TOLERANCE:
            wanted = math.ceil(current * used / goal)
        if wanted > most:
            message = "the desired replica count is more than the maximum replica count"
            condition = _condition("ScalingLimited", "True", "TooManyReplicas", message)
        elif wanted < least:
            message = "the desired replica count is less than the minimum replica count"
            condition = _condition("ScalingLimited", "True", "TooFewReplicas", message)
        return max(least, min(most, wanted)), condition

    def _report(
        self,
        autoscaler: Object,
        counts: Mapping[str, int | None],
        conditions: Iterable[Mapping[str, str]],
    ) -> None:
        listed = autoscaler["status"].get("conditions", ())
        kinds = {each["type"] for each in conditions}
        listed = [each for each in listed if each["type"] in kinds]
        for each in conditions:
            listed = with_condition(listed, each, self._runtime.timestamp())
        used = counts.get("used")
        current = {"averageUtilization": used, "averageValue": f"{used}m"}
        metrics = [{"type": "Resource", "resource": {"name": "cpu", "current": current}}]
        status: dict[str, Any] = {
            "conditions": listed,
            "currentMetrics": None if used is None else metrics,
            "currentReplicas": counts.get("replicas") or 0,
            "desiredReplicas": counts.get("wanted") or 0,
        }
        if counts.get("wanted") != counts.get("replicas"):
            status["lastScaleTime"] = self._runtime.timestamp()
        elif "lastScaleTime" in autoscaler["status"]:
            status["lastScaleTime"] = autoscaler["status"]["lastScaleTime"]
        self._runtime.update_status(AUTOSCALERS, autoscaler, status)


def _goal(autoscaler: Object) -> int:
    for metric in autoscaler["spec"].get("metrics") or ():
        target = (metric.get("resource") or {}).get("target") or {}
        if "averageUtilization" in target:
            return int(target["averageUtilization"])
    return 0


def _percentage(autoscaler: Object) -> int | None:
    text = (autoscaler["metadata"].get("annotations") or {}).get(CPU_PERCENT, "")
    return int(text) if text.isascii() and text.isdigit() else None


def _condition(kind: str, status: str, reason: str, message: str) -> dict[str, str]:
    return {"type": kind, "status": status, "reason": reason, "message": message}
