"""The API without a server or kubectl: answers to good and bad requests."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshpeek.rehearsal.store.cluster import VERSION
from tests.rehearsal.in_memory import InMemory

SERVICES = "/api/v1/namespaces/faces/services"
CONFIG_MAPS = "/api/v1/namespaces/faces/configmaps"
SMILEY = {"metadata": {"name": "smiley"}, "spec": {"ports": [{"port": 80}]}}
TABLE = {"accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}


@pytest.fixture
def north() -> InMemory:
    return InMemory()


def config(name: str, **labels: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": labels}}


def test_the_version_says_that_it_is_a_rehearsal(north: InMemory) -> None:
    version = north.ok("GET", "/version")
    assert (version["major"], version["minor"]) == ("1", "27")
    assert version["gitVersion"] == VERSION == "v1.27.4+rehearsal"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/livez", "/readyz/ping"])
def test_it_is_healthy(north: InMemory, path: str) -> None:
    response = north.respond("GET", path)
    assert (response.code, response.body) == (200, b"ok")


def test_an_object_comes_and_goes(north: InMemory) -> None:
    made = north.ok("POST", SERVICES, SMILEY)
    assert made["spec"]["clusterIP"].startswith("10.43.")
    assert north.ok("GET", f"{SERVICES}/smiley") == made
    assert north.ok("GET", "/api/v1/services")["items"] == [made]
    gone = north.ok("DELETE", f"{SERVICES}/smiley")
    assert (gone["kind"], gone["metadata"]["uid"]) == ("Service", made["metadata"]["uid"])
    status = north.refused(404, "GET", f"{SERVICES}/smiley")
    assert status["message"] == 'services "smiley" not found'
    assert status["details"] == {"name": "smiley", "kind": "services"}


def test_what_the_server_sets_cannot_be_set(north: InMemory) -> None:
    given_metadata = {
        "name": "smiley",
        "uid": "mine",
        "creationTimestamp": "2001-01-01T00:00:00Z",
        "generation": 9,
        "deletionTimestamp": "2001-01-01T00:00:00Z",
    }
    made = north.ok("POST", SERVICES, {**SMILEY, "metadata": given_metadata})
    metadata = made["metadata"]
    assert metadata["uid"] != "mine"
    assert metadata["creationTimestamp"] == "2023-08-22T12:00:00Z"
    assert "deletionTimestamp" not in metadata
    north.refused(500, "POST", SERVICES, {"metadata": {"name": "a", "resourceVersion": "1"}})


def test_replacing_needs_the_present_version(north: InMemory) -> None:
    made = north.ok("POST", SERVICES, SMILEY)
    north.ok("PUT", f"{SERVICES}/smiley", {**made, "spec": {**made["spec"], "type": "NodePort"}})
    status = north.refused(409, "PUT", f"{SERVICES}/smiley", made)
    assert status["reason"] == "Conflict"
    made["metadata"]["name"] = "other"
    north.refused(400, "PUT", f"{SERVICES}/smiley", made)
    north.refused(404, "PUT", f"{SERVICES}/other", made)


def test_a_dry_run_stores_nothing(north: InMemory) -> None:
    made = north.ok("POST", f"{SERVICES}?dryRun=All", SMILEY)
    assert made["metadata"]["uid"]
    north.refused(404, "GET", f"{SERVICES}/smiley")
    north.ok("POST", SERVICES, SMILEY)
    north.ok("DELETE", f"{SERVICES}/smiley?dryRun=All")
    north.ok("DELETE", f"{SERVICES}/smiley", {"dryRun": ["All"]})
    assert north.ok("GET", f"{SERVICES}/smiley")
    status = north.refused(422, "POST", f"{SERVICES}?dryRun=Some", SMILEY)
    assert 'Unsupported value: "Some": supported values: "All"' in status["message"]
    north.refused(422, "POST", f"{SERVICES}?fieldValidation=Lax", SMILEY)


def test_new_objects_need_a_namespace_that_stays(north: InMemory) -> None:
    status = north.refused(404, "POST", "/api/v1/namespaces/nowhere/services", SMILEY)
    assert status["message"] == 'namespaces "nowhere" not found'
    north.ok("DELETE", "/api/v1/namespaces/faces")
    status = north.refused(403, "POST", SERVICES, SMILEY)
    assert "because it is being terminated" in status["message"]
    finalized = north.ok("GET", "/api/v1/namespaces/faces")
    assert finalized["status"]["phase"] == "Terminating"
    finalized["spec"] = {"finalizers": []}
    north.ok("PUT", "/api/v1/namespaces/faces/finalize", finalized)
    north.refused(404, "GET", "/api/v1/namespaces/faces")


def test_the_namespaces_of_the_system_may_not_be_deleted(north: InMemory) -> None:
    status = north.refused(403, "DELETE", "/api/v1/namespaces/default")
    assert status["message"] == (
        'namespaces "default" is forbidden: this namespace may not be deleted'
    )
    assert north.ok("GET", "/api/v1/namespaces/default")["status"]["phase"] == "Active"


def test_lists_come_in_chunks(north: InMemory) -> None:
    for name in "abcde":
        north.ok("POST", CONFIG_MAPS, config(name))
    seen: list[str] = []
    token = ""
    while True:
        page = north.ok("GET", f"{CONFIG_MAPS}?limit=2&continue={token}")
        seen += [item["metadata"]["name"] for item in page["items"]]
        token = page["metadata"].get("continue", "")
        if not token:
            break
        assert page["metadata"]["remainingItemCount"] == 5 - len(seen)
    assert seen == list("abcde")
    north.refused(400, "GET", f"{CONFIG_MAPS}?limit=2&continue=nonsense")
    assert len(north.ok("GET", f"{CONFIG_MAPS}?limit=-2")["items"]) == len("abcde")


def test_selectors_choose_what_is_listed_and_deleted(north: InMemory) -> None:
    for name, color in (("a", "blue"), ("b", "green"), ("c", "blue")):
        north.ok("POST", CONFIG_MAPS, config(name, color=color))

    def names(query: str) -> list[str]:
        found = north.ok("GET", f"{CONFIG_MAPS}?{query}")["items"]
        return [item["metadata"]["name"] for item in found]

    assert names("labelSelector=color%3Dblue") == ["a", "c"]
    assert names("fieldSelector=metadata.name%3Db") == ["b"]
    assert names("labelSelector=color%3Dblue&fieldSelector=metadata.name%21%3Da") == ["c"]
    north.refused(400, "GET", f"{CONFIG_MAPS}?fieldSelector=data.a%3Db")
    deleted = north.ok("DELETE", f"{CONFIG_MAPS}?labelSelector=color%3Dblue")["items"]
    assert len(deleted) == 2
    assert names("") == ["b"]


def test_tables_carry_the_version_and_the_objects_metadata(north: InMemory) -> None:
    north.ok("POST", CONFIG_MAPS, config("a"))
    response = north.respond("GET", f"{CONFIG_MAPS}?limit=1", None, "", TABLE)
    table = json.loads(response.body)
    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert table["metadata"]["resourceVersion"].isdigit()
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    assert table["rows"][0]["cells"][0] == "a"


def test_metadata_can_be_asked_for_alone(north: InMemory) -> None:
    north.ok("POST", CONFIG_MAPS, {**config("a"), "data": {"key": "value"}})
    accept = {"accept": "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"}
    listed = json.loads(north.respond("GET", CONFIG_MAPS, None, "", accept).body)
    assert listed["kind"] == "PartialObjectMetadataList"
    assert listed["items"][0].keys() == {"kind", "apiVersion", "metadata"}


def test_only_json_is_spoken(north: InMemory) -> None:
    response = north.respond("GET", CONFIG_MAPS, None, "", {"accept": "text/html"})
    assert response.code == 406
    for good in ("*/*", "application/vnd.kubernetes.protobuf,application/json", ""):
        assert north.respond("GET", CONFIG_MAPS, None, "", {"accept": good}).code == 200


def test_yaml_is_read_too(north: InMemory) -> None:
    body = b"metadata:\n  name: dated\ndata:\n  day: '2023-08-22'\n"
    made = north.ok("POST", CONFIG_MAPS, body, "application/yaml")
    assert made["data"] == {"day": "2023-08-22"}


BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nmetadata: {name: *b}\n"


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"null", "application/json", 400),
        (b'{"metadata": 5}', "application/json", 400),
        (b'{"metadata": {"name": NaN}}', "application/json", 400),
        (b'{"metadata": {"name": 1e999}}', "application/json", 400),
        (b'{"a":' * 5000, "application/json", 400),
        (b'{"a":' * 150 + b"1" + b"}" * 150, "application/json", 400),
        (b'{"metadata": {"name": "' + b"\xff" + b'"}}', "application/json", 400),
        (b'{"apiVersion": "v2", "metadata": {"name": "a"}}', "application/json", 400),
        (b'{"kind": "Pod", "metadata": {"name": "a"}}', "application/json", 400),
        (b'{"metadata": {"name": "a", "namespace": "b"}}', "application/json", 400),
        (b'{"metadata": {}}', "application/json", 422),
        (b'{"metadata": {"name": "No Name"}}', "application/json", 422),
        (b'{"metadata": {"name": ["a"], "namespace": ["b"]}}', "application/json", 400),
        (b'{"apiVersion": [], "kind": {}}', "application/json", 400),
        (b'{"metadata": {"name": "a\\ud800"}}', "application/json", 422),
        (b"a: [", "application/yaml", 400),
        (b"\x00", "application/yaml", 400),
        (b"!!python/object:os.system {}", "application/yaml", 400),
        (b"metadata: {name: !!binary aGk=}", "application/yaml", 400),
        (BOMB, "application/yaml", 400),
        (b'{"metadata": {"name": "a"}, "data": {"a": 1e999}}', "application/json", 400),
        (b'{"metadata": {"name": "a"}, "data": {"a": NaN}}', "application/json", 400),
        (b"metadata: {name: a}\ndata: {a: .inf}", "application/yaml", 400),
        (b"[" * 1_000_000, "application/yaml", 400),
        (b"---\n" * 700_000, "application/yaml", 400),
        (b"metadata: {name: a, labels: &l {x: y}, annotations: *l}", "application/yaml", 400),
        (b"name=a", "application/x-www-form-urlencoded", 415),
        (b"k8s\x00\xff\xff", "application/vnd.kubernetes.protobuf", 400),
        (b"k8s\x00", "application/vnd.kubernetes.protobuf", 400),
        (b"{}", "application/vnd.kubernetes.protobuf", 400),
    ],
)
def test_bodies_that_cannot_be_used(
    north: InMemory, body: bytes, content_type: str, code: int
) -> None:
    north.refused(code, "POST", CONFIG_MAPS, body, content_type)
    assert north.ok("GET", CONFIG_MAPS)["items"] == []


@pytest.mark.parametrize("half", [b"\\ud800", b"\\uDFFF", b"\xed\xa0\x80"])
def test_half_a_surrogate_pair_is_replaced(north: InMemory, half: bytes) -> None:
    body = b'{"metadata": {"name": "a", "annotations": {"a": "%s\\ud83d\\ude00"}}}' % half
    made = north.ok("POST", CONFIG_MAPS, body, "application/json")
    assert made["metadata"]["annotations"] == {"a": "\ufffd\U0001f600"}


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/", 200),
        ("HEAD", "/version", 200),
        ("HEAD", "/nothing", 404),
        ("GET", "/readyz/nothing", 404),
        ("DELETE", "/api/v1/watch/pods", 405),
        ("GET", "/nothing", 404),
        ("GET", "/api/v2/pods", 404),
        ("GET", "/api/v1", 200),
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v1//pods", 404),
        ("GET", "/api/v1/pods/name", 404),
        ("GET", "/api/v1/namespaces/faces/nodes", 404),
        ("GET", "/api/v1/namespaces/faces/pods/a/b/c", 404),
        ("GET", "/api/v1/namespaces/faces/configmaps/a/status", 404),
        ("POST", "/api/v1/namespaces/faces/pods/a", 405),
        ("PUT", "/api/v1/namespaces/faces/pods", 405),
        ("BREW", "/api/v1/namespaces/faces/pods", 405),
        ("DELETE", "/version", 405),
        ("POST", "/", 404),
        ("GET", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", 405),
        ("GET", "/api/v1/namespaces/faces/pods?watch=1&timeoutSeconds=x", 400),
        ("GET", "/../../etc/passwd", 404),
    ],
)
def test_paths_and_methods_that_are_not_there(
    north: InMemory, method: str, path: str, code: int
) -> None:
    assert north.call(method, path)[0] == code


POD = {
    "metadata": {"name": "face", "labels": {"app": "face"}},
    "spec": {"containers": [{"name": "face", "image": "faces:0.8.0"}]},
}


@pytest.mark.parametrize("subresource", ["log", "exec", "attach", "portforward"])
def test_what_needs_a_running_container_says_why_not(north: InMemory, subresource: str) -> None:
    path = "/api/v1/namespaces/faces/pods/face"
    north.refused(404, "GET", f"{path}/{subresource}")
    north.ok("POST", "/api/v1/namespaces/faces/pods", POD)
    status = north.refused(501, "GET", f"{path}/{subresource}")
    assert status["message"].startswith("meshpeek rehearsal: Pods are modelled")


def test_a_pod_can_be_evicted(north: InMemory) -> None:
    north.ok("POST", "/api/v1/namespaces/faces/pods", POD)
    path = "/api/v1/namespaces/faces/pods/face"
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "face"}}
    assert north.ok("POST", f"{path}/eviction", eviction)["status"] == "Success"
    north.refused(404, "GET", path)


@pytest.mark.parametrize(
    ("options", "query", "code", "is_kept"),
    [
        ({}, "", 201, False),
        (None, "", 201, False),
        ({"dryRun": ["All"]}, "", 201, True),
        ({}, "?dryRun=All", 201, True),
        ({"dryRun": ["Some"]}, "", 422, True),
        ({"preconditions": {"uid": "another"}}, "", 409, True),
        ({"preconditions": {"resourceVersion": "1"}}, "", 409, True),
        ({"propagationPolicy": "Sideways"}, "", 422, True),
        ({"gracePeriodSeconds": "abc"}, "", 400, True),
        ("abc", "", 400, True),
    ],
)
@pytest.mark.parametrize("verb", ["evict", "delete"])
def test_delete_options_hold_in_a_delete_and_in_an_eviction(
    north: InMemory, verb: str, options: Any, query: str, code: int, is_kept: bool
) -> None:
    north.ok("POST", "/api/v1/namespaces/faces/pods", POD)
    path = "/api/v1/namespaces/faces/pods/face"
    if verb == "evict":
        eviction = {"metadata": {"name": "face"}, "deleteOptions": options}
        actual, _ = north.call("POST", f"{path}/eviction{query}", eviction)
    else:
        actual, _ = north.call("DELETE", f"{path}{query}", options)
        actual = 201 if actual == 200 else actual
    assert (actual, north.call("GET", path)[0]) == (code, 200 if is_kept else 404)


def test_an_eviction_names_the_pod_of_its_path(north: InMemory) -> None:
    north.ok("POST", "/api/v1/namespaces/faces/pods", POD)
    path = "/api/v1/namespaces/faces/pods/face"
    north.refused(400, "POST", f"{path}/eviction", {"metadata": {"name": "color"}})
    north.ok("GET", path)


def test_everything_is_allowed(north: InMemory) -> None:
    review = {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    assert north.ok("POST", path, review)["status"]["allowed"] is True


@pytest.mark.parametrize(
    ("scale", "code"),
    [
        ({"spec": {"replicas": -1}}, 422),
        ({"spec": {"replicas": "two"}}, 400),
        ({"spec": 5}, 400),
        ({"spec": {"replicas": 2}, "metadata": {"resourceVersion": "1"}}, 409),
        ({"spec": {"replicas": 2}}, 200),
    ],
)
def test_scales(north: InMemory, scale: dict[str, Any], code: int) -> None:
    template = {"metadata": {"labels": {"app": "face"}}, "spec": POD["spec"]}
    spec = {"selector": {"matchLabels": {"app": "face"}}, "template": template}
    deployments = "/apis/apps/v1/namespaces/faces/deployments"
    north.ok("POST", deployments, {"metadata": {"name": "face"}, "spec": spec})
    path = f"{deployments}/face/scale"
    assert north.call("PUT", path, scale)[0] == code
    found = north.ok("GET", path)
    assert found["spec"]["replicas"] == (2 if code == 200 else 1)
    assert found["status"]["selector"] == "app=face"


paths = st.lists(
    st.sampled_from(
        [
            "api",
            "apis",
            "v1",
            "apps",
            "namespaces",
            "faces",
            "pods",
            "deployments",
            "status",
            "a",
            "",
        ]
    ),
    max_size=8,
).map(lambda parts: "/" + "/".join(parts))
bodies = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [b"k8s\x00\n\x04\n\x02v1", b"metadata: {name: a}", b'{"metadata":{"name":"a"}}']
    ),
)


@given(
    st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]),
    paths,
    bodies,
    st.sampled_from(
        [
            "application/json",
            "application/yaml",
            "application/vnd.kubernetes.protobuf",
            "application/merge-patch+json",
            "application/json-patch+json",
            "",
        ]
    ),
)
def test_no_request_makes_it_stumble(
    method: str, path: str, body: bytes, content_type: str
) -> None:
    code, value = InMemory().call(method, path, body, content_type)
    assert code < 500, value


@given(st.binary(max_size=80))
def test_no_protobuf_makes_it_stumble(tail: bytes) -> None:
    body = b"k8s\x00" + tail
    code, value = InMemory().call("POST", CONFIG_MAPS, body, "application/vnd.kubernetes.protobuf")
    assert code in (400, 422), value


def test_fields_that_come_twice_are_refused_or_told(north: InMemory) -> None:
    body = (
        b'{"metadata": {"name": "twice"}, "data": {"a": "1", "a": "2", "a": "3"}, '
        b'"bogus": [{"b": 1, "b": 2}]}'
    )
    status = north.refused(400, "POST", f"{CONFIG_MAPS}?fieldValidation=Strict", body)
    assert status["message"] == (
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: '
        'duplicate field "data.a", duplicate field "bogus[0].b", unknown field "bogus"'
    )
    told = north.respond("POST", CONFIG_MAPS, body)
    assert told.code == 201
    assert told.headers["Warning"] == (
        '299 - "duplicate field \\"data.a\\"", 299 - "duplicate field \\"bogus[0].b\\"", '
        '299 - "unknown field \\"bogus\\""'
    )
    assert json.loads(told.body)["data"] == {"a": "3"}
    patch = b'{"data": {"a": "4", "a": "5"}}'
    place, kind = f"{CONFIG_MAPS}/twice", "application/merge-patch+json"
    told = north.respond("PATCH", place, patch, kind)
    assert told.headers["Warning"] == '299 - "duplicate field \\"data.a\\""'
    status = north.refused(422, "PATCH", f"{place}?fieldValidation=Strict", patch, kind)
    assert status["message"].endswith('strict decoding error: duplicate field "data.a"')
    ignored = north.respond("PATCH", f"{place}?fieldValidation=Ignore", patch, kind)
    assert (ignored.code, dict(ignored.headers)) == (200, {})


@pytest.mark.parametrize(
    ("plural", "spec", "kind"),
    [
        ("pods", POD["spec"], "Pod"),
        ("services", {"ports": [{"port": 80}]}, "Service"),
        ("persistentvolumeclaims", {}, "PersistentVolumeClaim"),
        ("resourcequotas", {}, "ResourceQuota"),
        ("configmaps", None, "Status"),
        ("secrets", None, "Status"),
    ],
)
@pytest.mark.parametrize("query", ["", "?dryRun=All"])
def test_some_kinds_are_shown_when_they_are_deleted(
    north: InMemory, plural: str, spec: Any, kind: str, query: str
) -> None:
    url = f"/api/v1/namespaces/faces/{plural}"
    body = {"metadata": {"name": "a"}} | ({} if spec is None else {"spec": spec})
    uid = north.ok("POST", url, body)["metadata"]["uid"]
    gone = north.ok("DELETE", f"{url}/a{query}")
    assert gone["kind"] == kind
    assert (gone["details"] if kind == "Status" else gone["metadata"])["uid"] == uid
    assert north.call("GET", f"{url}/a")[0] == (200 if query else 404)
