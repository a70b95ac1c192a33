"""Whether a Pod may be evicted now: its PodDisruptionBudget says so. Facts: Kubernetes 1.27."""

from __future__ import annotations

from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types.keys import DISRUPTION_BUDGETS
from meshpeek.rehearsal.types.label_selectors import matches, requirements_of
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.status import ApiError


def check_budgets(cluster: Cluster, pod: Object, *, dry_run: bool) -> None:
    """Count an eviction against the Pod's budget; raises ApiError 429 where there is no room.

    Pods that have ended, and those that wait for a node, may always go.
    """
    if pod["status"].get("phase") in ("Failed", "Pending", "Succeeded"):
        return
    metadata = pod["metadata"]
    labels = metadata.get("labels") or {}
    budgets = [
        budget
        for budget in cluster.store.list(DISRUPTION_BUDGETS, metadata["namespace"])
        if budget["spec"].get("selector") is not None
        and matches(requirements_of(budget["spec"]["selector"]), labels)
    ]
    if len(budgets) > 1:
        message = (
            "This pod has more than one PodDisruptionBudget, "
            "which the eviction subresource does not support."
        )
        raise ApiError(500, "InternalError", message)
    for budget in budgets:
        status = budget.get("status") or {}
        if status.get("disruptionsAllowed", 0) <= 0:
            raise _refusal(budget)
        if not dry_run:
            left = {**status, "disruptionsAllowed": status["disruptionsAllowed"] - 1}
            stored = {**budget, "status": left}
            cluster.store.update(DISRUPTION_BUDGETS, stored, subresource="status")


def _refusal(budget: Object) -> ApiError:
    status = budget.get("status") or {}
    message = (
        f"The disruption budget {budget['metadata']['name']} needs "
        f"{status.get('desiredHealthy', 0)} healthy pods and has "
        f"{status.get('currentHealthy', 0)} currently"
    )
    return ApiError(
        429,
        "TooManyRequests",
        "Cannot evict pod as it would violate the pod's disruption budget.",
        {"causes": [{"reason": "DisruptionBudget", "message": message}]},
    )
