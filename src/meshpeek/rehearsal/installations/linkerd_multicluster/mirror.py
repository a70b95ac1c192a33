"""Linkerd's service mirror: Services of linked clusters, mirrored as their labels ask.

Facts: linkerd2 stable-2.14.10, multicluster/service-mirror. The mirror of a link runs where its
objects are: the Link, the credentials Secret that it names, and its Deployment with a ready Pod.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from meshpeek.rehearsal.controllers.event_records import Occurrence, record
from meshpeek.rehearsal.controllers.runtime import ObjectKey, Runtime, object_key
from meshpeek.rehearsal.installations.linkerd_multicluster.mirror_lease import hold_lease
from meshpeek.rehearsal.kubeconfig_format import find_context, load_kubeconfig
from meshpeek.rehearsal.server_urls import find_cluster
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.store.store import WatchEvent
from meshpeek.rehearsal.types.keys import (
    DEPLOYMENTS,
    ENDPOINTS,
    NAMESPACES,
    SECRETS,
    SERVICES,
    ResourceKey,
)
from meshpeek.rehearsal.types.label_selectors import matches, requirements_of
from meshpeek.rehearsal.types.objects import Object

LINKS = ResourceKey("multicluster.linkerd.io", "links")
REMOTE_DISCOVERY = "multicluster.linkerd.io/remote-discovery"
REMOTE_SERVICE = "multicluster.linkerd.io/remote-service"
"""Labels of a mirror of remote discovery: the cluster and the Service that it stands for."""

MIRROR_SECONDS = 0.3
"""How long the mirror takes to act on a change."""

_PREFIX = "mirror.linkerd.io/"
_MIRRORED = f"{_PREFIX}mirrored-service"
_CLUSTER = f"{_PREFIX}cluster-name"
_REMOTE_VERSION = f"{_PREFIX}remote-resource-version"
_REMOTE_NAME = f"{_PREFIX}remote-svc-fq-name"
_GATEWAY_IDENTITY = f"{_PREFIX}remote-gateway-identity"
_TOPOLOGY = ("service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode")


class _Export(NamedTuple):
    """A remote Service that is to be mirrored, by remote discovery or through the gateway."""

    service: Object
    is_discovered: bool


class ServiceMirror:
    """The service mirrors of all links of a cluster."""

    watches: frozenset[ResourceKey] | None = frozenset({LINKS, SECRETS, DEPLOYMENTS, NAMESPACES})

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._followed: set[str] = set()
        self._due: set[ObjectKey] = set()
        self._skipped: set[tuple[str, str]] = set()

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:
        """Return the links that a local event may let mirror more, or less."""
        if event.key == LINKS:
            yield object_key(LINKS, event.object)
        elif event.key in (SECRETS, DEPLOYMENTS):
            for link in self._runtime.store.list(LINKS, event.object["metadata"]["namespace"]):
                yield object_key(LINKS, link)
        elif event.key == NAMESPACES and event.type == "ADDED":
            for link in self._runtime.store.list(LINKS):
                yield object_key(LINKS, link)

    def reconcile(self, key: ObjectKey) -> None:
        """Mirror what a link asks for, after the moment that the real one takes."""
        if key not in self._due:
            self._due.add(key)
            self._runtime.after(MIRROR_SECONDS, lambda: self._mirror(key))

    def _mirror(self, key: ObjectKey) -> None:
        self._due.discard(key)
        link = self._runtime.get(key)
        if link is None or not self._is_running(link):
            return
        name = _spec(link)["targetClusterName"]
        hold_lease(self._runtime, link["metadata"]["namespace"], name)
        target = self._target(link)
        if target is None:
            return
        if target.name not in self._followed:
            self._followed.add(target.name)
            self._runtime.follow_store(target.store, lambda event: self._follow(target, event))
        wanted = {
            (service.service["metadata"]["namespace"], _mirror_name(link, service)): service
            for service in _exports(link, target)
            if self._has_namespace(target, service.service)
        }
        for (namespace, name), service in wanted.items():
            self._write(link, namespace, name, service)
        for mirror in self._mirrors(link):
            metadata = mirror["metadata"]
            if (metadata["namespace"], metadata["name"]) not in wanted:
                self._remove(mirror)

    def _follow(self, target: Cluster, event: WatchEvent) -> None:
        if event.key == SERVICES:
            for link in self._runtime.store.list(LINKS):
                if self._target(link) is target:
                    self._runtime.enqueue(self, object_key(LINKS, link))

    def _is_running(self, link: Object) -> bool:
        namespace, name = link["metadata"]["namespace"], _spec(link).get("targetClusterName", "")
        mirror = self._runtime.store.get(DEPLOYMENTS, namespace, f"linkerd-service-mirror-{name}")
        return mirror is not None and mirror.get("status", {}).get("availableReplicas", 0) > 0

    def _target(self, link: Object) -> Cluster | None:
        """Return the cluster that the link's credentials lead to."""
        name = _spec(link).get("clusterCredentialsSecret", "")
        secret = self._runtime.store.get(SECRETS, link["metadata"]["namespace"], name)
        return find_target(self._runtime.cluster, secret or {})

    def _has_namespace(self, target: Cluster, service: Object) -> bool:
        name = service["metadata"]["namespace"]
        namespace = self._runtime.store.get(NAMESPACES, None, name)
        mark = (target.name, service["metadata"]["uid"])
        if namespace is not None:
            self._skipped.discard(mark)
            return "deletionTimestamp" not in namespace["metadata"]
        if mark not in self._skipped:
            self._skipped.add(mark)
            message = "Skipped mirroring service: namespace does not exist"
            # 2.14 has the word "remote" there, whatever the cluster is called.
            occurrence = Occurrence(
                "ServiceMirroringSkipped", message, source="linkerd-service-mirror-remote"
            )
            record(target.store, self._runtime.clock.now(), service, occurrence)
        return False

    def _mirrors(self, link: Object) -> list[Object]:
        name = link["spec"].get("targetClusterName")
        return [
            each
            for each in self._runtime.store.list(SERVICES)
            if _labels(each).get(_MIRRORED) == "true" and _labels(each).get(_CLUSTER) == name
        ]

    def _write(self, link: Object, namespace: str, name: str, export: _Export) -> None:
        metadata = {
            "name": name,
            "namespace": namespace,
            "annotations": _mirror_annotations(link, export),
            "labels": _mirror_labels(link, export),
        }
        ports = _mirror_ports(export)
        present = self._runtime.store.get(SERVICES, namespace, name)
        if present is None:
            self._runtime.create(
                SERVICES,
                {
                    "apiVersion": "v1",
                    "kind": "Service",
                    "metadata": metadata,
                    "spec": {"ports": ports},
                },
            )
        elif _labels(present).get(_MIRRORED) == "true":
            kept = {**present["metadata"], **metadata}
            spec = {**present["spec"], "ports": ports}
            self._runtime.update(SERVICES, {**present, "metadata": kept, "spec": spec})
        if not export.is_discovered:
            self._write_endpoints(link, metadata, export)

    def _write_endpoints(self, link: Object, metadata: Mapping[str, Any], export: _Export) -> None:
        """Lead a mirror to the remote gateway: only mirrors of that kind have Endpoints."""
        spec = link["spec"]
        addresses = [each.strip() for each in spec.get("gatewayAddress", "").split(",")]
        ports = [
            {
                **({"name": port["name"]} if port.get("name") else {}),
                "port": int(spec["gatewayPort"]),
                "protocol": port["protocol"],
            }
            for port in export.service["spec"].get("ports", ())
        ]
        annotations = {
            _REMOTE_NAME: metadata["annotations"][_REMOTE_NAME],
            _GATEWAY_IDENTITY: spec.get("gatewayIdentity", ""),
        }
        wanted: Object = {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "labels": {_MIRRORED: "true", _CLUSTER: spec["targetClusterName"]},
                "annotations": annotations,
            },
            "subsets": [{"addresses": [{"ip": each} for each in addresses], "ports": ports}],
        }
        present = self._runtime.store.get(ENDPOINTS, metadata["namespace"], metadata["name"])
        if present is None:
            self._runtime.create(ENDPOINTS, wanted)
        else:
            kept = {**present["metadata"], **wanted["metadata"]}
            self._runtime.update(ENDPOINTS, {**wanted, "metadata": kept})

    def _remove(self, mirror: Object) -> None:
        metadata = mirror["metadata"]
        endpoints = self._runtime.store.get(ENDPOINTS, metadata["namespace"], metadata["name"])
        if endpoints is not None:
            self._runtime.delete(ENDPOINTS, endpoints)
        self._runtime.delete(SERVICES, mirror)


def find_target(cluster: Cluster, credentials: Object) -> Cluster | None:
    """Return the cluster that a credentials Secret leads to from `cluster`, if there is one."""
    server = _server((credentials.get("data") or {}).get("kubeconfig", ""))
    return find_cluster(cluster.cluster_set.values(), server) if server else None


@lru_cache(maxsize=64)
def _server(encoded: str) -> str:
    """Return the server URL in a kubeconfig, as a Secret holds it, or an empty string."""
    try:
        config = load_kubeconfig(base64.b64decode(encoded, validate=True).decode())
        return find_context([config]).server
    except ValueError:
        return ""


def _exports(link: Object, target: Cluster) -> list[_Export]:
    """Return the remote Services that a link's selectors choose; an empty selector chooses none."""
    spec = _spec(link)
    exports = []
    for service in target.store.list(SERVICES):
        discovered, through_gateway = (
            bool(spec.get(name)) and matches(requirements_of(spec[name]), _labels(service))
            for name in ("remoteDiscoverySelector", "selector")
        )
        if discovered or (through_gateway and spec.get("gatewayPort", "").isdecimal()):
            exports.append(_Export(service, discovered))
    return exports


def _spec(link: Object) -> Mapping[str, Any]:
    """Return a link's spec; the CRD requires neither it nor anything in it."""
    spec: Mapping[str, Any] = link.get("spec", {})
    return spec


def _labels(obj: Object) -> Mapping[str, str]:
    return obj["metadata"].get("labels") or {}


def _mirror_name(link: Object, export: _Export) -> str:
    return f"{export.service['metadata']['name']}-{link['spec']['targetClusterName']}"


def _mirror_labels(link: Object, export: _Export) -> dict[str, str]:
    name = link["spec"]["targetClusterName"]
    remote = _labels(export.service)
    labels = {key: value for key, value in remote.items() if not key.startswith(_PREFIX)}
    labels |= {_MIRRORED: "true", _CLUSTER: name}
    if export.is_discovered:
        labels |= {REMOTE_DISCOVERY: name, REMOTE_SERVICE: export.service["metadata"]["name"]}
    return labels


def _mirror_annotations(link: Object, export: _Export) -> dict[str, str]:
    metadata = export.service["metadata"]
    remote = metadata.get("annotations") or {}
    domain = link["spec"].get("targetClusterDomain", "cluster.local")
    return {
        **{name: text for name, text in remote.items() if name not in _TOPOLOGY},
        _REMOTE_VERSION: metadata["resourceVersion"],
        _REMOTE_NAME: f"{metadata['name']}.{metadata['namespace']}.svc.{domain}",
    }


def _mirror_ports(export: _Export) -> list[dict[str, Any]]:
    return [
        {name: port[name] for name in ("name", "port", "protocol", "targetPort") if name in port}
        for port in export.service["spec"].get("ports", ())
    ]
