"""Starting the control loops of products, where these are installed."""

from __future__ import annotations

from collections.abc import Iterable

from meshpeek.rehearsal.controllers.runtime import ObjectKey, Runtime, object_key
from meshpeek.rehearsal.installation import StartedBy
from meshpeek.rehearsal.store.store import WatchEvent
from meshpeek.rehearsal.types.keys import ResourceKey


class ProductStarter:
    """Starts each control loop of the cluster's installations once its object is there."""

    watches: frozenset[ResourceKey] | None

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._waiting: dict[ObjectKey, StartedBy] = {
            ObjectKey(each.resource, each.namespace, each.name): each
            for installation in runtime.cluster.installations
            for each in installation.controllers
        }
        self.watches = frozenset(key.resource for key in self._waiting)

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:
        """Return the key of an object that starts something."""
        key = object_key(event.key, event.object)
        if key in self._waiting:
            yield key

    def reconcile(self, key: ObjectKey) -> None:
        """Start what an object starts."""
        if key in self._waiting and self._runtime.get(key) is not None:
            self._runtime.add(self._waiting.pop(key).make(self._runtime))
