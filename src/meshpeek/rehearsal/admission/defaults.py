"""What an API server fills into built-in objects before it stores them, admission included.

`apply` is what the HTTP layer and the seeding call for every write of a built-in object. Facts:
Kubernetes 1.27's defaulting functions and the Service registry's allocators, k3s's address ranges.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable

from meshpeek.rehearsal.admission import pod_defaults
from meshpeek.rehearsal.installations.linkerd import injection
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types import crd_names
from meshpeek.rehearsal.types.keys import SERVICES, ResourceKey
from meshpeek.rehearsal.types.objects import Object

_FIRST_NODE_PORT = 30000
_NODE_PORTS = 2768
_STATIC_ADDRESSES = 256
_ADDRESSES = 1 << 16


def apply(cluster: Cluster, key: ResourceKey, obj: Object) -> Object:
    """Fill in, in place, what `obj` of the kind `key` leaves out, and return it.

    What the stored object of the same name has been allocated (addresses, node ports) is kept. A
    Pod that is not stored yet goes through admission too: service account, proxy injection.
    """
    fill = _DEFAULTS.get((key.group, key.plural))
    if fill is not None:
        metadata = obj["metadata"]
        name = metadata.get("name")
        old = cluster.store.get(key, metadata.get("namespace"), name) if name else None
        fill(cluster, obj, old)
    return obj


def _namespace(_cluster: Cluster, obj: Object, _old: Object | None) -> None:
    metadata = obj["metadata"]
    if metadata.get("name"):
        metadata.setdefault("labels", {})["kubernetes.io/metadata.name"] = metadata["name"]
    obj.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
    obj.setdefault("status", {}).setdefault("phase", "Active")


def _service(cluster: Cluster, obj: Object, old: Object | None) -> None:
    spec = obj.setdefault("spec", {})
    kind = spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    for port in spec.get("ports", ()):
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port.get("port", 0))
    if kind in ("ClusterIP", "NodePort", "LoadBalancer"):
        spec.setdefault("internalTrafficPolicy", "Cluster")
        _allocate_addresses(cluster, obj, old)
    if kind in ("NodePort", "LoadBalancer"):
        spec.setdefault("externalTrafficPolicy", "Cluster")
        _allocate_node_ports(cluster, obj, old)
    if kind == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    obj.setdefault("status", (old or {}).get("status", {"loadBalancer": {}}))


def _allocate_addresses(cluster: Cluster, obj: Object, old: Object | None) -> None:
    spec = obj["spec"]
    kept = (old or {}).get("spec", {})
    if not spec.get("clusterIP"):
        spec["clusterIP"] = kept.get("clusterIP") or _free_address(cluster, obj)
    if not spec.get("clusterIPs"):
        spec["clusterIPs"] = [spec["clusterIP"]]
    spec.setdefault("ipFamilies", ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "SingleStack")


def _free_address(cluster: Cluster, obj: Object) -> str:
    used = {each["spec"].get("clusterIP") for each in cluster.store.list(SERVICES)}
    size = _ADDRESSES - _STATIC_ADDRESSES - 1
    start = _stable_number(cluster, obj)
    for step in range(size):
        offset = _STATIC_ADDRESSES + (start + step) % size
        address = f"10.43.{offset >> 8}.{offset & 255}"
        if address not in used:
            return address
    raise RuntimeError(f"no Service address is left in cluster {cluster.name}")


def _allocate_node_ports(cluster: Cluster, obj: Object, old: Object | None) -> None:
    spec = obj["spec"]
    if spec.get("allocateLoadBalancerNodePorts") is False:
        return
    kept = {
        (port["protocol"], port["port"]): port["nodePort"]
        for port in (old or {}).get("spec", {}).get("ports", ())
        if "nodePort" in port
    }
    used = {
        port["nodePort"]
        for service in cluster.store.list(SERVICES)
        for port in service["spec"].get("ports", ())
        if "nodePort" in port
    }
    start = _stable_number(cluster, obj)
    for port in spec.get("ports", ()):
        if not port.get("nodePort"):
            free = (_FIRST_NODE_PORT + (start + step) % _NODE_PORTS for step in range(_NODE_PORTS))
            identity = (port["protocol"], port.get("port"))
            port["nodePort"] = kept.get(identity) or next(each for each in free if each not in used)
        used.add(port["nodePort"])


def _stable_number(cluster: Cluster, obj: Object) -> int:
    """Return a number that is the same in every run, so that addresses in a workshop are too."""
    metadata = obj["metadata"]
    identity = f"{cluster.name}/{metadata.get('namespace')}/{metadata.get('name')}"
    return zlib.crc32(identity.encode())


def _deployment(_cluster: Cluster, obj: Object, _old: Object | None) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    strategy = spec.setdefault("strategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxSurge", "25%")
        rolling.setdefault("maxUnavailable", "25%")
    _template(spec)
    obj.setdefault("status", {})


def _replica_set(_cluster: Cluster, obj: Object, _old: Object | None) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    _template(spec)
    obj.setdefault("status", {"replicas": 0})


def _template(spec: Object) -> None:
    template = spec.get("template")
    if isinstance(template, dict) and isinstance(template.get("spec"), dict):
        # Go writes the zero time of a template as null; `kubectl get -o yaml` shows it.
        template.setdefault("metadata", {}).setdefault("creationTimestamp", None)
        pod_defaults.apply_to_spec(template["spec"])


def _pod(cluster: Cluster, obj: Object, old: Object | None) -> None:
    if not obj.get("spec", {}).get("containers"):
        return
    pod_defaults.apply_to_spec(obj["spec"])
    if old is None:
        injection.inject(cluster, obj)
        pod_defaults.apply_to_spec(obj["spec"])
        pod_defaults.admit(obj)


def _secret(_cluster: Cluster, obj: Object, _old: Object | None) -> None:
    obj.setdefault("type", "Opaque")
    for name, text in obj.pop("stringData", {}).items():
        encoded = base64.b64encode(text.encode()).decode()
        obj.setdefault("data", {})[name] = encoded


def _binding(_cluster: Cluster, obj: Object, _old: Object | None) -> None:
    group = "rbac.authorization.k8s.io"
    obj.get("roleRef", {}).setdefault("apiGroup", group)
    for subject in obj.get("subjects", ()):
        if subject.get("kind") in ("User", "Group"):
            subject.setdefault("apiGroup", group)


def _definition(_cluster: Cluster, obj: Object, _old: Object | None) -> None:
    crd_names.apply_defaults(obj)


_DEFAULTS: dict[tuple[str, str], Callable[[Cluster, Object, Object | None], None]] = {
    ("", "namespaces"): _namespace,
    ("", "pods"): _pod,
    ("", "secrets"): _secret,
    ("", "services"): _service,
    ("apiextensions.k8s.io", "customresourcedefinitions"): _definition,
    ("apps", "deployments"): _deployment,
    ("apps", "replicasets"): _replica_set,
    ("rbac.authorization.k8s.io", "clusterrolebindings"): _binding,
    ("rbac.authorization.k8s.io", "rolebindings"): _binding,
}
