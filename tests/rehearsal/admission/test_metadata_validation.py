"""What any object's metadata may hold, and what a write to an object may be based on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rehearsal.in_memory import InMemory

CONFIG_MAPS = "/api/v1/namespaces/faces/configmaps"
A = f"{CONFIG_MAPS}/a"
JSON = "application/json"
MERGE = "application/merge-patch+json"
OWNER = {"apiVersion": "v1", "kind": "Pod", "name": "q", "uid": "1-2"}
POINTERS = "Controller:(*bool)(0xc000000000), BlockOwnerDeletion:(*bool)(nil)"


@pytest.fixture
def north() -> InMemory:
    return InMemory()


def without(name: str) -> dict[str, str]:
    return {field: value for field, value in OWNER.items() if field != name}


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        (
            {"ownerReferences": [without("uid")]},
            'metadata.ownerReferences.uid: Invalid value: "": uid must not be empty',
        ),
        (
            {"ownerReferences": [without("apiVersion")]},
            'metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty',
        ),
        (
            {"ownerReferences": [{**OWNER, "apiVersion": "a/b/c"}]},
            'metadata.ownerReferences.apiVersion: Invalid value: "a/b/c": '
            "version must not be empty",
        ),
        (
            {"ownerReferences": [without("kind")]},
            'metadata.ownerReferences.kind: Invalid value: "": kind must not be empty',
        ),
        (
            {"ownerReferences": [without("name")]},
            'metadata.ownerReferences.name: Invalid value: "": name must not be empty',
        ),
        (
            {"ownerReferences": [{**OWNER, "kind": "Event"}]},
            "metadata.ownerReferences: Invalid value: v1.OwnerReference{"
            'APIVersion:"v1", Kind:"Event", Name:"q", UID:"1-2", Controller:(*bool)(nil), '
            "BlockOwnerDeletion:(*bool)(nil)}: "
            "/v1, Kind=Event is disallowed from being an owner",
        ),
        (
            {"ownerReferences": [{**OWNER, "controller": True}] * 2},
            "metadata.ownerReferences: Invalid value: []v1.OwnerReference{"
            f'v1.OwnerReference{{APIVersion:"v1", Kind:"Pod", Name:"q", UID:"1-2", {POINTERS}}}, '
            f'v1.OwnerReference{{APIVersion:"v1", Kind:"Pod", Name:"q", UID:"1-2", {POINTERS}}}}}: '
            'Only one reference can have Controller set to true. Found "true" in references '
            "for Pod/q and Pod/q",
        ),
        (
            {"annotations": {"big": "x" * 256 * 1024}},
            "metadata.annotations: Too long: must have at most 262144 bytes",
        ),
        (
            {"finalizers": ["orphan", "foregroundDeletion"]},
            'metadata.finalizers: Invalid value: []string{"orphan", "foregroundDeletion"}: '
            "finalizer orphan and foregroundDeletion cannot be both set",
        ),
    ],
)
def test_metadata_that_is_refused(north: InMemory, metadata: Any, said: str) -> None:
    status = north.refused(422, "POST", CONFIG_MAPS, {"metadata": {"name": "a", **metadata}})
    assert status["message"] == f'ConfigMap "a" is invalid: {said}'
    assert north.call("GET", A)[0] == 404


def test_owners_that_are_whole_are_accepted(north: InMemory) -> None:
    owners = [{**OWNER, "controller": True}, {**OWNER, "apiVersion": "apps/v1", "uid": "3"}]
    north.ok("POST", CONFIG_MAPS, {"metadata": {"name": "a", "ownerReferences": owners}})


@pytest.mark.parametrize(
    ("method", "content_type", "metadata", "code", "said"),
    [
        ("PUT", JSON, {}, 200, ""),
        ("PUT", JSON, {"resourceVersion": "0"}, 200, ""),
        ("PATCH", MERGE, {"resourceVersion": "0"}, 200, ""),
        ("PUT", JSON, {"resourceVersion": "1"}, 409, "the object has been modified"),
        ("PATCH", MERGE, {"resourceVersion": "1"}, 409, "the object has been modified"),
        # What is outdated is said before what is invalid.
        ("PUT", JSON, {"resourceVersion": "1", "labels": {"a": "?"}}, 409, "has been modified"),
        ("PATCH", MERGE, {"resourceVersion": "1", "labels": {"a": "?"}}, 409, "been modified"),
        ("PUT", JSON, {"uid": "x"}, 409, "Precondition failed: UID in precondition: x"),
        (
            "PATCH",
            MERGE,
            {"uid": "x"},
            422,
            'metadata.uid: Invalid value: "x": field is immutable',
        ),
        (
            "PUT",
            JSON,
            {"deletionTimestamp": "2020-01-02T03:04:05Z"},
            422,
            "metadata.deletionTimestamp: Invalid value: 2020-01-02 03:04:05 +0000 UTC: "
            "field is immutable",
        ),
        (
            "PUT",
            JSON,
            {"creationTimestamp": "2020-01-02T03:04:05Z"},
            422,
            "metadata.creationTimestamp: Invalid value: 2020-01-02 03:04:05 +0000 UTC: "
            "field is immutable",
        ),
    ],
)
def test_what_a_write_to_an_object_may_be_based_on(
    north: InMemory, method: str, content_type: str, metadata: Any, code: int, said: str
) -> None:
    north.ok("POST", CONFIG_MAPS, {"metadata": {"name": "a"}})
    body = {"metadata": {"name": "a", **metadata}, "data": {"b": "c"}}
    actual, value = north.call(method, A, body, content_type)
    assert (actual, said in value.get("message", "")) == (code, True), value


def test_while_an_object_is_deleted_finalizers_only_go(north: InMemory) -> None:
    finalizers = ["example.com/a", "example.com/b"]
    north.ok("POST", CONFIG_MAPS, {"metadata": {"name": "a", "finalizers": finalizers}})
    north.ok("DELETE", A)
    more = {"metadata": {"finalizers": [*finalizers, "example.com/c"]}}
    status = north.refused(422, "PATCH", A, more, MERGE)
    assert status["message"] == (
        'ConfigMap "a" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added '
        'if the object is being deleted, found new finalizers []string{"example.com/c"}'
    )
    left = north.ok("PATCH", A, {"metadata": {"finalizers": finalizers[:1]}}, MERGE)
    assert left["metadata"]["finalizers"] == finalizers[:1]
    north.ok("PATCH", A, {"metadata": {"finalizers": None}}, MERGE)
    north.refused(404, "GET", A)


def test_a_lease_is_not_replaced_without_saying_which(north: InMemory) -> None:
    leases = "/apis/coordination.k8s.io/v1/namespaces/faces/leases"
    made = north.ok("POST", leases, {"metadata": {"name": "a"}})
    status = north.refused(422, "PUT", f"{leases}/a", {"metadata": {"name": "a"}})
    assert status["message"] == (
        'leases.coordination.k8s.io "a" is invalid: metadata.resourceVersion: Invalid value: 0x0: '
        "must be specified for an update"
    )
    north.ok("PUT", f"{leases}/a", made)


def test_a_namespaced_object_is_created_in_a_namespace_only(north: InMemory) -> None:
    north.refused(405, "POST", "/api/v1/configmaps", {"metadata": {"name": "a"}})
    north.refused(404, "GET", "/api/v1/namespaces/default/configmaps/a")
