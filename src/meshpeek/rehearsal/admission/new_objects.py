"""What admission refuses in new objects by what else is in the cluster.

Facts: Kubernetes 1.27's plugins ServiceAccount, Priority, LimitRanger and ResourceQuota. The
account `default` is taken for granted: each Namespace gets one.
"""

from __future__ import annotations

from meshpeek.rehearsal.admission.limit_ranges import check_limit_ranges
from meshpeek.rehearsal.admission.resource_quotas import check_quotas
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types.keys import (
    LIMIT_RANGES,
    PODS,
    PRIORITY_CLASSES,
    RESOURCE_QUOTAS,
    SERVICE_ACCOUNTS,
    ResourceKey,
)
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.status import forbidden, quoted


def check_new_object(cluster: Cluster, key: ResourceKey, obj: Object) -> None:
    """Raise ApiError Forbidden for a new object that admission refuses."""
    if key == PODS:
        _check_references(cluster, obj)
    if "namespace" in obj["metadata"]:
        if cluster.store.holds(LIMIT_RANGES):
            check_limit_ranges(cluster, key, obj)
        if cluster.store.holds(RESOURCE_QUOTAS):
            check_quotas(cluster, key, obj)


def _check_references(cluster: Cluster, pod: Object) -> None:
    spec, metadata = pod["spec"], pod["metadata"]
    name, namespace = metadata.get("name", ""), metadata["namespace"]
    account = spec.get("serviceAccountName", "default")
    if account != "default" and not cluster.store.get(SERVICE_ACCOUNTS, namespace, account):
        detail = f"serviceaccount {quoted(account)} not found"
        where = f"error looking up service account {namespace}/{account}"
        raise forbidden(PODS, name, f"{where}: {detail}")
    priority = spec.get("priorityClassName")
    if priority and not cluster.store.get(PRIORITY_CLASSES, None, priority):
        raise forbidden(PODS, name, f"no PriorityClass with name {priority} was found")
