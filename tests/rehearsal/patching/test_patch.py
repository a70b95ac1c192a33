"""JSON patch, merge patch, strategic merge patch: on their own, and as requests."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshpeek.rehearsal.patching.patch import merged
from meshpeek.rehearsal.patching.strategic import strategically_merged
from meshpeek.rehearsal.types import keys
from meshpeek.rehearsal.types.kind_registry import Registry
from tests.rehearsal.in_memory import InMemory

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
FACE = "/apis/apps/v1/namespaces/faces/deployments/face"

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "c"]), children, max_size=3)
    ),
    max_leaves=10,
)


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(child) for name, child in value.items() if child is not None}
    return value


def difference(old: Any, new: Any) -> Any:
    """Return the merge patch from `old` to `new`, by the definition of RFC 7396."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    patch = dict.fromkeys(old.keys() - new.keys())
    for name, value in new.items():
        if name not in old or old[name] != value:
            patch[name] = difference(old.get(name), value)
    return patch


@given(values, values)
def test_a_merge_patch_can_be_applied_twice(target: Any, patch: Any) -> None:
    once = merged(target, patch)
    assert merged(once, patch) == once


@given(values, values)
def test_a_merge_patch_changes_neither_side(target: Any, patch: Any) -> None:
    before = deepcopy((target, patch))
    merged(target, patch)
    assert (target, patch) == before


@given(values, values)
def test_a_difference_leads_to_the_new_value(old: Any, new: Any) -> None:
    new = without_nulls(new)
    assert merged(old, difference(old, new)) == new


DEPLOYMENTS = Registry().get(keys.DEPLOYMENTS)
SERVICES = Registry().get(keys.SERVICES)

names = st.sampled_from(["face", "color", "smiley"])
containers = st.lists(
    st.fixed_dictionaries({"name": names, "image": st.sampled_from(["a", "b"])}),
    max_size=3,
    unique_by=lambda container: container["name"],
)


def pod_spec(found: list[dict[str, Any]]) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": found}}}}


@given(containers, containers)
def test_containers_are_merged_by_their_names(
    current: list[dict[str, str]], patch: list[dict[str, str]]
) -> None:
    assert DEPLOYMENTS is not None
    result = strategically_merged(DEPLOYMENTS, pod_spec(current), pod_spec(patch))
    found = result["spec"]["template"]["spec"]["containers"]
    images = {each["name"]: each["image"] for each in (*current, *patch)}
    assert {each["name"]: each["image"] for each in found} == images
    assert len(found) == len(images)


@pytest.mark.parametrize(
    ("current", "patch", "expected"),
    [
        (
            [{"port": 80, "name": "http"}, {"port": 81}],
            {"ports": [{"port": 81, "name": "other"}]},
            [{"port": 80, "name": "http"}, {"port": 81, "name": "other"}],
        ),
        (
            [{"port": 80}, {"port": 81}],
            {"ports": [{"port": 80, "$patch": "delete"}]},
            [{"port": 81}],
        ),
        (
            [{"port": 80}, {"port": 81}],
            {"ports": [{"$patch": "replace"}, {"port": 82}]},
            [{"port": 82}],
        ),
        (
            [{"port": 80}, {"port": 81}],
            {"$setElementOrder/ports": [{"port": 81}, {"port": 80}], "ports": [{"port": 82}]},
            [{"port": 81}, {"port": 80}, {"port": 82}],
        ),
    ],
)
def test_ports_of_a_service(current: list[Any], patch: dict[str, Any], expected: list[Any]) -> None:
    assert SERVICES is not None
    result = strategically_merged(SERVICES, {"spec": {"ports": current}}, {"spec": patch})
    assert sorted(result["spec"]["ports"], key=str) == sorted(expected, key=str)
    if "$setElementOrder/ports" in patch:
        order = [port["port"] for port in result["spec"]["ports"]]
        assert order.index(81) < order.index(80)


def test_finalizers_are_added_and_deleted_one_by_one() -> None:
    assert SERVICES is not None
    current = {"metadata": {"finalizers": ["a", "b"]}}
    patch = {"metadata": {"finalizers": ["c"], "$deleteFromPrimitiveList/finalizers": ["a"]}}
    result = strategically_merged(SERVICES, current, patch)
    assert result == {"metadata": {"finalizers": ["c", "b"]}}


def test_a_strategy_keeps_only_the_keys_it_names() -> None:
    assert DEPLOYMENTS is not None
    current = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    result = strategically_merged(DEPLOYMENTS, current, patch)
    assert result["spec"]["strategy"] == {"type": "Recreate"}


def test_an_atomic_list_is_replaced() -> None:
    assert DEPLOYMENTS is not None
    current = pod_spec([{"name": "face", "args": ["a"]}])
    patch = pod_spec([{"name": "face", "args": ["b"]}])
    assert strategically_merged(DEPLOYMENTS, current, patch) == patch


@pytest.fixture
def north() -> InMemory:
    north = InMemory()
    container = {"name": "face", "image": "faces:0.8.0"}
    north.ok(
        "POST",
        "/apis/apps/v1/namespaces/faces/deployments",
        {
            "metadata": {"name": "face"},
            "spec": {
                "selector": {"matchLabels": {"app": "face"}},
                "template": {
                    "metadata": {"labels": {"app": "face"}},
                    "spec": {"containers": [container]},
                },
            },
        },
    )
    return north


def test_each_kind_of_patch_is_applied(north: InMemory) -> None:
    by_json = [{"op": "replace", "path": "/spec/replicas", "value": 2}]
    assert north.ok("PATCH", FACE, by_json, JSON_PATCH)["spec"]["replicas"] == 2
    by_merge = {"spec": {"replicas": 3}}
    assert north.ok("PATCH", FACE, by_merge, MERGE_PATCH)["spec"]["replicas"] == 3
    strategic = pod_spec([{"name": "face", "image": "faces:1.0.0"}])
    patched = north.ok("PATCH", FACE, strategic, STRATEGIC)
    container = patched["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "faces:1.0.0"
    assert container["imagePullPolicy"] == "IfNotPresent"


@pytest.mark.parametrize(
    ("operation", "annotations"),
    [
        ({"op": "replace", "path": "/metadata/annotations/new", "value": "b"}, {"new": "b"}),
        ({"op": "test", "path": "/metadata/annotations/new", "value": None}, {}),
        ({"op": "test", "path": "/metadata/annotations/new"}, {}),
        ({"op": "add", "path": "/metadata/annotations/new"}, {"new": ""}),
    ],
)
def test_json_patches_of_missing_members_are_as_the_api_server_has_them(
    north: InMemory, operation: dict[str, Any], annotations: dict[str, str]
) -> None:
    north.ok("PATCH", FACE, {"metadata": {"annotations": {"old": "a"}}}, MERGE_PATCH)
    patched = north.ok("PATCH", FACE, [operation], JSON_PATCH)
    assert patched["metadata"]["annotations"] == {"old": "a", **annotations}


@pytest.mark.parametrize(
    ("patch", "content_type", "problem"),
    [
        ({"op": "replace"}, JSON_PATCH, "object into Go value of type []handlers.jsonPatchOp"),
        (b"{", MERGE_PATCH, "unexpected end of JSON input"),
        (b"x", STRATEGIC, "invalid character 'x' looking for beginning of value"),
        ([], MERGE_PATCH, "array into Go value of type map[string]interface {}"),
    ],
)
def test_patches_that_cannot_be_read(
    north: InMemory, patch: object, content_type: str, problem: str
) -> None:
    status = north.refused(400, "PATCH", FACE, patch, content_type)
    assert status["message"].startswith("error decoding patch: ")
    assert status["message"].endswith(problem)


@pytest.mark.parametrize(
    ("patch", "content_type", "code"),
    [
        ([{"op": "test", "path": "/spec/replicas", "value": 9}], JSON_PATCH, 422),
        ([{"op": "remove", "path": "/spec/nothing"}], JSON_PATCH, 422),
        ([{"op": "replace", "path": "", "value": 1}], JSON_PATCH, 422),
        ([{"op": "dance"}], JSON_PATCH, 422),
        ([1], JSON_PATCH, 422),
        ({"op": "replace"}, JSON_PATCH, 400),
        ([{"op": "add", "path": "/a", "value": 1}] * 10001, JSON_PATCH, 413),
        ([{"op": "copy", "from": "", "path": f"/a{n}"} for n in range(26)], JSON_PATCH, 422),
        ([{"op": "copy", "from": "/spec", "path": f"/x{n}"} for n in range(9999)], JSON_PATCH, 422),
        ([{"op": "copy", "path": "/a"}], JSON_PATCH, 422),
        ([{"op": "copy", "from": 1, "path": "/a"}], JSON_PATCH, 422),
        ([{"op": "copy", "from": "/nothing", "path": "/a"}], JSON_PATCH, 422),
        ([], MERGE_PATCH, 400),
        (b"{", MERGE_PATCH, 400),
        ({"spec": {"$patch": "dance"}}, STRATEGIC, 400),
        (pod_spec([{"image": "nameless"}]), STRATEGIC, 500),
        ({"metadata": {"name": "other"}}, MERGE_PATCH, 400),
        ({"metadata": {"namespace": "other"}}, MERGE_PATCH, 400),
        ({"kind": "Pod"}, MERGE_PATCH, 400),
        ({"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 5}}, MERGE_PATCH, 409),
        ({"metadata": None}, MERGE_PATCH, 400),
        ({"metadata": {"labels": {"a": 5}}}, MERGE_PATCH, 422),
        ({}, "text/plain", 415),
        ({}, "application/apply-patch+yaml", 422),
    ],
)
def test_patches_that_cannot_be_applied(
    north: InMemory, patch: Any, content_type: str, code: int
) -> None:
    before = north.ok("GET", FACE)
    north.refused(code, "PATCH", FACE, patch, content_type)
    assert north.ok("GET", FACE) == before


def test_a_patch_that_changes_nothing_is_no_write(north: InMemory) -> None:
    before = north.ok("GET", FACE)
    assert north.ok("PATCH", FACE, {"spec": {"replicas": 1}}, MERGE_PATCH) == before


def test_a_patch_does_not_reach_the_status(north: InMemory) -> None:
    assert "replicas" not in north.ok("PATCH", FACE, {"status": {"replicas": 7}}, MERGE_PATCH).get(
        "status", {}
    )
    stored = north.ok("PATCH", f"{FACE}/status", {"status": {"replicas": 7}}, MERGE_PATCH)
    assert stored["status"]["replicas"] == 7


def test_unknown_fields_in_a_patch(north: InMemory) -> None:
    patch = {"spec": {"replicaz": 2}}
    status = north.refused(422, "PATCH", f"{FACE}?fieldValidation=Strict", patch, MERGE_PATCH)
    assert status["message"].startswith(' "" is invalid: patch: Invalid value: ')
    assert status["message"].endswith('strict decoding error: unknown field "spec.replicaz"')
    response = north.respond("PATCH", FACE, patch, MERGE_PATCH)
    assert response.headers["Warning"] == '299 - "unknown field \\"spec.replicaz\\""'


WRONG_TYPES = [
    (
        {"spec": {"replicas": "many"}},
        STRATEGIC,
        'Invalid value: "map[spec:map[replicas:many]]": unrecognized type: int32',
    ),
    (
        {"metadata": {"labels": ["a", None, 1]}},
        STRATEGIC,
        'Invalid value: "map[metadata:map[labels:[a <nil> 1]]]": cannot restore map from slice',
    ),
    (
        {"spec": {"replicas": "many"}},
        MERGE_PATCH,
        "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas "
        "of type int32",
    ),
]


@pytest.mark.parametrize(("patch", "content_type", "said"), WRONG_TYPES)
def test_values_of_another_type_in_a_patch(
    north: InMemory, patch: Any, content_type: str, said: str
) -> None:
    status = north.refused(422, "PATCH", FACE, patch, content_type)
    assert status["message"].startswith(' "" is invalid: patch: Invalid value: ')
    assert status["message"].endswith(said)


def test_copies_in_a_json_patch_may_add_up_to_three_mebibytes(north: InMemory) -> None:
    url = "/api/v1/namespaces/faces/configmaps"
    north.ok("POST", url, {"metadata": {"name": "big"}, "data": {"a": "x" * 100_000}})
    copies = [{"op": "copy", "from": "/data/a", "path": "/data/b"}] * 32
    status = north.refused(422, "PATCH", f"{url}/big", copies, JSON_PATCH)
    assert status["message"] == "the server rejected our request due to an error in our request"
    assert set(north.ok("GET", f"{url}/big")["data"]) == {"a"}
    assert set(north.ok("PATCH", f"{url}/big", copies[:31], JSON_PATCH)["data"]) == {"a", "b"}


def test_the_reason_why_a_json_patch_fails_is_kept_back(north: InMemory) -> None:
    operations = [{"op": "test", "path": "/spec/replicas", "value": 9}]
    status = north.refused(422, "PATCH", FACE, operations, JSON_PATCH)
    assert status["message"] == "the server rejected our request due to an error in our request"
    assert "details" not in status


@pytest.mark.parametrize(
    ("current", "patch", "order"),
    [
        (["n"], ["side"], ["side", "n"]),
        (["n", "m"], ["m", "side"], ["n", "m", "side"]),
        (["n", "m"], ["n", "side"], ["n", "side", "m"]),
        (["n", "m"], ["side", "m"], ["side", "n", "m"]),
        (["n", "m"], ["m", "n"], ["m", "n"]),
        ([], ["a", "b"], ["a", "b"]),
    ],
)
def test_new_items_of_a_strategic_patch_come_first(
    current: list[str], patch: list[str], order: list[str]
) -> None:
    resource = Registry().get(keys.DEPLOYMENTS)
    assert resource is not None

    def spec(names: list[str]) -> Any:
        return pod_spec([{"name": name} for name in names])

    assert strategically_merged(resource, spec(current), spec(patch)) == spec(order)
