"""Whatever is asked of a seeded cluster is answered properly, and leaves it alive.

Every answer is a success or a Status that tells code and message, nothing is reported as a fault
of ours, and at the end every kind can still be listed, as JSON and as a Table.

The examples are the same in every run; MESHPEEK_FUZZING_EXAMPLES=2000 tries that many others.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meshpeek.http.exchange import Request, Response
from meshpeek.rehearsal import controllers
from meshpeek.rehearsal.api.api import Api
from meshpeek.rehearsal.controllers.clocks import SimulatedClock
from meshpeek.rehearsal.seeding.cluster_seed import ClusterSeed
from meshpeek.rehearsal.served_clusters import ServedClusters
from meshpeek.rehearsal.types.resources import Resource

K8S = Path(__file__).parents[2] / "k8s"
WANTED = os.environ.get("MESHPEEK_FUZZING_EXAMPLES", "")
FUZZING = settings(
    max_examples=int(WANTED or 20),
    derandomize=not WANTED,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PATCHES = (
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/json-patch+json",
    "application/apply-patch+yaml",
)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.sampled_from(
        ["", "0", "-1", "5%", "1e400", "None", "10.43.0.1", "a/b", "\ud800", "x" * 300]
    ),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.text(max_size=6), st.just("name")), inner, max_size=3),
    ),
    max_leaves=6,
)


class Change(NamedTuple):
    """Something done to a JSON value: at the `place`-th place in it, `value` is put or it goes."""

    place: int
    is_removal: bool
    value: Any


class Attempt(NamedTuple):
    """A request for the `which`-th object of the `kind`-th kind, with a changed object as body."""

    method: str
    kind: int
    which: int
    changes: list[Change]
    content_type: str
    subresource: str
    query: str


changes = st.builds(Change, st.integers(0, 400), st.booleans(), values)
attempts = st.builds(
    Attempt,
    st.sampled_from(["POST", "POST", "PUT", "PUT", "PATCH", "PATCH", "PATCH", "DELETE", "GET"]),
    st.integers(0, 60),
    st.integers(0, 20),
    st.lists(changes, min_size=1, max_size=3),
    st.sampled_from(PATCHES),
    st.sampled_from(["", "", "", "/status", "/scale", "/finalize"]),
    st.sampled_from(
        [
            "",
            "fieldManager=fuzz",
            "fieldManager=fuzz&force=true",
            "dryRun=All",
            "fieldValidation=Strict",
            "fieldValidation=Warn",
            "propagationPolicy=Foreground",
            "propagationPolicy=Orphan",
        ]
    ),
)


class Fuzzed:
    """A seeded cluster with its controllers, on simulated time."""

    def __init__(self) -> None:
        plans = {
            "north": ClusterSeed((K8S / "north", K8S / "emissary"), ("east",)),
            "east": ClusterSeed((K8S / "east",)),
        }
        served = ServedClusters("http://127.0.0.1:1/secret")
        served.seed(plans)
        clusters = served.clusters
        self.cluster = clusters["north"]
        self.clock = SimulatedClock(self.cluster.now())
        for cluster in clusters.values():
            controllers.start(cluster, self.clock)
        self.clock.advance()
        self.api = Api(self.cluster, "/secret/north")

    def ask(
        self,
        method: str,
        path: str,
        query: str = "",
        body: bytes = b"",
        **headers: str,
    ) -> Response:
        """Send a request, check that its answer is a proper one, and let time pass."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        pairs = dict(parse_qsl(query, keep_blank_values=True))
        response = self.api.handle(Request(method, path, pairs, named, body))
        if response.stream is None and response.code >= 400:
            is_yaml = response.content_type == "application/yaml"
            status = (yaml.safe_load if is_yaml else json.loads)(response.body)
            assert (status["kind"], status["status"]) == ("Status", "Failure"), status
            assert status["code"] == response.code
            assert status["message"]
        for name, value in response.headers.items():
            assert (name + value).isprintable()
        self.clock.advance(1)
        return response

    def attempt(self, attempt: Attempt) -> None:
        resource = self._resource(attempt.kind)
        objects = self.cluster.store.list(resource.key)
        obj = objects[attempt.which % len(objects)] if objects else {"metadata": {"name": "none"}}
        path = collection_of(resource, obj)
        body: Any = copy.deepcopy(obj)
        body["metadata"].pop("resourceVersion", None)
        for change in attempt.changes:
            body = changed(body, change)
        content_type = "application/json"
        if attempt.method == "PATCH":
            content_type = attempt.content_type
        if content_type == PATCHES[2]:
            places = list(pointers(obj))
            body = [
                {
                    "op": ("remove", "add", "replace", "test", "move", "copy")[change.place % 6],
                    "path": places[change.place % len(places)],
                    "from": places[-change.place % len(places)],
                    "value": change.value,
                }
                for change in attempt.changes
            ]
        if attempt.method == "POST":
            if isinstance(body, dict) and isinstance(body.get("metadata"), dict):
                body["metadata"]["name"] = f"fuzz-{attempt.which}"
        else:
            path += f"/{obj['metadata']['name']}{attempt.subresource}"
        raw = json.dumps(body).encode() if attempt.method not in ("GET", "DELETE") else b""
        self.ask(attempt.method, path, attempt.query, raw, content_type=content_type)

    def check(self) -> None:
        """Every kind can be listed."""
        for resource in self.cluster.resources:
            if "list" not in resource.verbs:
                continue
            for version in resource.versions:
                path = f"{root_of(resource, version)}/{resource.key.plural}"
                for accept in ("application/json", TABLE):
                    response = self.ask("GET", path, accept=accept)
                    assert response.code == 200, (path, response.body)
                    json.loads(response.body)

    def _resource(self, number: int) -> Resource:
        listed = [each for each in self.cluster.resources if "list" in each.verbs]
        return listed[number % len(listed)]


def root_of(resource: Resource, version: str) -> str:
    group = resource.key.group
    return f"/apis/{group}/{version}" if group else f"/api/{version}"


def collection_of(resource: Resource, obj: Any) -> str:
    root = root_of(resource, resource.storage_version)
    if resource.namespaced:
        root += f"/namespaces/{obj['metadata'].get('namespace', 'faces')}"
    return f"{root}/{resource.key.plural}"


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of all values in `value`, its own (empty) path first."""
    yield path
    children = value.items() if isinstance(value, dict) else ()
    children = enumerate(value) if isinstance(value, list) else children
    for key, child in children:
        yield from places(child, (*path, key))


def pointers(value: Any) -> Iterator[str]:
    for path in places(value):
        yield "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in path)


def changed(value: Any, change: Change) -> Any:
    found = list(places(value))
    path = found[change.place % len(found)]
    if not path:
        return change.value
    parent = value
    for key in path[:-1]:
        parent = parent[key]
    if change.is_removal:
        del parent[path[-1]]
    else:
        parent[path[-1]] = change.value
    return value


@contextlib.contextmanager
def nothing_reported() -> Iterator[None]:
    """Faults of ours are printed, by the API and by controllers: there must be none."""
    with contextlib.redirect_stderr(io.StringIO()) as reported:
        yield
    assert reported.getvalue() == ""


@pytest.mark.slow
@FUZZING
@given(st.lists(attempts, min_size=5, max_size=25))
def test_changed_objects_through_all_verbs(requests: list[Attempt]) -> None:
    fuzzed = Fuzzed()
    with nothing_reported():
        for request in requests:
            fuzzed.attempt(request)
        fuzzed.check()


segments = st.one_of(
    st.sampled_from(
        [
            *("api", "apis", "v1", "apps", "namespaces", "faces", "pods", "services", "color"),
            *("deployments", "httproutes", "policy.linkerd.io", "v1beta3", "status", "scale"),
            *("log", "exec", "watch", "openapi", "v2", "v3", "version", "healthz", "", "..", "%2e"),
        ]
    ),
    st.text(max_size=6),
)
queries = st.dictionaries(
    st.sampled_from(
        [
            *("watch", "limit", "continue", "labelSelector", "fieldSelector", "resourceVersion"),
            *("resourceVersionMatch", "dryRun", "fieldManager", "fieldValidation", "force"),
            *("timeoutSeconds", "sendInitialEvents", "propagationPolicy", "pretty", "container"),
        ]
    ),
    st.one_of(
        st.sampled_from(["true", "0", "-1", "1", "All", "a=b", "a in (b", "!a,b notin (c)", "="]),
        st.text(max_size=10),
    ),
    max_size=3,
)
bodies = st.one_of(
    st.just(b""),
    st.binary(max_size=40),
    st.binary(max_size=40).map(lambda some: b"k8s\x00" + some),
    values.map(lambda value: json.dumps(value).encode()),
    st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")),
)
content_types = st.one_of(
    st.sampled_from(
        [
            *PATCHES,
            *("", "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"),
            *("text/plain", "application/json; charset=utf-16", ";;;", "application/cbor"),
        ]
    ),
    st.text(max_size=12),
)
accepts = st.sampled_from(["", TABLE, "*/*", "application/yaml", ";=;,,", "application/json;as=x"])
methods = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW"])


@pytest.mark.slow
@FUZZING
@given(
    st.lists(
        st.tuples(methods, st.lists(segments, max_size=8), queries, bodies, content_types, accepts),
        min_size=5,
        max_size=25,
    )
)
def test_paths_queries_and_bodies_of_any_kind(requests: list[Any]) -> None:
    fuzzed = Fuzzed()
    with nothing_reported():
        for method, parts, query, body, content_type, accept in requests:
            fuzzed.ask(
                method,
                "/" + "/".join(parts),
                urlencode(query, errors="surrogatepass"),
                body,
                content_type=content_type,
                accept=accept,
            )
        fuzzed.check()
