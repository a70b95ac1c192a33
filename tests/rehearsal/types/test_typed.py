"""Built-in objects as Go's decoder would leave or refuse them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshpeek.rehearsal.types import keys
from meshpeek.rehearsal.types.builtin_kinds import BUILTINS
from meshpeek.rehearsal.types.builtin_types import all_types, type_name
from meshpeek.rehearsal.types.kind_registry import Registry
from meshpeek.rehearsal.types.status import ApiError, NotDecodableError
from meshpeek.rehearsal.types.typed import decode_builtin
from tests.rehearsal.in_memory import InMemory

DEPLOYMENTS = Registry().get(keys.DEPLOYMENTS)
SECRETS = Registry().get(keys.SECRETS)
PODS = "/api/v1/namespaces/faces/pods"


def deployment(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "face"}, "spec": spec}


def containers(*given: Any) -> dict[str, Any]:
    return deployment(template={"spec": {"containers": list(given)}})


@pytest.mark.parametrize("resource", BUILTINS, ids=lambda resource: str(resource.key))
def test_every_kind_has_its_type(resource: Any) -> None:
    assert type_name(resource) in all_types()


@pytest.mark.parametrize(
    ("obj", "problem"),
    [
        (
            deployment(replicas="2"),
            "json: cannot unmarshal string into Go struct field "
            "DeploymentSpec.spec.replicas of type int32",
        ),
        (
            deployment(replicas=1.5),
            "json: cannot unmarshal number 1.5 into Go struct field "
            "DeploymentSpec.spec.replicas of type int32",
        ),
        (deployment(replicas=True), "cannot unmarshal bool into Go struct field"),
        (deployment(replicas=2**31), "cannot unmarshal number 2147483648 into Go struct field"),
        (
            containers({"name": 5}),
            "json: cannot unmarshal number into Go struct field "
            "Container.spec.template.spec.containers.name of type string",
        ),
        (containers("face"), "cannot unmarshal string into Go struct field"),
        (
            deployment(template={"spec": {"containers": {}}}),
            "PodSpec.spec.template.spec.containers of type []v1.Container",
        ),
        (
            {"metadata": {"labels": {"a": True}}},
            "json: cannot unmarshal bool into Go struct field "
            "ObjectMeta.metadata.labels of type string",
        ),
        ({"metadata": {"labels": []}}, "ObjectMeta.metadata.labels of type map[string]string"),
        ({"metadata": {"creationTimestamp": "now"}}, 'parsing time "now"'),
        (
            containers({"resources": {"limits": {"cpu": "lots"}}}),
            "quantities must match the regular expression",
        ),
        (
            containers({"livenessProbe": {"httpGet": {"port": True}}}),
            "cannot unmarshal bool",
        ),
    ],
)
def test_values_of_another_type_are_refused(obj: dict[str, Any], problem: str) -> None:
    assert DEPLOYMENTS is not None
    with pytest.raises(ApiError) as caught:
        decode_builtin(DEPLOYMENTS, "v1", obj)
    assert caught.value.code == 400
    assert caught.value.message.startswith(
        'Deployment in version "v1" cannot be handled as a Deployment: '
    )
    assert problem in caught.value.message


@pytest.mark.parametrize(
    ("obj", "conversion"),
    [
        (deployment(replicas="2"), "unrecognized type: int32"),
        (containers({"name": 5}), "unrecognized type: string"),
        (containers("face"), "cannot restore struct from: string"),
        (containers([]), "cannot restore struct from: slice"),
        (deployment(template={"spec": {"containers": {}}}), "cannot restore slice from map"),
        (deployment(template={"spec": {"containers": 1}}), "cannot restore slice from int64"),
        ({"metadata": {"labels": []}}, "cannot restore map from slice"),
        ({"metadata": {"labels": True}}, "cannot restore map from bool"),
        ({"metadata": {"labels": 0.5}}, "cannot restore map from float64"),
        (
            {"metadata": {"creationTimestamp": "now"}},
            'parsing time "now": not in the form of RFC 3339',
        ),
    ],
)
def test_a_strategic_merge_patch_is_refused_in_the_converters_words(
    obj: dict[str, Any], conversion: str
) -> None:
    assert DEPLOYMENTS is not None
    with pytest.raises(NotDecodableError) as caught:
        decode_builtin(DEPLOYMENTS, "v1", obj)
    assert caught.value.conversion == conversion


def test_secrets_hold_base64() -> None:
    assert SECRETS is not None
    with pytest.raises(ApiError, match="illegal base64 data"):
        decode_builtin(SECRETS, "v1", {"metadata": {}, "data": {"key": "clear text"}})


def test_unknown_fields_and_nulls_go() -> None:
    assert DEPLOYMENTS is not None
    obj = containers({"name": "face", "imagee": "x", "image": None, "ports": [None]})
    obj["spec"]["replicaz"] = 1
    assert decode_builtin(DEPLOYMENTS, "v1", obj) == [
        "spec.template.spec.containers[0].imagee",
        "spec.replicaz",
    ]
    assert obj["spec"] == {"template": {"spec": {"containers": [{"name": "face", "ports": [{}]}]}}}


def test_quantities_ports_and_times_that_are_fine() -> None:
    assert DEPLOYMENTS is not None
    obj = containers(
        {
            "resources": {"limits": {"cpu": "250m", "memory": "1.5Gi"}, "requests": {"cpu": 1}},
            "livenessProbe": {"httpGet": {"port": "http"}},
            "readinessProbe": {"httpGet": {"port": 8000}},
        }
    )
    obj["metadata"]["creationTimestamp"] = "2023-08-22T12:00:00Z"
    assert decode_builtin(DEPLOYMENTS, "v1", obj) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["name", "spec", "metadata", "template", "containers", "ports", "labels"]
            ),
            children,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["metadata", "spec", "status", "data"]), json_values))
def test_whatever_comes_as_a_pod_is_stored_or_refused(obj: dict[str, Any]) -> None:
    code, value = InMemory().call("POST", PODS, obj)
    assert code in (201, 400, 404, 422), value
