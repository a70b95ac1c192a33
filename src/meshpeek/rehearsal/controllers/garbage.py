"""The garbage collector: objects whose owners have been deleted are deleted, too.

Facts: kube-controller-manager 1.27's garbage collector and its two finalizers.
"""

from __future__ import annotations

from collections.abc import Iterable

from meshpeek.rehearsal.controllers.runtime import ObjectKey, Runtime, object_key
from meshpeek.rehearsal.store.store import WatchEvent
from meshpeek.rehearsal.types.keys import ResourceKey
from meshpeek.rehearsal.types.objects import Object

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


class GarbageCollector:
    """Deletes dependents in the background or foreground, or orphans them."""

    watches: frozenset[ResourceKey] | None = None

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._dependents: dict[str, dict[ObjectKey, None]] = {}
        self._uids: dict[str, ObjectKey] = {}

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:
        """Return what may be garbage now, and owners that may wait for their dependents."""
        key = object_key(event.key, event.object)
        metadata = event.object["metadata"]
        owners = [owner["uid"] for owner in metadata.get("ownerReferences", ())]
        if event.type == "DELETED":
            self._uids.pop(metadata["uid"], None)
            yield from self._dependents.pop(metadata["uid"], ())
            for owner in owners:
                self._dependents.get(owner, {}).pop(key, None)
                if owner in self._uids:
                    yield self._uids[owner]
            return
        self._uids[metadata["uid"]] = key
        for owner in owners:
            self._dependents.setdefault(owner, {})[key] = None
        if owners or "deletionTimestamp" in metadata:
            yield key

    def reconcile(self, key: ObjectKey) -> None:
        """Delete an object whose owners have all gone; finish a deletion that has waited."""
        obj = self._runtime.get(key)
        if obj is None:
            return
        metadata = obj["metadata"]
        if "deletionTimestamp" in metadata:
            self._finish(key, obj)
            return
        owners = metadata.get("ownerReferences", ())
        present = [owner for owner in owners if owner["uid"] in self._uids]
        if owners and not present:
            self._runtime.delete(key.resource, obj)
        elif len(present) < len(owners):
            kept = {**metadata, "ownerReferences": present}
            self._runtime.store.update(key.resource, {**obj, "metadata": kept})

    def _finish(self, key: ObjectKey, obj: Object) -> None:
        finalizers = obj["metadata"].get("finalizers", ())
        uid = obj["metadata"]["uid"]
        if ORPHAN in finalizers:
            for dependent in tuple(self._dependents.get(uid, ())):
                self._set_free(dependent, uid)
            self._remove_finalizer(key, ORPHAN)
        elif FOREGROUND in finalizers:
            waiting = False
            for dependent in tuple(self._dependents.get(uid, ())):
                waiting = self._delete_dependent(dependent, uid) or waiting
            if not waiting:
                self._remove_finalizer(key, FOREGROUND)

    def _set_free(self, dependent: ObjectKey, uid: str) -> None:
        self._dependents[uid].pop(dependent, None)
        obj = self._runtime.get(dependent)
        if obj is None:
            return
        metadata = dict(obj["metadata"])
        kept = [each for each in metadata.get("ownerReferences", ()) if each["uid"] != uid]
        metadata.pop("ownerReferences", None)
        if kept:
            metadata["ownerReferences"] = kept
        self._runtime.store.update(dependent.resource, {**obj, "metadata": metadata})

    def _delete_dependent(self, dependent: ObjectKey, uid: str) -> bool:
        """Delete a dependent in the foreground; return whether its owner has to wait for it."""
        obj = self._runtime.get(dependent)
        if obj is None:
            return False
        metadata = obj["metadata"]
        if "deletionTimestamp" not in metadata:
            has_dependents = bool(self._dependents.get(metadata["uid"]))
            self._runtime.store.delete(
                dependent.resource,
                dependent.namespace or None,
                dependent.name,
                finalizer=FOREGROUND if has_dependents else None,
            )
        owners = metadata.get("ownerReferences", ())
        blocks = any(each["uid"] == uid and each.get("blockOwnerDeletion") for each in owners)
        return blocks and self._runtime.get(dependent) is not None

    def _remove_finalizer(self, key: ObjectKey, finalizer: str) -> None:
        obj = self._runtime.get(key)
        if obj is None:
            return
        metadata = dict(obj["metadata"])
        left = [each for each in metadata.get("finalizers", ()) if each != finalizer]
        metadata["finalizers"] = left
        self._runtime.store.update(key.resource, {**obj, "metadata": metadata})
