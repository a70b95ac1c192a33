"""The URLs of API servers, as Pods of other clusters on the flat network use them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from meshpeek.rehearsal.types.keys import NODES

if TYPE_CHECKING:
    from meshpeek.rehearsal.store.cluster import Cluster

API_PORT = 6443
"""The port at which a k3s node serves the API."""


def find_cluster(clusters: Iterable[Cluster], server: str) -> Cluster | None:
    """Return the cluster that a kubeconfig's `server` names: by its own URL, or by its node's.

    The second works between real clusters, too: `https://<InternalIP>:6443`. Of the first only
    the path counts, which holds a secret: the port may change with a restart.
    """
    address = node_in(server)
    for cluster in clusters:
        path = urlsplit(cluster.server).path
        if path and server.rstrip("/").endswith(path):
            return cluster
        if address and address in internal_addresses(cluster.store.list(NODES)):
            return cluster
    return None


def node_server(address: str) -> str:
    """Return the URL of the API server on the node with an InternalIP."""
    return f"https://{address}:{API_PORT}"


def node_in(server: str) -> str:
    """Return the address in a URL that `node_server` makes, an empty string for any other."""
    try:
        parts = urlsplit(server)
        is_node = parts.scheme == "https" and parts.port == API_PORT
    except ValueError:
        return ""
    return (parts.hostname or "") if is_node else ""


def internal_addresses(nodes: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the InternalIP of each of `nodes`."""
    for node in nodes:
        for each in node.get("status", {}).get("addresses", ()):
            if each["type"] == "InternalIP":
                yield each["address"]
