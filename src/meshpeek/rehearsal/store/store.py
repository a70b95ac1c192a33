"""One cluster's objects in memory: writes, their events, and the history that watches read.

Copy rules: what the store hands out (from `get`, `list`, in events) is what it holds, so a receiver
copies (`copy.deepcopy`) before changing anything. What it is given belongs to it from then on: a
caller does not change an object, or anything in it, after handing it over.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from meshpeek.rehearsal.types.keys import DEPLOYMENTS, ResourceKey
from meshpeek.rehearsal.types.kind_registry import Registry
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.resources import Resource
from meshpeek.rehearsal.types.status import (
    already_exists,
    conflict,
    expired,
    from_the_future,
    modified,
    not_found,
)

HISTORY_LENGTH = 4096
# Annotations that the Deployment controller writes through the status.
_KEPT_BY_SERVER = "deployment.kubernetes.io/"
NAME_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


class WatchEvent(NamedTuple):
    """One write; `previous` is the object before it, None when it was created."""

    type: Literal["ADDED", "MODIFIED", "DELETED"]
    key: ResourceKey
    object: Object
    resource_version: int
    previous: Object | None = None


Objects = list[Object]
WatchEvents = list[WatchEvent]
Listener = Callable[[WatchEvent], None]


def timestamp(moment: datetime) -> str:
    """Return `moment` (in UTC) as Kubernetes writes times: whole seconds, `Z`."""
    return moment.isoformat(timespec="seconds")[:19] + "Z"


def random_suffix() -> str:
    """Return five letters as API servers append them to a generateName."""
    return "".join(NAME_LETTERS[byte % len(NAME_LETTERS)] for byte in os.urandom(5))


def new_uid() -> str:
    """Return a random UUID (version 4)."""
    octets = bytearray(os.urandom(16))
    octets[6] = octets[6] & 0x0F | 0x40
    octets[8] = octets[8] & 0x3F | 0x80
    digits = octets.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


class Store:
    """The objects of one cluster. `now` returns the present time, in UTC."""

    def __init__(self, resources: Registry, now: Callable[[], datetime]) -> None:
        self._resources = resources
        self._now = now
        self._objects: dict[ResourceKey, dict[str, dict[str, Object]]] = {}
        self._listeners: list[Listener] = []
        self._history: deque[WatchEvent] = deque(maxlen=HISTORY_LENGTH)
        self._resource_version = 0
        self._unpublished: deque[WatchEvent] = deque()
        self._publishing = False

    @property
    def resource_version(self) -> int:
        """The version of the latest write."""
        return self._resource_version

    def get(self, key: ResourceKey, namespace: str | None, name: str) -> Object | None:
        """Return an object, or None; `namespace` is None for a cluster-scoped kind."""
        return self._objects.get(key, {}).get(namespace or "", {}).get(name)

    def list(self, key: ResourceKey, namespace: str | None = None) -> Objects:
        """Return the objects of a kind by namespace and name, of all namespaces without one."""
        by_namespace = self._objects.get(key, {})
        names = [namespace] if namespace else sorted(by_namespace)
        return [
            objects[name]
            for objects in (by_namespace.get(each, {}) for each in names)
            for name in sorted(objects)
        ]

    def holds(self, key: ResourceKey) -> bool:
        """Return whether there are objects of a kind."""
        return any(self._objects.get(key, {}).values())

    def kinds(self) -> tuple[ResourceKey, ...]:
        """Return the kinds of which objects exist."""
        return tuple(key for key, held in self._objects.items() if any(held.values()))

    def restore(self, objects: Mapping[ResourceKey, Objects], resource_version: int) -> None:
        """Hold `objects`, exactly as they are, from now on; the latest write has that version.

        Only for an empty store. No events are published, and there is no history before it.
        """
        for key, listed in objects.items():
            for obj in listed:
                metadata = obj["metadata"]
                by_namespace = self._objects.setdefault(key, {})
                by_namespace.setdefault(metadata.get("namespace", ""), {})[metadata["name"]] = obj
        self._resource_version = resource_version

    def create(self, key: ResourceKey, obj: Object, *, dry_run: bool = False) -> Object:
        """Store a new object and return it with uid, creationTimestamp, resourceVersion.

        A name is made from `generateName`. A uid and a creationTimestamp that are given are kept,
        so that admission can name the object and seeds can lie in the past. With `dry_run` the
        object is returned but not stored, here and in `update` and `delete`. Raises ApiError
        AlreadyExists.
        """
        resource = self._resource(key)
        given = obj["metadata"]
        name = given.get("name") or given["generateName"] + random_suffix()
        namespace = given.get("namespace") if resource.namespaced else None
        if self.get(key, namespace, name) is not None:
            raise already_exists(key, name)
        metadata = {
            **given,
            "name": name,
            "uid": given.get("uid") or new_uid(),
            "creationTimestamp": given.get("creationTimestamp") or timestamp(self._now()),
        }
        if resource.counts_generation:
            metadata["generation"] = 1
        new = {**obj, "metadata": metadata}
        return new if dry_run else self._put("ADDED", key, new, None)

    def update(
        self, key: ResourceKey, obj: Object, *, subresource: str = "", dry_run: bool = False
    ) -> Object:
        """Replace an object and return the stored one; without a difference nothing happens.

        With `subresource="status"` only the status and managedFields are taken from `obj`. uid,
        creationTimestamp and deletionTimestamp stay as they are; the generation grows when
        anything but metadata and status differs (of a Deployment annotations too, of a custom kind
        without the subresource the status too). An object that is being deleted goes when its
        last finalizer does.
        Raises ApiError NotFound, and Conflict as `check_preconditions` does.
        """
        given = obj["metadata"]
        name = given["name"]
        old = self.get(key, given.get("namespace"), name)
        if old is None:
            raise not_found(key, name)
        version = given.get("resourceVersion")
        self.check_preconditions(key, old, given.get("uid"), None if version == "0" else version)
        if subresource == "status":
            new = {**old, "status": obj["status"]} if "status" in obj else dict(old)
            if "managedFields" in given:
                owned = {"managedFields": given["managedFields"]}
                new["metadata"] = {**old["metadata"], **owned}
        else:
            new = {**obj, "metadata": _kept_metadata(old["metadata"], given)}
        resource = self._resource(key)
        if "generation" in old["metadata"] and _content(resource, new) != _content(resource, old):
            generation = old["metadata"]["generation"] + 1
            new["metadata"] = {**new["metadata"], "generation": generation}
        if dry_run:
            return new
        if new == old:
            return old
        if "deletionTimestamp" in new["metadata"] and not _held(key, new):
            return self._remove(key, new, old)
        return self._put("MODIFIED", key, new, old)

    def delete(
        self,
        key: ResourceKey,
        namespace: str | None,
        name: str,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        finalizer: str | None = None,
        dry_run: bool = False,
    ) -> Object | None:
        """Delete an object, and return it as it was last.

        While it has finalizers (a Namespace: also in its spec) it stays and is only marked with
        a deletionTimestamp; the marked object is returned, and the `update` that removes the last
        finalizer removes the object. `finalizer` is added first: `foregroundDeletion` or `orphan`,
        for the garbage collector. Returns None for an object that does not exist. Raises ApiError
        Conflict when `uid` or `resource_version` is given and differs.
        """
        old = self.get(key, namespace, name)
        if old is None:
            return None
        self.check_preconditions(key, old, uid, resource_version)
        metadata = dict(old["metadata"])
        if finalizer and finalizer not in metadata.get("finalizers", ()):
            metadata["finalizers"] = [*metadata.get("finalizers", ()), finalizer]
        new = {**old, "metadata": metadata}
        if dry_run:
            return new
        if not _held(key, new):
            return self._remove(key, new, old)
        if "deletionTimestamp" not in metadata:
            metadata["deletionTimestamp"] = timestamp(self._now())
            if key == ("", "namespaces"):
                new["status"] = {**old.get("status", {}), "phase": "Terminating"}
            else:
                metadata["deletionGracePeriodSeconds"] = 0
        return old if new == old else self._put("MODIFIED", key, new, old)

    def check_preconditions(
        self, key: ResourceKey, old: Object, uid: str | None, resource_version: str | None
    ) -> None:
        """Raise ApiError Conflict for a uid or resourceVersion that is not that of `old`.

        One that is missing is not checked.
        """
        metadata = old["metadata"]
        if uid and uid != metadata["uid"]:
            raise conflict(
                key,
                metadata["name"],
                f"Precondition failed: UID in precondition: {uid}, "
                f"UID in object meta: {metadata['uid']}",
            )
        if resource_version and resource_version != metadata["resourceVersion"]:
            raise modified(key, metadata["name"])

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event, right after its write; the returned function ends it.

        A listener may write: the events of its writes follow when every listener has had the
        present one, so all listeners see all events in the order of the writes. One that fails
        is reported on standard error: the write has happened, and the others are told of it.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def events_since(self, resource_version: int) -> WatchEvents:
        """Return the events after a version, oldest first.

        Raises ApiError Expired (410) when the history kept does not reach back that far, and
        Timeout (504) for a version that is still to come.
        """
        if resource_version > self._resource_version:
            raise from_the_future(resource_version, self._resource_version)
        oldest = self._resource_version - len(self._history)
        if resource_version < oldest:
            raise expired(resource_version, oldest + 1)
        missing = self._resource_version - resource_version
        return [*self._history][-missing:] if missing else []

    def list_at(self, key: ResourceKey, namespace: str | None, resource_version: int) -> Objects:
        """Return what `list` returned at a version; raises ApiError as `events_since` does."""
        present = {place_of(obj): obj for obj in self.list(key, namespace)}
        for event in reversed(self.events_since(resource_version)):
            place = place_of(event.object)
            if event.key != key or namespace not in (None, "", place[0]):
                continue
            if event.previous is None:
                del present[place]
            else:
                present[place] = event.previous
        return [present[place] for place in sorted(present)]

    def _resource(self, key: ResourceKey) -> Resource:
        resource = self._resources.get(key)
        if resource is None:
            raise LookupError(f"no resource {key} in this cluster")
        return resource

    def _put(
        self, kind: Literal["ADDED", "MODIFIED"], key: ResourceKey, obj: Object, old: Object | None
    ) -> Object:
        self._number(obj)
        metadata = obj["metadata"]
        by_namespace = self._objects.setdefault(key, {})
        by_namespace.setdefault(metadata.get("namespace", ""), {})[metadata["name"]] = obj
        self._publish(WatchEvent(kind, key, obj, self._resource_version, old))
        return obj

    def _remove(self, key: ResourceKey, obj: Object, old: Object) -> Object:
        self._number(obj)
        metadata = obj["metadata"]
        del self._objects[key][metadata.get("namespace", "")][metadata["name"]]
        self._publish(WatchEvent("DELETED", key, obj, self._resource_version, old))
        return obj

    def _number(self, obj: Object) -> None:
        self._resource_version += 1
        obj["metadata"] = {**obj["metadata"], "resourceVersion": str(self._resource_version)}

    def _publish(self, event: WatchEvent) -> None:
        self._history.append(event)
        self._unpublished.append(event)
        if self._publishing:
            return
        self._publishing = True
        try:
            while self._unpublished:
                following = self._unpublished.popleft()
                for listener in tuple(self._listeners):
                    try:
                        listener(following)
                    except Exception:  # noqa: BLE001 - the write has happened
                        traceback.print_exc(file=sys.stderr)
        finally:
            self._publishing = False


def place_of(obj: Object) -> tuple[str, str]:
    """Return an object's namespace, empty for a cluster-scoped kind, and its name."""
    metadata = obj["metadata"]
    return (metadata.get("namespace", ""), metadata["name"])


def _kept_metadata(old: Mapping[str, Any], given: Mapping[str, Any]) -> Object:
    metadata = dict(given)
    for name in (
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "resourceVersion",
    ):
        metadata.pop(name, None)
        if name in old:
            metadata[name] = old[name]
    return metadata


def _content(resource: Resource, obj: Object) -> Object:
    """Return what an object's generation counts the changes of."""
    left_out = {"metadata", "status"}
    if resource.definition is not None and "status" not in resource.subresources:
        left_out.remove("status")
    content = {name: value for name, value in obj.items() if name not in left_out}
    if resource.key == DEPLOYMENTS:
        annotations = obj["metadata"].get("annotations") or {}
        content["annotations"] = {
            name: text for name, text in annotations.items() if not name.startswith(_KEPT_BY_SERVER)
        }
    return content


def _held(key: ResourceKey, obj: Object) -> bool:
    if obj["metadata"].get("finalizers"):
        return True
    return key == ("", "namespaces") and bool(obj.get("spec", {}).get("finalizers"))
