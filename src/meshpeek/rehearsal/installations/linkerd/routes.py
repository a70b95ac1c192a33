"""The status of HTTPRoutes, as Linkerd's policy controller writes it.

Facts: linkerd2 policy-controller/k8s/status (index.rs, service.rs) of 2.14. Routes of both groups,
policy.linkerd.io and gateway.networking.k8s.io, are followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from meshpeek.rehearsal.controllers.runtime import ObjectKey, Runtime, object_key
from meshpeek.rehearsal.store.store import WatchEvent
from meshpeek.rehearsal.types.keys import DEPLOYMENTS, SERVICES, ResourceKey
from meshpeek.rehearsal.types.objects import Object

POLICY_ROUTES = ResourceKey("policy.linkerd.io", "httproutes")
GATEWAY_ROUTES = ResourceKey("gateway.networking.k8s.io", "httproutes")
SERVERS = ResourceKey("policy.linkerd.io", "servers")
CONTROLLER_NAME = "linkerd.io/policy-controller"

_ROUTES = (POLICY_ROUTES, GATEWAY_ROUTES)
_CORE = ("", "core")
_DESTINATION = (DEPLOYMENTS, "linkerd", "linkerd-destination")


class RouteStatusController:
    """Says of each HTTPRoute whether its parents accept it and its backends are there.

    It is a part of Linkerd: without the Deployment linkerd-destination nothing is written.
    """

    watches: frozenset[ResourceKey] | None = frozenset(
        {*_ROUTES, SERVICES, SERVERS, _DESTINATION[0]}
    )

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:
        """Return the route of an event; every route when a possible parent or backend changed."""
        if event.key in _ROUTES:
            yield object_key(event.key, event.object)
        elif event.key != _DESTINATION[0] or event.object["metadata"]["name"] == _DESTINATION[2]:
            for key in _ROUTES:
                for route in self._runtime.store.list(key):
                    yield object_key(key, route)

    def reconcile(self, key: ObjectKey) -> None:
        """Write a route's status, leaving alone what other controllers have written there."""
        route = self._runtime.get(key)
        if route is None or self._runtime.store.get(*_DESTINATION) is None:
            return
        before = route.get("status", {}).get("parents", [])
        others = [each for each in before if each["controllerName"] != CONTROLLER_NAME]
        ours = [each for each in before if each["controllerName"] == CONTROLLER_NAME]
        backends = self._backend_condition(route)
        parents = []
        for reference in route["spec"].get("parentRefs") or ():
            status = self._parent_status(key, reference, backends)
            if status is not None:
                parents.append(self._with_times(status, ours))
        if before != others + parents:
            self._runtime.update_status(key.resource, route, {"parents": others + parents})

    def _parent_status(
        self, key: ObjectKey, reference: Mapping[str, Any], backends: Mapping[str, str]
    ) -> Object | None:
        namespace = reference.get("namespace") or key.namespace
        name = reference["name"]
        kind, group = reference.get("kind"), reference.get("group", key.resource.group)
        parent = {"name": name, "namespace": namespace}
        if kind == "Service" and group in _CORE:
            service = self._runtime.store.get(SERVICES, namespace, name)
            accepted = _accepted(service is not None and _can_be_parent(service))
            parent |= {"group": "core", "kind": "Service"}
            # The CRD of policy.linkerd.io has no port there, so the API server drops it.
            if key.resource == GATEWAY_ROUTES and "port" in reference:
                parent["port"] = reference["port"]
            conditions = [accepted, dict(backends)]
        elif kind == "Server" and group == SERVERS.group and key.resource == POLICY_ROUTES:
            found = self._runtime.store.get(SERVERS, namespace, name) is not None
            parent |= {"group": SERVERS.group, "kind": "Server"}
            conditions = [_accepted(found)]
        else:
            return None
        return {"conditions": conditions, "controllerName": CONTROLLER_NAME, "parentRef": parent}

    def _backend_condition(self, route: Object) -> dict[str, str]:
        namespace = route["metadata"]["namespace"]
        references = [
            reference
            for rule in route["spec"].get("rules") or ()
            for reference in rule.get("backendRefs") or ()
        ]
        if any(not is_service(reference) for reference in references):
            return _condition("ResolvedRefs", False, "InvalidKind")
        resolved = any(
            self._runtime.store.get(SERVICES, each.get("namespace") or namespace, each["name"])
            for each in references
        )
        return _condition(
            "ResolvedRefs", resolved, "ResolvedRefs" if resolved else "BackendNotFound"
        )

    def _with_times(self, status: Object, before: list[Object]) -> Object:
        """Stamp the conditions with the present time, or with their earlier one if unchanged."""
        moment = self._runtime.timestamp()
        times = {
            (each["type"], each["status"], each["reason"]): each["lastTransitionTime"]
            for old in before
            if old["parentRef"] == status["parentRef"]
            for each in old["conditions"]
        }
        stamped = [
            {
                "lastTransitionTime": times.get(
                    (each["type"], each["status"], each["reason"]), moment
                ),
                **each,
            }
            for each in status["conditions"]
        ]
        return {**status, "conditions": stamped}


def is_service(reference: Mapping[str, Any]) -> bool:
    """Return whether a backendRef means a Service."""
    return reference.get("kind", "Service") == "Service" and reference.get("group", "") in _CORE


def _can_be_parent(service: Object) -> bool:
    spec = service["spec"]
    return spec["type"] != "ExternalName" and spec.get("clusterIP") not in (None, "", "None")


def _accepted(is_accepted: bool) -> dict[str, str]:
    return _condition("Accepted", is_accepted, "Accepted" if is_accepted else "NoMatchingParent")


def _condition(kind: str, holds: bool, reason: str) -> dict[str, str]:
    return {
        "message": "",
        "reason": reason,
        "status": "True" if holds else "False",
        "type": kind,
    }
