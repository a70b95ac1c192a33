"""The status of ResourceQuotas: what is used of each resource. Facts: Kubernetes 1.27."""

from __future__ import annotations

from collections.abc import Iterable

from meshpeek.rehearsal.admission.limit_ranges import quantity_text
from meshpeek.rehearsal.admission.resource_quotas import used_of
from meshpeek.rehearsal.controllers.runtime import ObjectKey, Runtime, object_key
from meshpeek.rehearsal.store.store import WatchEvent
from meshpeek.rehearsal.types.keys import RESOURCE_QUOTAS, ResourceKey


class QuotaController:
    """Keeps the status of ResourceQuotas."""

    watches: frozenset[ResourceKey] | None = None

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:
        """Return the quotas of the namespace of an event, but for their own status."""
        namespace = event.object["metadata"].get("namespace")
        if not namespace:
            return
        for quota in self._runtime.store.list(RESOURCE_QUOTAS, namespace):
            yield object_key(RESOURCE_QUOTAS, quota)

    def reconcile(self, key: ObjectKey) -> None:
        """Count what is used."""
        quota = self._runtime.get(key)
        if quota is None:
            return
        hard = quota["spec"].get("hard") or {}
        used = used_of(self._runtime.cluster, quota)
        status = {
            "hard": hard,
            "used": {name: quantity_text(name, amount) for name, amount in used.items()},
        }
        self._runtime.update_status(RESOURCE_QUOTAS, quota, status)
