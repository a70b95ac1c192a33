"""The columns of Services, endpoints and what routes to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from meshpeek.rehearsal.api.tables.columns import (
    AGE,
    NAME,
    Column,
    dig,
    field,
    first_few,
    labels,
)
from meshpeek.rehearsal.types.objects import Object


def _cluster_ip(obj: Object, _now: datetime) -> str:
    return dig(obj, "spec", "clusterIP") or "<none>"


def _external_ip(obj: Object, _now: datetime) -> str:
    spec = obj.get("spec") or {}
    addresses = list(spec.get("externalIPs") or [])
    match spec.get("type"):
        case "ExternalName":
            return spec.get("externalName") or "<none>"
        case "LoadBalancer":
            ingress = dig(obj, "status", "loadBalancer", "ingress") or []
            addresses = [each.get("ip") or each.get("hostname", "") for each in ingress] + addresses
            return ",".join(addresses) or "<pending>"
        case _:
            return ",".join(addresses) or "<none>"


def _service_ports(obj: Object, _now: datetime) -> str:
    ports = dig(obj, "spec", "ports") or []
    return ",".join(_service_port(port) for port in ports) or "<none>"


def _service_port(port: Mapping[str, Any]) -> str:
    node_port = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port.get('port')}{node_port}/{port.get('protocol', 'TCP')}"


def _service_selector(obj: Object, _now: datetime) -> str:
    return labels(dig(obj, "spec", "selector"))


def _endpoints(obj: Object, _now: datetime) -> str:
    pairs = []
    for subset in obj.get("subsets") or []:
        addresses = [address.get("ip", "") for address in subset.get("addresses") or []]
        ports = subset.get("ports") or []
        if not ports:
            pairs += addresses
        pairs += [_socket(address, port.get("port", 0)) for port in ports for address in addresses]
    return first_few(pairs, len(pairs)) or "<none>"


def _socket(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _slice_ports(obj: Object, _now: datetime) -> str:
    ports = [_slice_port(port) for port in obj.get("ports") or []]
    return first_few(ports, len(ports)) or "<unset>"


def _slice_port(port: Mapping[str, Any]) -> str:
    return str(port.get("port") or port.get("name") or "*")


def _slice_endpoints(obj: Object, _now: datetime) -> str:
    addresses = [
        address
        for endpoint in obj.get("endpoints") or []
        for address in endpoint.get("addresses") or []
    ]
    return first_few(addresses, len(addresses)) or "<unset>"


COLUMNS = {
    ("", "services"): (
        NAME,
        Column("Type", field("spec", "type")),
        Column("Cluster-IP", _cluster_ip),
        Column("External-IP", _external_ip),
        Column("Port(s)", _service_ports),
        AGE,
        Column("Selector", _service_selector, wide=True),
    ),
    ("", "endpoints"): (NAME, Column("Endpoints", _endpoints), AGE),
    ("discovery.k8s.io", "endpointslices"): (
        NAME,
        Column("AddressType", field("addressType")),
        Column("Ports", _slice_ports),
        Column("Endpoints", _slice_endpoints),
        AGE,
    ),
}
"""The columns of each kind, by API group and plural name."""
