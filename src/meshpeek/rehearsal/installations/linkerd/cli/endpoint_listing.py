"""`linkerd diagnostics endpoints`: what the destination controller would tell a proxy.

Formats and wordings are those of stable-2.14.10 (cli/cmd/endpoints.go and
controller/api/destination/server.go); rows are sorted, where the real order is left open.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from meshpeek.rehearsal.installations.linkerd.cli.api_client import (
    ApiClient,
    LinkerdError,
    parse_kubeconfig,
    reach,
)

_SUFFIX = ["svc", "cluster", "local"]
_DEFAULT_PORT = 80
_PORT_LIMIT = 65536
_GAP = 3


@dataclass(frozen=True, slots=True)
class Authority:
    """What is asked about: a Service and port, and a pod's host name where one was named."""

    service: str
    namespace: str
    port: int
    instance: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of a Service; fields in the order of the JSON output."""

    namespace: str
    ip: str
    port: int
    pod: str
    service: str


def parse_authority(text: str) -> Authority:
    """Read `SERVICE.NAMESPACE.svc.cluster.local[:PORT]`; raises LinkerdError."""
    host, *ports = text.split(":")
    port = _DEFAULT_PORT
    if ports:
        if len(ports) > 1 or not (ports[0].isascii() and ports[0].isdigit()):
            raise _invalid(text)
        port = int(ports[0])
    if not 0 < port < _PORT_LIMIT:
        raise _invalid(text)
    if _is_address(host):
        raise _error(f"IP queries not supported by Get API: host={host}")
    labels = host.split(".")
    names = labels[: -len(_SUFFIX)]
    if labels[-len(_SUFFIX) :] != _SUFFIX or not all(names):
        raise _invalid(text)
    match names:
        case [service, namespace]:
            return Authority(service, namespace, port)
        case [instance, service, namespace]:
            return Authority(service, namespace, port, instance)
    raise _invalid(text)


def find_endpoints(
    cluster: ApiClient,
    control_plane_namespace: str,
    authority: Authority,
    text: str,
    known_servers: Sequence[str],
) -> list[Endpoint]:
    """Return the ready addresses behind `authority` (`text` as the user wrote it).

    A mirror of remote discovery is followed as Linkerd does: by the labels of the Service, the
    credentials Secret of the cluster they name, to the EndpointSlices of that cluster, which is
    one of `known_servers`.
    """
    service = cluster.find(_service_path(authority.namespace, authority.service))
    if service is None:
        raise _error(f"Service {authority.service}.{authority.namespace} not found")
    if service["spec"].get("type") == "ExternalName":
        raise _invalid(text)
    labels = service["metadata"].get("labels") or {}
    remote = labels.get("multicluster.linkerd.io/remote-discovery")
    if remote is None:
        return _slice_endpoints(cluster, authority, service)
    remote_name = labels.get("multicluster.linkerd.io/remote-service")
    if remote_name is None:
        raise _error(f"Remote discovery service missing remote service name {text}")
    target = _remote_cluster(cluster, control_plane_namespace, remote, known_servers)
    behind = Authority(remote_name, authority.namespace, authority.port, authority.instance)
    remote_service = target.find(_service_path(behind.namespace, behind.service))
    return _slice_endpoints(target, behind, remote_service)


def render_table(endpoints: Sequence[Endpoint]) -> str:
    """Draw a table per namespace, as wide as Go's tabwriter makes them."""
    namespace_width = max(len(e.namespace) for e in endpoints)
    pod_width = max(len(e.pod) for e in endpoints)
    tables = []
    for namespace in sorted({e.namespace for e in endpoints}):
        rows = [
            ("NAMESPACE".ljust(namespace_width), "IP", "PORT", "POD".ljust(pod_width), "SERVICE")
        ]
        rows += [
            (e.namespace.ljust(namespace_width), e.ip, str(e.port), e.pod, e.service)
            for e in endpoints
            if e.namespace == namespace
        ]
        tables.append(_align(rows))
    return "\n".join(tables)


def render_json(endpoints: Sequence[Endpoint]) -> str:
    """Return the addresses as the JSON array that `-o json` prints."""
    return json.dumps([asdict(e) for e in endpoints], indent=2) + "\n"


def sort_endpoints(endpoints: Sequence[Endpoint]) -> list[Endpoint]:
    """Order by namespace, Service and address, so that two runs print the same."""
    return sorted(endpoints, key=lambda e: (e.namespace, e.service, _order(e.ip), e.port, e.pod))


def _order(address: str) -> tuple[int, int, str]:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return (0, 0, address)
    return (parsed.version, int(parsed), address)


def _align(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) + _GAP for column in range(len(rows[0]) - 1)]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append("".join(cells) + row[-1] + "\n")
    return "".join(lines)


def _service_path(namespace: str, name: str) -> str:
    return f"/api/v1/namespaces/{namespace}/services/{name}"


def _remote_cluster(
    cluster: ApiClient, control_plane_namespace: str, name: str, known_servers: Sequence[str]
) -> ApiClient:
    secrets = cluster.items(
        f"/api/v1/namespaces/{control_plane_namespace}/secrets",
        labelSelector=f"multicluster.linkerd.io/cluster-name={name}",
    )
    for secret in secrets:
        if secret.get("type") == "mirror.linkerd.io/remote-kubeconfig":
            try:
                kubeconfig = base64.b64decode(secret["data"]["kubeconfig"]).decode()
                return reach(parse_kubeconfig(kubeconfig).server, known_servers)
            except (KeyError, TypeError, binascii.Error, UnicodeDecodeError, LinkerdError):
                continue
    raise _error(f"Remote cluster not found: {name}")


def _slice_endpoints(
    cluster: ApiClient, authority: Authority, service: dict[str, Any] | None
) -> list[Endpoint]:
    slices = cluster.items(
        f"/apis/discovery.k8s.io/v1/namespaces/{authority.namespace}/endpointslices",
        labelSelector=f"kubernetes.io/service-name={authority.service}",
    )
    found = []
    for endpoint_slice in slices:
        port = _container_port(service, endpoint_slice, authority.port)
        if port is not None:
            found += list(_ready(endpoint_slice, authority, port))
    return found


def _ready(endpoint_slice: dict[str, Any], authority: Authority, port: int) -> Iterator[Endpoint]:
    for endpoint in endpoint_slice.get("endpoints") or []:
        if not (endpoint.get("conditions") or {}).get("ready", True):
            continue
        if authority.instance and endpoint.get("hostname") != authority.instance:
            continue
        pod = (endpoint.get("targetRef") or {}).get("name", "")
        service = f"{authority.service}.{authority.namespace}"
        for address in endpoint.get("addresses") or []:
            yield Endpoint(authority.namespace, address, port, pod, service)


def _container_port(
    service: dict[str, Any] | None, endpoint_slice: dict[str, Any], port: int
) -> int | None:
    """Return the port behind a Service's `port`; the port itself where the Service has none."""
    service_ports = (service or {}).get("spec", {}).get("ports") or []
    names = [p.get("name", "") for p in service_ports if p["port"] == port]
    if not names:
        return port
    ports = endpoint_slice.get("ports") or []
    return next((p["port"] for p in ports if names[0] in ("", p.get("name", ""))), None)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _invalid(text: str) -> LinkerdError:
    return _error(f"Invalid authority: {text}")


def _error(message: str) -> LinkerdError:
    return LinkerdError(f"Destination API error: {message}")
