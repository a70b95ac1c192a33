"""One cell of Faces: its request, from the ingress to the pods that answer, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from random import Random
from typing import NamedTuple

from meshpeek.rehearsal.installations.faces.hops import Hop
from meshpeek.rehearsal.installations.faces.workloads import (
    PORT,
    Settings,
    Workloads,
    read_settings,
)
from meshpeek.rehearsal.installations.linkerd.data_path import (
    FAIL_FAST_SECONDS,
    PodEndpoint,
    Route,
    RoutedRequest,
    choose_backend,
    find_endpoints,
    find_local_endpoints,
    find_route,
)
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types.keys import SERVICES
from meshpeek.rehearsal.types.objects import Object

SERVICE_PORT = 80
"""The port that Faces asks Services on."""

FACE = "face"
SERVICES_OF_FACES = ("color", "smiley", FACE)


class Client(NamedTuple):
    """Who makes a request: from where, and whether through a Linkerd proxy."""

    cluster: Cluster
    namespace: str
    is_meshed: bool = True
    is_face: bool = False


class BackendView(NamedTuple):
    """A backend as the page shows it: its share of the requests, and how many pods are ready."""

    name: str
    weight: int
    share: float
    clusters: tuple[str, ...]
    pods: int
    reason: str


class ServiceView(NamedTuple):
    """What holds at present for requests to a Service; timeouts are in seconds."""

    name: str
    is_there: bool
    route: str = ""
    request_timeout: float | None = None
    backend_timeout: float | None = None
    backends: tuple[BackendView, ...] = ()


def find_home(clusters: Iterable[Cluster]) -> Client | None:
    """Return the place that Faces is asked from: the ingress beside the first Service `face`."""
    for cluster in clusters:
        for service in cluster.store.list(SERVICES):
            if service["metadata"]["name"] == FACE:
                return Client(cluster, service["metadata"]["namespace"])
    return None


class Cells:
    """Answers the requests of cells. `clock` returns seconds, for what pods remember."""

    def __init__(
        self, clusters: Iterable[Cluster], random: Random, clock: Callable[[], float]
    ) -> None:
        self._clusters = tuple(clusters)
        self._random = random
        self._clock = clock
        self._workloads: Workloads = Workloads(random)

    def ask(self, headers: Mapping[str, str]) -> Hop:
        """Return what comes of one cell's request, with `headers` (lower-case names)."""
        home = find_home(self._clusters)
        if home is None:
            return Hop(FACE, 503, 0.0, reason=f"there is no Service {FACE} in any cluster")
        return self._ask(home, headers, FACE, self._clock())

    def view(self, headers: Mapping[str, str]) -> list[ServiceView]:
        """Return what holds at present for Faces' requests; nothing where Faces is not there."""
        home = find_home(self._clusters)
        return [_view(home, name, headers) for name in SERVICES_OF_FACES] if home else []

    def _ask(self, client: Client, headers: Mapping[str, str], name: str, now: float) -> Hop:
        service = _service(client, name)
        if service is None:
            return Hop(name, 500, 0.0, reason=f"no address: there is no Service {name}")
        request = RoutedRequest(name, headers)
        if not client.is_meshed:
            return self._ask_directly(client, headers, service, now)
        route = find_route(client.cluster, service, SERVICE_PORT, request)
        backend = choose_backend(route, self._random)
        place = partial(Hop, name, route=route.name, backend=backend.name)
        if backend.status:
            return place(backend.status, 0.0, reason=backend.reason)
        endpoints = _answering(
            find_endpoints(client.cluster, backend.namespace, backend.name, backend.port)
        )
        if endpoints:
            hop = self._ask_one_of(endpoints, client, headers, place, now)
        else:
            reason = f"{backend.name} has no pod that could answer"
            hop = place(504, FAIL_FAST_SECONDS, reason=reason)
        return _within(route, hop)

    def _ask_directly(
        self, client: Client, headers: Mapping[str, str], service: Object, now: float
    ) -> Hop:
        """Ask without a proxy: kube-proxy knows neither routes nor other clusters' pods."""
        name = service["metadata"]["name"]
        place = partial(Hop, name, backend=name)
        endpoints = _answering(find_local_endpoints(client.cluster, service, SERVICE_PORT))
        if not endpoints:
            return place(
                500, 0.0, reason=f"connection refused: {name} has no pod that could answer"
            )
        return self._ask_one_of(endpoints, client, headers, place, now)

    def _ask_one_of(
        self,
        endpoints: list[tuple[PodEndpoint, Settings]],
        client: Client,
        headers: Mapping[str, str],
        place: Callable[..., Hop],
        now: float,
    ) -> Hop:
        (cluster, pod, _), settings = self._random.choice(endpoints)
        at_pod = partial(place, cluster=cluster.name, pod=pod["metadata"]["name"])
        is_face = settings.service == FACE
        if is_face and client.is_face:
            return at_pod(500, 0.0, reason="a face that asks itself never gets an answer")
        inner = Client(cluster, pod["metadata"]["namespace"], _is_meshed(pod), is_face)

        answer = self._workloads.answer(
            pod["metadata"]["uid"], settings, now, partial(self._ask, inner, headers)
        )
        return at_pod(answer.status, answer.seconds, body=answer.body, calls=answer.calls)


def _service(client: Client, name: str) -> Object | None:
    service = client.cluster.store.get(SERVICES, client.namespace, name)
    # The name of an ExternalName leads out of the clusters, where nobody is.
    return None if service and service["spec"].get("type") == "ExternalName" else service


def _answering(
    endpoints: Iterable[PodEndpoint],
) -> list[tuple[PodEndpoint, Settings]]:
    """Return the endpoints where something listens, with its settings."""
    found = ((each, read_settings(each.pod)) for each in endpoints if each.port == PORT)
    return [(endpoint, settings) for endpoint, settings in found if settings is not None]


def _is_meshed(pod: Object) -> bool:
    return any(each["name"] == "linkerd-proxy" for each in pod["spec"]["containers"])


def _within(route: Route, hop: Hop) -> Hop:
    """Give up on a request that takes as long as one of its route's timeouts."""
    timeouts = [each for each in (route.request_timeout, route.backend_timeout) if each is not None]
    limit = min(timeouts, default=None)
    if limit is None or hop.seconds < limit:
        return hop
    reason = f"given up after {limit * 1000:g} ms"
    return replace(hop, status=504, seconds=limit, reason=reason, body={})


def _view(home: Client, name: str, headers: Mapping[str, str]) -> ServiceView:
    service = _service(home, name)
    if service is None:
        return ServiceView(name, False)
    route = find_route(home.cluster, service, SERVICE_PORT, RoutedRequest(name, headers))
    total = sum(backend.weight for backend in route.backends)
    backends = []
    for backend in route.backends:
        endpoints = _answering(
            find_endpoints(home.cluster, backend.namespace, backend.name, backend.port)
        )
        backends.append(
            BackendView(
                backend.name,
                backend.weight,
                backend.weight / total if total else 0.0,
                tuple(sorted({each.cluster.name for each, _ in endpoints})),
                len(endpoints),
                backend.reason,
            )
        )
    return ServiceView(
        name, True, route.name, route.request_timeout, route.backend_timeout, tuple(backends)
    )
