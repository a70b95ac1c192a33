"""Linkerd's data path: which route a request takes, to which Service, and to which pods.

Facts: linkerd2 stable-2.14.10 (policy-controller, destination) and linkerd2-proxy v2.210.4.
Everything is read from the clusters' objects at the moment of the request, so a change to them is
a change to the traffic. Filters of routes have no effect here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from meshpeek.rehearsal.controllers.endpoints import SERVICE_LABEL
from meshpeek.rehearsal.installations.linkerd.names import HOME
from meshpeek.rehearsal.installations.linkerd.policy_webhook import DurationError, parse_duration
from meshpeek.rehearsal.installations.linkerd.routes import (
    CONTROLLER_NAME,
    GATEWAY_ROUTES,
    POLICY_ROUTES,
    is_service,
)
from meshpeek.rehearsal.installations.linkerd_multicluster.mirror import (
    REMOTE_DISCOVERY,
    REMOTE_SERVICE,
    find_target,
)
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types.keys import ENDPOINT_SLICES, PODS, SECRETS, SERVICES, ResourceKey
from meshpeek.rehearsal.types.objects import Object

FAIL_FAST_SECONDS = 3.0
"""How long a proxy waits for endpoints before it answers 504 itself."""

_CREDENTIALS = "mirror.linkerd.io/remote-kubeconfig"
_CLUSTER_LABEL = "multicluster.linkerd.io/cluster-name"


class RoutedRequest(NamedTuple):
    """What of a request routes look at; `headers` have lower-case names."""

    host: str
    headers: Mapping[str, str]
    method: str = "GET"
    path: str = "/"


class Backend(NamedTuple):
    """A Service that a route leads to.

    With a `status` the proxy answers so itself, for `reason`; 0 means that it asks the Service.
    """

    namespace: str
    name: str
    port: int
    weight: int = 1
    status: int = 0
    reason: str = ""


class Route(NamedTuple):
    """What holds for a request: the route's name (empty: none), backends, timeouts in seconds."""

    name: str
    backends: tuple[Backend, ...]
    request_timeout: float | None = None
    backend_timeout: float | None = None


class PodEndpoint(NamedTuple):
    """A ready pod, the cluster that it is in, and the port to ask it on."""

    cluster: Cluster
    pod: Object
    port: int


def find_route(cluster: Cluster, service: Object, port: int, request: RoutedRequest) -> Route:
    """Return the route of a request to `port` of `service`, the most specific of all that match.

    Only routes that the policy controller has accepted count. Without any, the Service itself is
    the backend.
    """
    metadata = service["metadata"]
    routes = sorted(_accepted_routes(cluster, service, port), key=_age)
    if not routes:
        return Route("", (Backend(metadata["namespace"], metadata["name"], port),))
    # `max` returns the first of equals: the rule of the oldest route.
    best = max(_matching_rules(routes, request), key=lambda found: found[0], default=None)
    if best is None:
        refusal = Backend("", "", port, 1, 404, "no rule of any route matches the request")
        return Route("", (refusal,))
    _, route, rule = best
    timeouts = rule.get("timeouts") or {}
    return Route(
        route["metadata"]["name"],
        tuple(_backends(cluster, route, rule, service, port)),
        _seconds(timeouts.get("request")),
        _seconds(timeouts.get("backendRequest")),
    )


def choose_backend(route: Route, random: Random) -> Backend:
    """Return one of a route's backends at random, by their weights."""
    weights = [backend.weight for backend in route.backends]
    if not any(weights):
        return Backend("", "", 0, 0, 500, "all backends have weight 0")
    return random.choices(route.backends, weights)[0]


def find_endpoints(cluster: Cluster, namespace: str, name: str, port: int) -> list[PodEndpoint]:
    """Return the ready pods behind `port` of a Service, as Linkerd's destination controller does.

    A mirror of remote discovery is followed to the cluster that it names, by the credentials for
    it: those in Linkerd's own namespace, so it goes on when the Link is deleted. A mirror that
    goes through a gateway leads nowhere, as there are no gateways here.
    """
    service = cluster.store.get(SERVICES, namespace, name)
    labels = _labels(service)
    if REMOTE_DISCOVERY not in labels:
        return list(_local_endpoints(cluster, service, port))
    target = _remote_cluster(cluster, labels[REMOTE_DISCOVERY])
    if target is None:
        return []
    remote = target.store.get(SERVICES, namespace, labels.get(REMOTE_SERVICE, ""))
    return list(_local_endpoints(target, remote, port))


def find_local_endpoints(cluster: Cluster, service: Object, port: int) -> list[PodEndpoint]:
    """Return the ready pods that a request without a proxy may reach."""
    return list(_local_endpoints(cluster, service, port))


def _accepted_routes(cluster: Cluster, service: Object, port: int) -> Iterator[Object]:
    for key in (POLICY_ROUTES, GATEWAY_ROUTES):
        for route in cluster.store.list(key):
            references = route["spec"].get("parentRefs") or ()
            if any(_is_parent(key, route, each, service, port) for each in references) and (
                _is_accepted(route, service)
            ):
                yield route


def _is_parent(
    key: ResourceKey, route: Object, reference: Mapping[str, Any], service: Object, port: int
) -> bool:
    metadata = service["metadata"]
    namespace = reference.get("namespace") or route["metadata"]["namespace"]
    return (
        reference.get("kind") == "Service"
        and reference.get("group", key.group) in ("", "core")
        and (namespace, reference["name"]) == (metadata["namespace"], metadata["name"])
        and reference.get("port") in (None, port)
    )


def _is_accepted(route: Object, service: Object) -> bool:
    metadata = service["metadata"]
    for parent in route.get("status", {}).get("parents") or ():
        reference = parent.get("parentRef") or {}
        if (
            parent.get("controllerName") == CONTROLLER_NAME
            and reference.get("kind") == "Service"
            and reference.get("name") == metadata["name"]
            and reference.get("namespace", metadata["namespace"]) == metadata["namespace"]
        ):
            return any(
                each.get("type") == "Accepted" and each.get("status") == "True"
                for each in parent.get("conditions") or ()
            )
    return False


def _age(route: Object) -> tuple[str, str, str]:
    metadata = route["metadata"]
    return metadata["creationTimestamp"], metadata["namespace"], metadata["name"]


_Specificity = tuple[bool, int, bool, int]


def _matching_rules(
    routes: Sequence[Object], request: RoutedRequest
) -> Iterator[tuple[_Specificity, Object, Mapping[str, Any]]]:
    for route in routes:
        if not _hosts_match(route["spec"].get("hostnames") or (), request.host):
            continue
        rules: Sequence[Mapping[str, Any]] = route["spec"].get("rules") or ({},)
        for rule in rules:
            matches: Sequence[Mapping[str, Any]] = rule.get("matches") or ({},)
            for match in matches:
                specificity = _specificity(match, request)
                if specificity is not None:
                    yield specificity, route, rule


def _hosts_match(hostnames: Sequence[str], host: str) -> bool:
    return not hostnames or any(
        host.endswith(name[1:]) if name.startswith("*.") else host == name for name in hostnames
    )


def _specificity(match: Mapping[str, Any], request: RoutedRequest) -> _Specificity | None:
    """Return how exact a match is, None if it is none; Faces asks for `/`, without a query."""
    path = match.get("path") or {}
    kind, value = path.get("type", "PathPrefix"), path.get("value", "/")
    headers = match.get("headers") or ()
    fits = (
        _path_matches(kind, value, request.path)
        and match.get("method") in (None, request.method)
        and not match.get("queryParams")
        and all(_header_matches(each, request.headers) for each in headers)
    )
    if not fits:
        return None
    length = len(request.path) if kind == "RegularExpression" else len(value)
    return kind == "Exact", length, "method" in match, len(headers)


def _path_matches(kind: str, value: str, path: str) -> bool:
    match kind:
        case "Exact":
            return path == value
        case "RegularExpression":
            return _pattern_matches(value, path)
        case _:
            prefix = value.rstrip("/")
            return path == prefix or path.startswith(f"{prefix}/")


def _header_matches(match: Mapping[str, Any], headers: Mapping[str, str]) -> bool:
    present = headers.get(match["name"].lower())
    if present is None:
        return False
    if match.get("type") == "RegularExpression":
        return _pattern_matches(match["value"], present)
    return bool(present == match["value"])


def _pattern_matches(pattern: str, text: str) -> bool:
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        return False


def _backends(
    cluster: Cluster, route: Object, rule: Mapping[str, Any], service: Object, port: int
) -> Iterator[Backend]:
    references = rule.get("backendRefs") or ()
    if not references:
        metadata = service["metadata"]
        yield Backend(metadata["namespace"], metadata["name"], port)
    for reference in references:
        namespace = reference.get("namespace") or route["metadata"]["namespace"]
        name, weight = reference["name"], reference.get("weight", 1)
        reason = ""
        if not is_service(reference):
            reason = f"{name} is a {reference.get('kind')}, not a Service"
        elif cluster.store.get(SERVICES, namespace, name) is None:
            reason = f"there is no Service {name}"
        elif reference.get("port") is None:
            reason = f"the backendRef to {name} has no port"
        status = 500 if reason else 0
        yield Backend(namespace, name, reference.get("port") or 0, weight, status, reason)


def _seconds(duration: str | None) -> float | None:
    """Return a timeout in seconds; none where it is 0, or cannot be read."""
    try:
        return parse_duration(duration or "0") or None
    except DurationError:
        return None


def _remote_cluster(cluster: Cluster, name: str) -> Cluster | None:
    for secret in cluster.store.list(SECRETS, HOME):
        if secret.get("type") == _CREDENTIALS and _labels(secret).get(_CLUSTER_LABEL) == name:
            return find_target(cluster, secret)
    return None


def _local_endpoints(cluster: Cluster, service: Object | None, port: int) -> Iterator[PodEndpoint]:
    if service is None:
        return
    metadata = service["metadata"]
    names = [each.get("name", "") for each in service["spec"].get("ports") or () if _is(each, port)]
    if not names:
        return
    for slice_ in cluster.store.list(ENDPOINT_SLICES, metadata["namespace"]):
        if _labels(slice_).get(SERVICE_LABEL) != metadata["name"]:
            continue
        numbers = [p["port"] for p in slice_.get("ports") or () if p.get("name", "") == names[0]]
        for endpoint in slice_.get("endpoints") or () if numbers else ():
            pod = _pod_of(cluster, metadata["namespace"], endpoint)
            if pod is not None:
                yield PodEndpoint(cluster, pod, numbers[0])


def _is(port: Mapping[str, Any], number: int) -> bool:
    return bool(port["port"] == number)


def _pod_of(cluster: Cluster, namespace: str, endpoint: Mapping[str, Any]) -> Object | None:
    if not (endpoint.get("conditions") or {}).get("ready", True):
        return None
    reference = endpoint.get("targetRef") or {}
    return cluster.store.get(PODS, namespace, reference.get("name", ""))


def _labels(obj: Object | None) -> Mapping[str, str]:
    labels: Mapping[str, str] = (obj or {}).get("metadata", {}).get("labels") or {}
    return labels
