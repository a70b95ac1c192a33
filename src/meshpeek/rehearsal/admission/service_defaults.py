"""What an API server fills into Services: defaults, and what its registry allocates.

Facts: Kubernetes 1.27's SetDefaults_Service and the Service registry's strategy and allocators,
k3s's address ranges.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types.keys import SERVICES
from meshpeek.rehearsal.types.objects import Object

_FIRST_NODE_PORT = 30000
_NODE_PORTS = 2768
_STATIC_ADDRESSES = 256
_ADDRESSES = 1 << 16
_AFFINITY_SECONDS = 10800

_NO_SPEC: Mapping[str, Any] = {}


def set_defaults(service: Object) -> None:
    """Fill in, in place, what depends on nothing but the Service itself."""
    spec = service.setdefault("spec", {})
    kind = spec.setdefault("type", "ClusterIP")
    if spec.setdefault("sessionAffinity", "None") == "None":
        spec.pop("sessionAffinityConfig", None)
    elif spec["sessionAffinity"] == "ClientIP":
        affinity = spec.setdefault("sessionAffinityConfig", {}).setdefault("clientIP", {})
        affinity.setdefault("timeoutSeconds", _AFFINITY_SECONDS)
    for port in spec.get("ports", ()):
        port.setdefault("protocol", "TCP")
        port["targetPort"] = port.get("targetPort") or port.get("port", 0)
    if needs_address(spec):
        spec.setdefault("internalTrafficPolicy", "Cluster")
    if is_external(spec):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if kind == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)


def allocate(cluster: Cluster, service: Object, old: Object | None) -> None:
    """Give a Service, in place, its addresses and node ports, those of the stored one first.

    What belongs to a type that it had before goes, unless it was changed.
    """
    spec = service["spec"]
    if old is not None:
        _keep_allocated(spec, old["spec"])
        _drop_type_dependent(spec, old["spec"])
    if needs_address(spec):
        _allocate_addresses(cluster, service)
    if needs_node_ports(spec):
        _allocate_node_ports(cluster, service)
    service.setdefault("status", (old or {}).get("status", {"loadBalancer": {}}))


def needs_address(spec: Mapping[str, Any]) -> bool:
    """Return whether a Service's type has a cluster address (`None` is one)."""
    return spec.get("type") in ("ClusterIP", "NodePort", "LoadBalancer")


def needs_node_ports(spec: Mapping[str, Any]) -> bool:
    """Return whether a Service gets node ports."""
    if spec.get("type") == "LoadBalancer":
        return spec.get("allocateLoadBalancerNodePorts") is not False
    return spec.get("type") == "NodePort"


def is_external(spec: Mapping[str, Any]) -> bool:
    """Return whether a Service can be reached from outside, so that a policy for that holds."""
    if spec.get("type") in ("NodePort", "LoadBalancer"):
        return True
    return spec.get("type") == "ClusterIP" and bool(spec.get("externalIPs"))


def _keep_allocated(spec: Object, old: Mapping[str, Any]) -> None:
    if needs_address(old) and needs_address(spec):
        if not spec.get("clusterIP"):
            spec["clusterIP"] = old["clusterIP"]
        if not spec.get("clusterIPs") and spec["clusterIP"] == old["clusterIP"]:
            spec["clusterIPs"] = old["clusterIPs"]
        for name in ("ipFamilies", "ipFamilyPolicy"):
            if not spec.get(name) and name in old:
                spec[name] = old[name]
    if needs_node_ports(old) and needs_node_ports(spec):
        used = _node_ports(old) & _node_ports(spec)
        before = {port.get("name", ""): port.get("nodePort") for port in old.get("ports", ())}
        for port in spec.get("ports", ()):
            known = before.get(port.get("name", ""))
            if not port.get("nodePort") and known and known not in used:
                port["nodePort"] = known
                used.add(known)


def _drop_type_dependent(spec: Object, old: Mapping[str, Any]) -> None:
    gone: list[str] = []
    if needs_address(old) and not needs_address(spec):
        gone += ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy")
        gone += ("internalTrafficPolicy",)
    if is_external(old) and not is_external(spec):
        gone.append("externalTrafficPolicy")
    if old.get("type") == "LoadBalancer" and spec.get("type") != "LoadBalancer":
        gone += ("allocateLoadBalancerNodePorts", "loadBalancerClass")
    for name in gone:
        if spec.get(name) == old.get(name):
            spec.pop(name, None)
    is_bare = needs_node_ports(old) and not needs_node_ports(spec)
    if is_bare and _node_ports(spec) <= _node_ports(old):
        for port in spec.get("ports", ()):
            port.pop("nodePort", None)


def _node_ports(spec: Mapping[str, Any]) -> set[int]:
    return {port["nodePort"] for port in spec.get("ports", ()) if port.get("nodePort")}


def _allocate_addresses(cluster: Cluster, service: Object) -> None:
    spec = service["spec"]
    if not spec.get("clusterIP"):
        spec["clusterIP"] = _free_address(cluster, service)
    if not spec.get("clusterIPs"):
        spec["clusterIPs"] = [spec["clusterIP"]]
    is_anything = spec["clusterIP"] == "None" and not spec.get("selector")
    if is_anything and "ipFamilyPolicy" not in spec and len(spec.get("ipFamilies", ())) < 2:
        first = spec.get("ipFamilies", ["IPv4"])[0]
        spec["ipFamilies"] = [first, "IPv6" if first == "IPv4" else "IPv4"]
        spec["ipFamilyPolicy"] = "RequireDualStack"
    spec.setdefault("ipFamilies", ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "SingleStack")


def _free_address(cluster: Cluster, service: Object) -> str:
    used = {each["spec"].get("clusterIP") for each in cluster.store.list(SERVICES)}
    size = _ADDRESSES - _STATIC_ADDRESSES - 1
    start = _stable_number(cluster, service)
    for step in range(size):
        offset = _STATIC_ADDRESSES + (start + step) % size
        address = f"10.43.{offset >> 8}.{offset & 255}"
        if address not in used:
            return address
    raise RuntimeError(f"no Service address is left in cluster {cluster.name}")


def _allocate_node_ports(cluster: Cluster, service: Object) -> None:
    used = {port for other in cluster.store.list(SERVICES) for port in _node_ports(other["spec"])}
    start = _stable_number(cluster, service)
    for port in service["spec"].get("ports", ()):
        if not port.get("nodePort"):
            free = (_FIRST_NODE_PORT + (start + step) % _NODE_PORTS for step in range(_NODE_PORTS))
            port["nodePort"] = next(each for each in free if each not in used)
        used.add(port["nodePort"])


def _stable_number(cluster: Cluster, service: Object) -> int:
    """Return a number that is the same in every run, so that addresses in a workshop are too."""
    metadata = service["metadata"]
    identity = f"{cluster.name}/{metadata.get('namespace')}/{metadata.get('name')}"
    return zlib.crc32(identity.encode())
