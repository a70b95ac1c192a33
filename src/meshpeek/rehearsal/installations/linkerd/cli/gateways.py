"""`linkerd multicluster gateways`: the gateways of the linked clusters.

The real command asks the service mirrors for their metrics. Rehearsal models them: a gateway is
alive while the link's service mirror is available, and answers probes within one millisecond.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from meshpeek.rehearsal.installations.linkerd.cli.api_client import ApiClient

_LATENCY = 1
_REMOTE_DISCOVERY = "multicluster.linkerd.io/remote-discovery"


@dataclass(frozen=True, slots=True)
class GatewayStatus:
    """One linked cluster's gateway; `latency` in milliseconds."""

    cluster: str
    alive: bool
    services: int
    latency: int


def find_gateways(cluster: ApiClient, cluster_name: str) -> list[GatewayStatus]:
    """Return the gateways by cluster name; only that of `cluster_name`, unless it is empty.

    Links made with `--gateway=false` have none.
    """
    links = cluster.items("/apis/multicluster.linkerd.io/v1alpha1/links")
    found = []
    for link in links:
        name = link["spec"].get("targetClusterName", "")
        if link["spec"].get("gatewayAddress") and cluster_name in ("", name):
            alive = _mirror_runs(cluster, link["metadata"]["namespace"], name)
            services = _count_services(cluster, name)
            found.append(GatewayStatus(name, alive, services, _LATENCY if alive else 0))
    return sorted(found, key=lambda gateway: gateway.cluster)


def render_table(gateways: Sequence[GatewayStatus]) -> str:
    """Draw the table, the header alone where there are no gateways."""
    width = max([len("CLUSTER"), *(len(g.cluster) for g in gateways)])
    rows = [("CLUSTER", "ALIVE", "NUM_SVC", "LATENCY")]
    rows += [
        (g.cluster, str(g.alive), str(g.services), f"{g.latency}ms" if g.alive else "-")
        for g in gateways
    ]
    return "".join(f"{c:<{width}}  {a:<5}  {n:>9}  {latency:>11}  \n" for c, a, n, latency in rows)


def render_json(gateways: Sequence[GatewayStatus]) -> str:
    """Return the JSON that `-o json` prints: `null` where there are no gateways."""
    entries = [
        {
            "clusterName": g.cluster,
            "alive": g.alive,
            "numberOfServices": g.services,
            "latency": g.latency,
        }
        for g in gateways
    ]
    return json.dumps(entries or None, indent=2) + "\n"


def _mirror_runs(cluster: ApiClient, namespace: str, name: str) -> bool:
    deployment = cluster.find(
        f"/apis/apps/v1/namespaces/{namespace}/deployments/linkerd-service-mirror-{name}"
    )
    status: dict[str, Any] = (deployment or {}).get("status") or {}
    return bool(status.get("availableReplicas"))


def _count_services(cluster: ApiClient, name: str) -> int:
    services = cluster.items(
        "/api/v1/services",
        labelSelector=f"mirror.linkerd.io/mirrored-service=true,mirror.linkerd.io/cluster-name={name}",
    )
    return sum(_REMOTE_DISCOVERY not in (s["metadata"].get("labels") or {}) for s in services)
