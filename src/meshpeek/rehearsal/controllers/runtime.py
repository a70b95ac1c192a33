"""What controllers run on: a work queue, a clock, and writes to the store.

Controllers are level-triggered. An event only says which object to look at; `reconcile` compares
the wanted state with the present one, and does nothing when they agree.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple, Protocol

from meshpeek.rehearsal.admission import defaults
from meshpeek.rehearsal.admission.new_objects import check_new_object
from meshpeek.rehearsal.controllers.clocks import Clock
from meshpeek.rehearsal.controllers.event_records import Occurrence, record
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.store.store import Listener, Store, WatchEvent, random_suffix, timestamp
from meshpeek.rehearsal.types.keys import ResourceKey
from meshpeek.rehearsal.types.label_selectors import matches, requirements_of
from meshpeek.rehearsal.types.objects import Object


class ObjectKey(NamedTuple):
    """What a work queue holds: an object's kind, namespace (empty without one) and name."""

    resource: ResourceKey
    namespace: str
    name: str


class Controller(Protocol):
    """One control loop; `watches` are the kinds whose events it wants, None for all."""

    watches: frozenset[ResourceKey] | None

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:
        """Return the keys of the objects to look at because of an event in its cluster."""

    def reconcile(self, key: ObjectKey) -> None:
        """Bring the cluster nearer to what an object asks for, which may exist no longer."""


class Runtime:
    """Runs the controllers of one cluster by a clock."""

    def __init__(self, cluster: Cluster, clock: Clock) -> None:
        self.cluster = cluster
        self.store = cluster.store
        self.clock = clock
        self._watching: dict[ResourceKey, list[Controller]] = {}
        self._watching_all: list[Controller] = []
        self._waiting: dict[tuple[Controller, ObjectKey], None] = {}
        self._is_scheduled = False
        self._is_stopped = False
        self._subscriptions = [cluster.store.subscribe(self._follow)]

    def add(self, controller: Controller) -> None:
        """Run `controller` too, beginning with the objects that exist."""
        if controller.watches is None:
            self._watching_all.append(controller)
        for key in controller.watches or ():
            self._watching.setdefault(key, []).append(controller)
        for resource in tuple(self.cluster.resources):
            if controller.watches is None or resource.key in controller.watches:
                for obj in self.store.list(resource.key):
                    self._enqueue(controller, WatchEvent("ADDED", resource.key, obj, 0))

    def stop(self) -> None:
        """Stop all controllers."""
        self._is_stopped = True
        while self._subscriptions:
            self._subscriptions.pop()()

    def enqueue(self, controller: Controller, key: ObjectKey, delay: float = 0.0) -> None:
        """Have `controller` look at an object, `delay` seconds from now."""
        if delay > 0:
            self.clock.call_later(delay, lambda: self.enqueue(controller, key))
            return
        self._waiting[controller, key] = None
        if not self._is_scheduled and not self._is_stopped:
            self._is_scheduled = True
            self.clock.call_later(0, self._work)

    def after(self, delay: float, action: Callable[[], None]) -> None:
        """Run `action` once, `delay` seconds from now, unless stopped before."""
        self.clock.call_later(delay, lambda: None if self._is_stopped else _guarded(action))

    def follow_store(self, store: Store, listener: Listener) -> None:
        """Call `listener` with the events of another cluster's store too, until stopped."""
        self._subscriptions.append(store.subscribe(listener))

    def _follow(self, event: WatchEvent) -> None:
        for controller in (*self._watching.get(event.key, ()), *self._watching_all):
            _guarded(partial(self._enqueue, controller, event))

    def _enqueue(self, controller: Controller, event: WatchEvent) -> None:
        for key in controller.concerns(event):
            self.enqueue(controller, key)

    def _work(self) -> None:
        """Look at what waits now; what is added meanwhile waits for the next call."""
        self._is_scheduled = False
        waiting = tuple(self._waiting)
        self._waiting.clear()
        for controller, key in waiting:
            if not self._is_stopped:
                _guarded(partial(controller.reconcile, key))

    def get(self, key: ObjectKey) -> Object | None:
        """Return an object as it is stored now, None if it does not exist."""
        return self.store.get(key.resource, key.namespace or None, key.name)

    def timestamp(self) -> str:
        """Return the present time as Kubernetes writes it."""
        return timestamp(self.clock.now())

    def create(self, key: ResourceKey, obj: Object) -> Object:
        """Default and store a new object, created now by the clock.

        Raises ApiError Forbidden where admission refuses it.
        """
        metadata = obj["metadata"]
        if "generateName" in metadata and "name" not in metadata:
            metadata["name"] = metadata["generateName"] + random_suffix()
        metadata["creationTimestamp"] = self.timestamp()
        defaults.apply(self.cluster, key, obj)
        check_new_object(self.cluster, key, obj)
        return self.store.create(key, obj)

    def update(self, key: ResourceKey, obj: Object) -> Object:
        """Default and replace an object; nothing happens when it is as it was."""
        return self.store.update(key, defaults.apply(self.cluster, key, obj))

    def update_status(self, key: ResourceKey, obj: Object, status: Mapping[str, Any]) -> Object:
        """Give `obj`, as stored, another status; nothing happens when it is as it was."""
        return self.store.update(key, {**obj, "status": dict(status)}, subresource="status")

    def delete(self, key: ResourceKey, obj: Object) -> None:
        """Delete `obj` if it still exists, but not another object of the same name."""
        metadata = obj["metadata"]
        present = self.store.get(key, metadata.get("namespace"), metadata["name"])
        if present is not None and present["metadata"]["uid"] == metadata["uid"]:
            self.store.delete(key, metadata.get("namespace"), metadata["name"])

    def dependents(self, key: ResourceKey, owner: Object) -> list[Object]:
        """Return the objects that `owner`, which is not being deleted, manages.

        Objects that match its selector and have no controller are adopted: a deletion may have
        orphaned them. Those that no longer match are released.
        """
        metadata, selector = owner["metadata"], requirements_of(owner["spec"]["selector"])
        found = []
        for obj in self.store.list(key, metadata["namespace"]):
            manager = controller_of(obj)
            is_ours = manager is not None and manager["uid"] == metadata["uid"]
            if manager is not None and not is_ours:
                continue
            if matches(selector, obj["metadata"].get("labels") or {}):
                if is_ours:
                    found.append(obj)
                elif "deletionTimestamp" not in obj["metadata"]:
                    references = [*obj["metadata"].get("ownerReferences", ()), *owned_by(owner)]
                    found.append(self._with_owners(key, obj, references))
            elif is_ours:
                references = obj["metadata"]["ownerReferences"]
                kept = [each for each in references if each["uid"] != metadata["uid"]]
                self._with_owners(key, obj, kept)
        return found

    def candidates(self, key: ResourceKey, obj: Object) -> list[ObjectKey]:
        """Return the owners of the kind `key` that may adopt `obj`, which has no controller."""
        labels = obj["metadata"].get("labels") or {}
        return [
            object_key(key, owner)
            for owner in self.store.list(key, obj["metadata"]["namespace"])
            if matches(requirements_of(owner["spec"]["selector"]), labels)
        ]

    def _with_owners(self, key: ResourceKey, obj: Object, references: list[Object]) -> Object:
        metadata = {**obj["metadata"], "ownerReferences": references}
        if not references:
            del metadata["ownerReferences"]
        return self.store.update(key, {**obj, "metadata": metadata})

    def record(
        self,
        about: Object,
        reason: str,
        message: str,
        *,
        source: str,
        kind: str = "Normal",
        path: str = "",
    ) -> None:
        """Record an Event about an object of this cluster, as `event_records.record` does."""
        record(
            self.store,
            self.clock.now(),
            about,
            Occurrence(reason, message, source=source, kind=kind, path=path),
        )


def _guarded(action: Callable[[], None]) -> None:
    try:
        action()
    except Exception:  # noqa: BLE001 - one broken object must not stop a cluster
        traceback.print_exc(file=sys.stderr)


def object_key(resource: ResourceKey, obj: Object) -> ObjectKey:
    """Return the key of `obj`, which is of the kind `resource`."""
    metadata = obj["metadata"]
    return ObjectKey(resource, metadata.get("namespace", ""), metadata["name"])


def controller_of(obj: Object) -> Mapping[str, Any] | None:
    """Return the owner reference of the controller that manages `obj`, if there is one."""
    for owner in obj["metadata"].get("ownerReferences", ()):
        if owner.get("controller"):
            reference: Mapping[str, Any] = owner
            return reference
    return None


def owned_by(owner: Object) -> list[Object]:
    """Return the ownerReferences of an object that `owner` manages."""
    return [
        {
            "apiVersion": owner["apiVersion"],
            "kind": owner["kind"],
            "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]


def with_condition(
    conditions: Iterable[Mapping[str, Any]], condition: Mapping[str, Any], moment: str
) -> list[Mapping[str, Any]]:
    """Return `conditions` with `condition` in place of the one of its type, or added.

    It is stamped with `moment`; the transition time stays where the status does, and a condition
    that says nothing new is left as it was.
    """
    result = list(conditions)
    for place, each in enumerate(result):
        if each["type"] == condition["type"]:
            if any(each.get(name) != value for name, value in condition.items()):
                same = each["status"] == condition["status"]
                since = each["lastTransitionTime"] if same else moment
                result[place] = {**condition, "lastTransitionTime": since}
            return result
    return [*result, {**condition, "lastTransitionTime": moment}]


def nonzero(status: Mapping[str, Any]) -> dict[str, Any]:
    """Return `status` without its zeros and empty lists, as Go's `omitempty` leaves them out."""
    return {name: value for name, value in status.items() if value or value is False}
