"""What an API server says about itself: its version, its health, its paths, its metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from meshpeek.http.exchange import Request, Response, answer, text
from meshpeek.rehearsal.store.cluster import VERSION, Cluster

VERSION_INFO = {
    "major": "1",
    "minor": "27",
    "gitVersion": VERSION,
    "gitCommit": "0000000000000000000000000000000000000000",
    "gitTreeState": "clean",
    "buildDate": "2023-07-19T00:00:00Z",
    "goVersion": "go1.20.6",
    "compiler": "gc",
    "platform": "linux/amd64",
}
HEALTH_PATHS = ("/healthz", "/livez", "/readyz")
_CHECKS = ("ping", "log", "etcd", "informer-sync", "poststarthook/rbac/bootstrap-roles")
_OTHER_PATHS = ("/metrics", "/openapi/v2", "/openapi/v3", "/version")


def describe(cluster: Cluster, path: str, request: Request) -> Response | None:
    """Answer a GET of a path that names no objects; None for one that is not there."""
    if path == "/version":
        return answer(VERSION_INFO)
    if path.startswith(HEALTH_PATHS):
        return _health(path, request)
    if path == "/":
        return answer({"paths": sorted(_paths(cluster))})
    if path == "/metrics":
        return Response(200, _metrics(cluster).encode(), "text/plain; version=0.0.4; charset=utf-8")
    return None


def _health(path: str, request: Request) -> Response | None:
    _, kind, *names = path.split("/")
    if names and "/".join(names) not in _CHECKS:
        return None
    if names or "verbose" not in request.query:
        return text("ok")
    lines = [f"[+]{name} ok" for name in _CHECKS]
    return text("\n".join([*lines, f"{kind} check passed", ""]))


def _paths(cluster: Cluster) -> Iterable[str]:
    yield from ("/api", "/apis", *_OTHER_PATHS)
    for kind in HEALTH_PATHS:
        yield from (kind, *(f"{kind}/{name}" for name in _CHECKS))
    for resource in cluster.resources:
        root = f"/apis/{resource.key.group}" if resource.key.group else "/api"
        yield from dict.fromkeys((root, *(f"{root}/{version}" for version in resource.versions)))


def _metrics(cluster: Cluster) -> str:
    """Return the few metrics that a cluster without load and machines has, in Prometheus' form."""
    store = cluster.store
    held = {str(key): len(store.list(key)) for key in store.kinds()}
    served = Counter(resource.key.group for resource in cluster.resources)
    families: list[tuple[str, str, str, dict[str, Any]]] = [
        (
            "aggregator_discovery_aggregation_count_total",
            "counter",
            "[ALPHA] Counter of number of times discovery was aggregated",
            {"": cluster.resources.revision},
        ),
        (
            "apiserver_storage_objects",
            "gauge",
            "[STABLE] Number of stored objects at the time of last check split by kind.",
            {f'{{resource="{name}"}}': count for name, count in sorted(held.items())},
        ),
        (
            "meshpeek_served_kinds",
            "gauge",
            "Number of kinds that the rehearsal serves, split by API group.",
            {f'{{group="{group}"}}': count for group, count in sorted(served.items())},
        ),
    ]
    lines = []
    for name, kind, about, values in families:
        lines += [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]
        lines += [f"{name}{labels} {value}" for labels, value in values.items()]
    return "\n".join([*lines, ""])
