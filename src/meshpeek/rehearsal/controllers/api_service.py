"""The API server's own Service: `kubernetes` in `default` is created again when it is deleted.

kube-apiserver reconciles it and its endpoints every ten seconds; here they are back at once.
"""

from __future__ import annotations

from collections.abc import Iterable

from meshpeek.rehearsal.controllers.runtime import ObjectKey, Runtime, object_key
from meshpeek.rehearsal.installations import k3s
from meshpeek.rehearsal.store.store import WatchEvent
from meshpeek.rehearsal.types.keys import ENDPOINT_SLICES, ENDPOINTS, SERVICES, ResourceKey

_KINDS = {
    "Service": SERVICES,
    "Endpoints": ENDPOINTS,
    "EndpointSlice": ENDPOINT_SLICES,
}


class ApiServiceController:
    """Restores the Service of the API server and its endpoints."""

    watches: frozenset[ResourceKey] | None = frozenset(_KINDS.values())

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:
        """Return the object that was deleted, if it is one of these."""
        metadata = event.object["metadata"]
        place = (metadata.get("namespace"), metadata["name"])
        if event.type == "DELETED" and place == ("default", "kubernetes"):
            yield object_key(event.key, event.object)

    def reconcile(self, key: ObjectKey) -> None:
        """Create the object again if it is not there."""
        if self._runtime.get(key) is not None:
            return
        for obj in k3s.api_server(self._runtime.cluster):
            if _KINDS[obj["kind"]] == key.resource:
                self._runtime.create(key.resource, obj)
