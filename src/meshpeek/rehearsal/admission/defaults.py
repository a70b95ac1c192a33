"""What an API server fills into built-in objects before it stores them, admission included.

A write of a built-in object is given its defaults first, then what admission and the registry add.
Facts: Kubernetes 1.27's defaulting functions.
"""

from __future__ import annotations

import base64
from collections.abc import Callable

from meshpeek.rehearsal.admission import (
    pod_defaults,
    service_defaults,
    webhooks,
    workload_defaults,
)
from meshpeek.rehearsal.admission.limit_ranges import apply_limit_ranges, set_limit_range_defaults
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types import crd_names
from meshpeek.rehearsal.types.keys import LIMIT_RANGES, PODS, PRIORITY_CLASSES, ResourceKey
from meshpeek.rehearsal.types.objects import Object


def apply(cluster: Cluster, key: ResourceKey, obj: Object) -> Object:
    """Fill in, in place, what `obj` of the kind `key` leaves out, and return it."""
    set_defaults(key, obj)
    return admit(cluster, key, obj)


def set_defaults(key: ResourceKey, obj: Object) -> None:
    """Fill in, in place, what depends on nothing but `obj`. Who writes it owns that, too."""
    fill = _DEFAULTS.get((key.group, key.plural))
    if fill is not None:
        fill(obj)


def admit(cluster: Cluster, key: ResourceKey, obj: Object) -> Object:
    """Fill in, in place, what admission and the registry add, which nobody owns; return `obj`.

    What the stored object of the same name has been allocated (addresses, node ports) is kept. A
    Pod that is not stored yet gets its service account, tolerations and what webhooks add.
    """
    fill = _ADMISSION.get((key.group, key.plural))
    if fill is not None:
        metadata = obj["metadata"]
        name = metadata.get("name")
        old = cluster.store.get(key, metadata.get("namespace"), name) if name else None
        fill(cluster, obj, old)
    return obj


def _namespace(obj: Object) -> None:
    metadata = obj["metadata"]
    if metadata.get("name"):
        metadata.setdefault("labels", {})["kubernetes.io/metadata.name"] = metadata["name"]
    obj.setdefault("status", {}).setdefault("phase", "Active")


def _admit_namespace(_cluster: Cluster, obj: Object, _old: Object | None) -> None:
    obj.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])


def _pod(obj: Object) -> None:
    if obj.get("spec", {}).get("containers"):
        pod_defaults.apply_to_pod(obj)


def _admit_pod(cluster: Cluster, obj: Object, old: Object | None) -> None:
    if not obj.get("spec", {}).get("containers"):
        return
    if old is None:
        webhooks.mutate(cluster, PODS, obj)
        pod_defaults.apply_to_pod(obj)
        if cluster.store.holds(LIMIT_RANGES):
            apply_limit_ranges(cluster, obj)
        _set_priority(cluster, obj["spec"])
        pod_defaults.admit(obj)
    pod_defaults.add_tolerations(obj["spec"])


def _set_priority(cluster: Cluster, spec: Object) -> None:
    """Give a Pod what its PriorityClass says, or the one that is everybody's."""
    name = spec.get("priorityClassName")
    if name:
        chosen = cluster.store.get(PRIORITY_CLASSES, None, name)
    else:
        everybodys = (
            each for each in cluster.store.list(PRIORITY_CLASSES) if each.get("globalDefault")
        )
        chosen = next(everybodys, None)
    if chosen is not None:
        spec["priorityClassName"] = chosen["metadata"]["name"]
        spec["priority"] = chosen["value"]
        if "preemptionPolicy" in chosen:
            spec["preemptionPolicy"] = chosen["preemptionPolicy"]


def _secret(obj: Object) -> None:
    obj.setdefault("type", "Opaque")
    for name, text in obj.pop("stringData", {}).items():
        encoded = base64.b64encode(text.encode()).decode()
        obj.setdefault("data", {})[name] = encoded


def _binding(obj: Object) -> None:
    group = "rbac.authorization.k8s.io"
    obj.get("roleRef", {}).setdefault("apiGroup", group)
    for subject in obj.get("subjects", ()):
        if subject.get("kind") in ("User", "Group"):
            subject.setdefault("apiGroup", group)


_DEFAULTS: dict[tuple[str, str], Callable[[Object], None]] = {
    ("", "limitranges"): set_limit_range_defaults,
    ("", "namespaces"): _namespace,
    ("", "pods"): _pod,
    ("", "secrets"): _secret,
    ("", "services"): service_defaults.set_defaults,
    ("apiextensions.k8s.io", "customresourcedefinitions"): crd_names.apply_defaults,
    ("", "persistentvolumeclaims"): workload_defaults.persistent_volume_claim,
    ("", "replicationcontrollers"): workload_defaults.replication_controller,
    ("apps", "daemonsets"): workload_defaults.daemon_set,
    ("apps", "deployments"): workload_defaults.deployment,
    ("apps", "replicasets"): workload_defaults.replica_set,
    ("apps", "statefulsets"): workload_defaults.stateful_set,
    ("autoscaling", "horizontalpodautoscalers"): workload_defaults.autoscaler,
    ("batch", "cronjobs"): workload_defaults.cron_job,
    ("batch", "jobs"): workload_defaults.job,
    ("rbac.authorization.k8s.io", "clusterrolebindings"): _binding,
    ("rbac.authorization.k8s.io", "rolebindings"): _binding,
}

_ADMISSION: dict[tuple[str, str], Callable[[Cluster, Object, Object | None], None]] = {
    ("", "namespaces"): _admit_namespace,
    ("", "pods"): _admit_pod,
    ("", "services"): service_defaults.allocate,
    ("batch", "jobs"): workload_defaults.admit_job,
}
