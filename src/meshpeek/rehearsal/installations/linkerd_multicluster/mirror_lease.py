"""The Lease by which the Pods of a service mirror agree on the one that writes.

Facts: linkerd2 stable-2.14.10, multicluster/cmd/service-mirror/main.go: 30 seconds. Here it is
taken and handed on, and not renewed in between, since nothing would come of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshpeek.rehearsal.controllers.replicasets import is_ready
from meshpeek.rehearsal.controllers.runtime import Runtime
from meshpeek.rehearsal.types.keys import LEASES, PODS

_SECONDS = 30


def hold_lease(runtime: Runtime, namespace: str, cluster_name: str) -> None:
    """Have a ready Pod of the mirror of `cluster_name` hold the Lease, as long as it is there."""
    holders = _ready_pods(runtime, namespace, cluster_name)
    name = f"service-mirror-write-{cluster_name}"
    present = runtime.store.get(LEASES, namespace, name)
    if not holders or (present and present["spec"].get("holderIdentity") in holders):
        return
    moment = runtime.timestamp().replace("Z", ".000000Z")
    spec = {
        "acquireTime": moment,
        "holderIdentity": holders[0],
        "leaseDurationSeconds": _SECONDS,
        "leaseTransitions": present["spec"].get("leaseTransitions", 0) + 1 if present else 0,
        "renewTime": moment,
    }
    if present:
        runtime.update(LEASES, {**present, "spec": spec})
        return
    metadata = {"name": name, "namespace": namespace}
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata}
    runtime.create(LEASES, {**lease, "spec": spec})


def _ready_pods(runtime: Runtime, namespace: str, cluster_name: str) -> list[str]:
    wanted: Mapping[str, Any] = {
        "component": "linkerd-service-mirror",
        "mirror.linkerd.io/cluster-name": cluster_name,
    }
    return [
        pod["metadata"]["name"]
        for pod in runtime.store.list(PODS, namespace)
        if is_ready(pod) and wanted.items() <= (pod["metadata"].get("labels") or {}).items()
    ]
