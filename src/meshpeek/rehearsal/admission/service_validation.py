"""What an API server refuses in a Service (1.27's wording)."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from meshpeek.rehearsal.admission.pod_validation import check_port_number, check_protocol
from meshpeek.rehearsal.admission.service_defaults import is_external
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types.keys import SERVICES
from meshpeek.rehearsal.types.name_validation import check_labels, label_problems
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.status import (
    Cause,
    duplicate_value,
    forbidden_value,
    invalid_value,
    required_value,
    unsupported_value,
)

_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_RANGE = ipaddress.ip_network("10.43.0.0/16")
_TRAFFIC_POLICIES = ("Cluster", "Local")
_NODE_PORTS = range(30000, 32768)


def check_service(cluster: Cluster, service: Object, old: Object | None) -> list[Cause]:
    """Return what is wrong with a Service, or with how it differs from the stored one."""
    spec = service.get("spec") or {}
    kind = spec.get("type", "ClusterIP")
    address = _check_form(spec)
    if address or kind not in _TYPES:
        return address or [unsupported_value("spec.type", kind, _TYPES)]
    ports = spec.get("ports") or ()
    causes: list[Cause] = []
    if kind == "ExternalName":
        if not spec.get("externalName"):
            causes.append(required_value("spec.externalName"))
    elif not ports and spec.get("clusterIP") != "None":
        causes.append(required_value("spec.ports"))
    causes += _check_ports(ports)
    causes += _check_address(cluster, service, old)
    causes += check_labels(spec.get("selector") or {}, "spec.selector")
    causes += _check_node_ports(cluster, service)
    causes += _check_policies(spec)
    if spec.get("sessionAffinity", "None") not in ("ClientIP", "None"):
        value = spec["sessionAffinity"]
        causes.append(unsupported_value("spec.sessionAffinity", value, ("ClientIP", "None")))
    return causes


def _check_ports(ports: Sequence[Mapping[str, Any]]) -> list[Cause]:
    causes: list[Cause] = []
    names: set[str] = set()
    numbers: set[tuple[str, int]] = set()
    for index, port in enumerate(ports):
        place = f"spec.ports[{index}]"
        name = port.get("name", "")
        if not name and len(ports) > 1:
            causes.append(required_value(f"{place}.name"))
        elif name:
            causes += [invalid_value(f"{place}.name", name, each) for each in label_problems(name)]
            if name in names:
                causes.append(duplicate_value(f"{place}.name", name))
            names.add(name)
        causes += check_port_number(port.get("port", 0), f"{place}.port")
        causes += check_protocol(port.get("protocol", "TCP"), f"{place}.protocol")
        target = port.get("targetPort")
        if isinstance(target, int) and port.get("port"):
            causes += check_port_number(target, f"{place}.targetPort")
        identity = (port.get("protocol", "TCP"), port.get("port", 0))
        if identity in numbers:
            text = f'core.ServicePort{{Name:"", Protocol:"{identity[0]}", Port:{identity[1]}}}'
            causes.append(Cause("FieldValueDuplicate", place, f"Duplicate value: {text}"))
        numbers.add(identity)
    return causes


def _check_policies(spec: Mapping[str, Any]) -> list[Cause]:
    """Check the fields that only Services of some types may have."""
    causes = []
    for name in ("externalTrafficPolicy", "internalTrafficPolicy"):
        policy = spec.get(name)
        place = f"spec.{name}"
        if name == "externalTrafficPolicy" and policy and not is_external(spec):
            detail = "may only be set for externally-accessible services"
            causes.append(invalid_value(place, policy, detail))
        elif policy and policy not in _TRAFFIC_POLICIES:
            causes.append(unsupported_value(place, policy, _TRAFFIC_POLICIES))
    if spec["type"] != "LoadBalancer":
        causes += [
            forbidden_value(f"spec.{name}", "may only be used when `type` is 'LoadBalancer'")
            for name in ("allocateLoadBalancerNodePorts", "loadBalancerClass")
            if name in spec
        ]
    for index, address in enumerate(spec.get("externalIPs") or ()):
        try:
            ipaddress.ip_address(address)
        except ValueError:
            detail = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
            causes.append(invalid_value(f"spec.externalIPs[{index}]", address, detail))
    return causes


def _check_form(spec: Mapping[str, Any]) -> list[Cause]:
    """Check what the registry reads before anything else is looked at."""
    address = spec.get("clusterIP", "")
    if address in ("", "None"):
        return []
    try:
        ipaddress.ip_address(address)
    except ValueError:
        detail = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
        return [invalid_value("spec.clusterIPs[0]", address, detail)]
    return []


def _check_address(cluster: Cluster, service: Object, old: Object | None) -> list[Cause]:
    spec = service.get("spec") or {}
    address = spec.get("clusterIP", "")
    before = ((old or {}).get("spec") or {}).get("clusterIP", "")
    if spec.get("type") == "ExternalName" or (address in ("", "None") and before in ("", "None")):
        return []
    shown = f'[]string{{"{address}"}}'
    if before and address != before and old and old["spec"]["type"] != "ExternalName":
        return [_invalid("spec.clusterIPs[0]", shown, "may not change once set")]
    if address in (before, "None"):
        return []
    parsed = ipaddress.ip_address(address)
    failed = f"failed to allocate IP {address}:"
    if parsed not in _RANGE:
        detail = (
            f"{failed} the provided IP ({address}) is not in the valid range. "
            f"The range of valid IPs is {_RANGE}"
        )
        return [_invalid("spec.clusterIPs", shown, detail)]
    if any(each["spec"].get("clusterIP") == address for each in cluster.store.list(SERVICES)):
        return [_invalid("spec.clusterIPs", shown, f"{failed} provided IP is already allocated")]
    return []


def _check_node_ports(cluster: Cluster, service: Object) -> list[Cause]:
    metadata = service["metadata"]
    identity = (metadata.get("namespace"), metadata.get("name"))
    used = {
        port["nodePort"]
        for other in cluster.store.list(SERVICES)
        if (other["metadata"]["namespace"], other["metadata"]["name"]) != identity
        for port in other["spec"].get("ports", ())
        if "nodePort" in port
    }
    causes = []
    for index, port in enumerate(service["spec"].get("ports") or ()):
        number = port.get("nodePort")
        if not number:
            continue
        place = f"spec.ports[{index}].nodePort"
        kind = service["spec"]["type"]
        if kind not in ("NodePort", "LoadBalancer"):
            detail = f"may not be used when `type` is '{kind}'"
            causes.append(forbidden_value(place, detail))
            continue
        if number not in _NODE_PORTS:
            detail = (
                f"provided port is not in the valid range. "
                f"The range of valid ports is {_NODE_PORTS.start}-{_NODE_PORTS.stop - 1}"
            )
            causes.append(invalid_value(place, number, detail))
        elif number in used:
            causes.append(invalid_value(place, number, "provided port is already allocated"))
    return causes


def _invalid(field: str, shown: str, detail: str) -> Cause:
    return Cause("FieldValueInvalid", field, f"Invalid value: {shown}: {detail}")
