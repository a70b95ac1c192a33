"""ResourceQuotas: what the objects of a namespace use, and who is over the quota.

Facts: Kubernetes 1.27's admission plugin ResourceQuota and its evaluators of Pods, Services and
claims. Scopes are those that Pods have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction

from meshpeek.rehearsal.admission.limit_ranges import quantity_text
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types.keys import (
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    RESOURCE_QUOTAS,
    SERVICES,
    ResourceKey,
)
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.scalars.quantities import amount_of
from meshpeek.rehearsal.types.status import forbidden

Usage = Mapping[str, Fraction]

_PLAIN = ("cpu", "ephemeral-storage", "memory")
_NAMED = (
    "configmaps",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "services",
)


def check_quotas(cluster: Cluster, key: ResourceKey, obj: Object) -> None:
    """Raise ApiError Forbidden for a new object that is over a quota of its namespace."""
    quotas = cluster.store.list(RESOURCE_QUOTAS, obj["metadata"]["namespace"])
    if not quotas:
        return
    requested = usage_of(key, obj)
    for quota in quotas:
        hard = quota["spec"].get("hard") or {}
        if not _is_in_scope(quota, key, obj):
            continue
        name, refused = quota["metadata"]["name"], obj["metadata"].get("name", "")
        missing = _unspecified(hard, key, obj)
        if missing:
            raise forbidden(key, refused, f"failed quota: {name}: must specify {missing}")
        used = used_of(cluster, quota)
        over = [
            each
            for each in sorted(hard)
            if requested.get(each) and used[each] + requested[each] > amount_of(hard[each])
        ]
        if over:
            listed = (
                ",".join(f"{each}={quantity_text(each, amounts[each])}" for each in over)
                for amounts in (requested, used, {each: amount_of(hard[each]) for each in over})
            )
            said = "requested: {}, used: {}, limited: {}".format(*listed)
            raise forbidden(key, refused, f"exceeded quota: {name}, {said}")


def used_of(cluster: Cluster, quota: Object) -> dict[str, Fraction]:
    """Return what the objects of a quota's namespace use of each resource that it limits."""
    used = {name: Fraction(0) for name in quota["spec"].get("hard") or {}}
    for resource in cluster.resources:
        if not resource.namespaced or not any(_is_counted(name, resource.key) for name in used):
            continue
        for obj in cluster.store.list(resource.key, quota["metadata"]["namespace"]):
            if _is_in_scope(quota, resource.key, obj):
                for name, amount in usage_of(resource.key, obj).items():
                    if name in used:
                        used[name] += amount
    return used


def usage_of(key: ResourceKey, obj: Object) -> Usage:
    """Return what an object uses, by the names that quotas have for it."""
    used: dict[str, Fraction] = defaultdict(Fraction)
    used[f"count/{key}"] = Fraction(1)
    if key.plural in _NAMED and not key.group:
        used[key.plural] = Fraction(1)
    if key == PODS:
        if obj.get("status", {}).get("phase") in ("Failed", "Succeeded"):
            return {f"count/{key}": Fraction(1)}
        for kind in ("requests", "limits"):
            for name, amount in _of_containers(obj["spec"], kind).items():
                used[f"{kind}.{name}"] = amount
                if kind == "requests" and name in _PLAIN:
                    used[name] = amount
    elif key == SERVICES:
        ports = Fraction(len(obj["spec"].get("ports") or ()))
        kind = obj["spec"].get("type", "ClusterIP")
        if kind in ("NodePort", "LoadBalancer"):
            used["services.nodeports"] = ports
        if kind == "LoadBalancer":
            used["services.loadbalancers"] = Fraction(1)
    elif key == PERSISTENT_VOLUME_CLAIMS:
        requests = (obj["spec"].get("resources") or {}).get("requests") or {}
        used["requests.storage"] = amount_of(requests.get("storage", "0"))
    return used


def _of_containers(spec: Object, kind: str) -> dict[str, Fraction]:
    total: dict[str, Fraction] = {}
    for container in spec.get("containers", ()):
        for name, text in ((container.get("resources") or {}).get(kind) or {}).items():
            total[name] = total.get(name, Fraction(0)) + amount_of(text)
    for container in spec.get("initContainers", ()):
        for name, text in ((container.get("resources") or {}).get(kind) or {}).items():
            total[name] = max(total.get(name, Fraction(0)), amount_of(text))
    return total


def _is_counted(name: str, key: ResourceKey) -> bool:
    if name.startswith("count/"):
        return name == f"count/{key}"
    if name in _NAMED or name.startswith("services."):
        return not key.group and name.partition(".")[0] == key.plural
    return key == (PERSISTENT_VOLUME_CLAIMS if name == "requests.storage" else PODS)


def _unspecified(hard: Mapping[str, str], key: ResourceKey, obj: Object) -> str:
    """Say which containers lack what a quota of computing resources makes them specify."""
    if key != PODS:
        return ""
    said = []
    for name in sorted(hard):
        kind, _, resource = name.rpartition(".")
        kind = kind or "requests"
        if resource not in _PLAIN or kind not in ("limits", "requests"):
            continue
        lacking = [
            container["name"]
            for container in obj["spec"].get("containers", ())
            if resource not in ((container.get("resources") or {}).get(kind) or {})
        ]
        if lacking:
            said.append(f"{name} for: {','.join(sorted(lacking))}")
    return "; ".join(said)


def _is_in_scope(quota: Object, key: ResourceKey, obj: Object) -> bool:
    if key != PODS:
        return True
    spec = obj["spec"]
    is_best_effort = (obj.get("status") or {}).get("qosClass") == "BestEffort"
    holds = {
        "BestEffort": is_best_effort,
        "NotBestEffort": not is_best_effort,
        "Terminating": "activeDeadlineSeconds" in spec,
        "NotTerminating": "activeDeadlineSeconds" not in spec,
    }
    return all(holds.get(scope, True) for scope in quota["spec"].get("scopes") or ())
