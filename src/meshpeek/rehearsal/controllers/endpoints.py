"""Endpoints and EndpointSlices of Services that select Pods, as Kubernetes 1.27 keeps them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from meshpeek.rehearsal.controllers.replicasets import is_active, is_ready
from meshpeek.rehearsal.controllers.runtime import ObjectKey, Runtime, object_key, owned_by
from meshpeek.rehearsal.store.store import WatchEvent
from meshpeek.rehearsal.types.keys import ENDPOINT_SLICES, ENDPOINTS, PODS, SERVICES, ResourceKey
from meshpeek.rehearsal.types.objects import Object

SERVICE_LABEL = "kubernetes.io/service-name"

_MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
_MANAGER = "endpointslice-controller.k8s.io"
_TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time"
_HEADLESS = "service.kubernetes.io/headless"

Ports = tuple[tuple[str, int, str], ...]
"""Name, number and protocol of the ports that the Pods behind a Service answer on."""


class EndpointsController:
    """Keeps one Endpoints object and one EndpointSlice per Service with a selector.

    Slices are not split at 100 endpoints, as a node here holds no more than 110 Pods.
    """

    watches: frozenset[ResourceKey] | None = frozenset({SERVICES, ENDPOINTS, ENDPOINT_SLICES, PODS})

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:
        """Return the Services that an event is about, or whose Pods it is about."""
        obj = event.object
        if event.key in (SERVICES, ENDPOINTS):
            yield object_key(SERVICES, obj)
        elif event.key == ENDPOINT_SLICES:
            name = (obj["metadata"].get("labels") or {}).get(SERVICE_LABEL)
            if name:
                yield ObjectKey(SERVICES, obj["metadata"]["namespace"], name)
        elif event.key == PODS and _matters(event):
            states = [obj, event.previous] if event.previous else [obj]
            for service in self._runtime.store.list(SERVICES, obj["metadata"]["namespace"]):
                if any(_selects(service, pod) for pod in states):
                    yield object_key(SERVICES, service)

    def reconcile(self, key: ObjectKey) -> None:
        """Write the addresses of a Service's Pods; remove them when the Service has gone."""
        service = self._runtime.get(key)
        if service is None:
            self._remove(key)
            return
        if not service["spec"].get("selector") or service["spec"]["type"] == "ExternalName":
            return
        pods = [
            pod
            for pod in self._runtime.store.list(PODS, key.namespace)
            if _selects(service, pod) and is_active(pod) and pod["status"].get("podIP")
        ]
        pods.sort(key=lambda pod: tuple(map(int, pod["status"]["podIP"].split("."))))
        groups: dict[Ports, list[Object]] = {}
        for pod in pods:
            groups.setdefault(_ports(service, pod), []).append(pod)
        self._write_endpoints(service, groups)
        self._write_slice(service, groups)

    def _remove(self, key: ObjectKey) -> None:
        endpoints = self._runtime.store.get(ENDPOINTS, key.namespace, key.name)
        if endpoints is not None and _TRIGGER in (endpoints["metadata"].get("annotations") or {}):
            self._runtime.delete(ENDPOINTS, endpoints)

    def _write_endpoints(self, service: Object, groups: Mapping[Ports, list[Object]]) -> None:
        metadata = service["metadata"]
        subsets = [_subset(ports, pods) for ports, pods in sorted(groups.items())]
        labels = dict(metadata.get("labels") or {})
        if service["spec"].get("clusterIP") == "None":
            labels[_HEADLESS] = ""
        present = self._runtime.store.get(ENDPOINTS, metadata["namespace"], metadata["name"])
        if present is not None and (
            present.get("subsets", []) == subsets
            and (present["metadata"].get("labels") or {}) == labels
        ):
            return
        wanted: Object = {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "annotations": {_TRIGGER: self._runtime.timestamp()},
                **({"labels": labels} if labels else {}),
            },
            **({"subsets": subsets} if subsets else {}),
        }
        if present is None:
            self._runtime.create(ENDPOINTS, wanted)
        else:
            self._runtime.update(ENDPOINTS, wanted)

    def _write_slice(self, service: Object, groups: Mapping[Ports, list[Object]]) -> None:
        metadata = service["metadata"]
        present = [
            each
            for each in self._runtime.store.list(ENDPOINT_SLICES, metadata["namespace"])
            if (each["metadata"].get("labels") or {}).get(SERVICE_LABEL) == metadata["name"]
            and each["metadata"]["labels"].get(_MANAGED_BY) == _MANAGER
        ]
        wanted = sorted(groups.items()) or [((), [])]
        for number, (ports, pods) in enumerate(wanted):
            old = present[number] if number < len(present) else None
            self._write_one_slice(service, old, ports, pods)
        for surplus in present[len(wanted) :]:
            self._runtime.delete(ENDPOINT_SLICES, surplus)

    def _write_one_slice(
        self, service: Object, old: Object | None, ports: Ports, pods: list[Object]
    ) -> None:
        metadata = service["metadata"]
        content: Object = {
            "addressType": "IPv4",
            "endpoints": [_endpoint(pod) for pod in pods] or None,
            "ports": [_endpoint_port(port) for port in ports] or None,
        }
        labels = {
            **(metadata.get("labels") or {}),
            SERVICE_LABEL: metadata["name"],
            _MANAGED_BY: _MANAGER,
        }
        if service["spec"].get("clusterIP") == "None":
            labels[_HEADLESS] = ""
        if old is not None:
            if (
                all(old.get(name) == value for name, value in content.items())
                and old["metadata"]["labels"] == labels
            ):
                return
            kept = {
                **old["metadata"],
                "labels": labels,
                "annotations": {_TRIGGER: self._runtime.timestamp()},
            }
            self._runtime.update(ENDPOINT_SLICES, {**old, **content, "metadata": kept})
            return
        self._runtime.create(
            ENDPOINT_SLICES,
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                **content,
                "metadata": {
                    "annotations": {_TRIGGER: self._runtime.timestamp()},
                    "generateName": f"{metadata['name']}-",
                    "namespace": metadata["namespace"],
                    "labels": labels,
                    "ownerReferences": owned_by(service),
                },
            },
        )


def _matters(event: WatchEvent) -> bool:
    """Return whether an event changes what Services see of a Pod."""
    if event.previous is None or event.type == "DELETED":
        return bool(event.object["status"].get("podIP"))
    return _face(event.object) != _face(event.previous)


def _face(pod: Object) -> tuple[object, ...]:
    labels = pod["metadata"].get("labels")
    return pod["status"].get("podIP"), is_ready(pod), is_active(pod), labels


def _selects(service: Object, pod: Object) -> bool:
    selector = service["spec"].get("selector")
    if not selector:
        return False
    labels = pod["metadata"].get("labels") or {}
    return all(labels.get(name) == value for name, value in selector.items())


def _ports(service: Object, pod: Object) -> Ports:
    """Return the target ports of a Service on a Pod; unknown names are left out."""
    ports = []
    for port in service["spec"].get("ports", ()):
        number = _target(port["targetPort"], port["protocol"], pod)
        if number is not None:
            ports.append((port.get("name", ""), number, port["protocol"]))
    return tuple(ports)


def _target(target: int | str, protocol: str, pod: Object) -> int | None:
    if isinstance(target, int):
        return target
    for container in pod["spec"]["containers"]:
        for port in container.get("ports", ()):
            if port.get("name") == target and port["protocol"] == protocol:
                number: int = port["containerPort"]
                return number
    return int(target) if target.isdigit() else None


def _subset(ports: Ports, pods: list[Object]) -> Object:
    ready = [_address(pod) for pod in pods if is_ready(pod)]
    unready = [_address(pod) for pod in pods if not is_ready(pod)]
    return {
        **({"addresses": ready} if ready else {}),
        **({"notReadyAddresses": unready} if unready else {}),
        **({"ports": [_endpoint_port(port) for port in ports]} if ports else {}),
    }


def _address(pod: Object) -> Object:
    return {
        "ip": pod["status"]["podIP"],
        "nodeName": pod["spec"]["nodeName"],
        "targetRef": _reference(pod),
    }


def _endpoint(pod: Object) -> Object:
    ready = is_ready(pod)
    return {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": ready, "serving": ready, "terminating": False},
        "nodeName": pod["spec"]["nodeName"],
        "targetRef": _reference(pod),
    }


def _reference(pod: Object) -> Object:
    metadata = pod["metadata"]
    return {
        "kind": "Pod",
        "name": metadata["name"],
        "namespace": metadata["namespace"],
        "uid": metadata["uid"],
    }


def _endpoint_port(port: tuple[str, int, str]) -> dict[str, Any]:
    name, number, protocol = port
    return {**({"name": name} if name else {}), "port": number, "protocol": protocol}
