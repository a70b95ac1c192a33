"""Server-side apply: who owns which field, what conflicts, what goes when it is left out."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshpeek.rehearsal.admission import admission
from meshpeek.rehearsal.patching.apply import merged
from meshpeek.rehearsal.patching.field_sets import (
    decoded,
    differences,
    encoded,
    fields_of,
    schema_of,
    shown,
)
from meshpeek.rehearsal.types.kind_registry import Registry
from meshpeek.rehearsal.types.resources import Resource
from tests.rehearsal.in_memory import POLICY_ROUTES, InMemory
from tests.rehearsal.simulated_clusters import bundled

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
JSON = "application/json-patch+json"
WEB = "/apis/apps/v1/namespaces/faces/deployments/web"
CONFIG_MAP = "/api/v1/namespaces/faces/configmaps/colors"
ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration"

Value = Any


def deployment(**spec: Value) -> Value:
    container = {"name": "web", "image": "web:1", "ports": [{"containerPort": 80}]}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template, **spec},
    }


def config_map(data: dict[str, str], **metadata: Value) -> Value:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "colors", **metadata},
        "data": data,
    }


def apply(north: InMemory, url: str, config: Value, manager: str = "me", more: str = "") -> Value:
    return north.ok("PATCH", f"{url}?fieldManager={manager}{more}", config, APPLY)


def conflict(north: InMemory, url: str, config: Value, manager: str = "me") -> Value:
    return north.refused(409, "PATCH", f"{url}?fieldManager={manager}", config, APPLY)


def owned(obj: Value) -> dict[tuple[str, str], Value]:
    """Return fieldsV1 by manager and operation."""
    return {
        (entry["manager"], entry["operation"]): entry["fieldsV1"]
        for entry in obj["metadata"].get("managedFields", ())
    }


@pytest.fixture
def north() -> InMemory:
    return InMemory()


def test_applying_creates_and_owns_what_the_configuration_says(north: InMemory) -> None:
    response = north.respond("PATCH", f"{WEB}?fieldManager=me", deployment(replicas=2), APPLY)
    assert response.code == 201
    stored = north.ok("GET", WEB)
    assert stored["spec"]["strategy"]["type"] == "RollingUpdate"
    assert owned(stored) == {
        ("me", "Apply"): {
            "f:spec": {
                "f:replicas": {},
                "f:selector": {},
                "f:template": {
                    "f:metadata": {"f:labels": {"f:app": {}}},
                    "f:spec": {
                        "f:containers": {
                            'k:{"name":"web"}': {
                                ".": {},
                                "f:image": {},
                                "f:name": {},
                                "f:ports": {
                                    'k:{"containerPort":80,"protocol":"TCP"}': {
                                        ".": {},
                                        "f:containerPort": {},
                                    }
                                },
                            }
                        }
                    },
                },
            }
        }
    }
    again = north.respond("PATCH", f"{WEB}?fieldManager=me", deployment(replicas=2), APPLY)
    assert again.code == 200
    assert north.ok("GET", WEB) == stored


def test_creating_owns_defaults_too(north: InMemory) -> None:
    made = north.ok(
        "POST",
        "/apis/apps/v1/namespaces/faces/deployments?fieldManager=kubectl-create",
        deployment(),
    )
    fields = owned(made)["kubectl-create", "Update"]
    assert fields["f:spec"]["f:strategy"] == {
        "f:rollingUpdate": {".": {}, "f:maxSurge": {}, "f:maxUnavailable": {}},
        "f:type": {},
    }
    assert "f:name" not in fields.get("f:metadata", {})
    assert "f:status" not in fields


def test_a_field_of_another_manager_is_a_conflict_until_forced(north: InMemory) -> None:
    apply(north, WEB, deployment(replicas=1))
    scale = {"spec": {"replicas": 3}}
    north.ok("PATCH", f"{WEB}/scale?fieldManager=kubectl", scale, MERGE)
    status = conflict(north, WEB, deployment(replicas=1))
    assert status["message"] == (
        'Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" '
        "using apps/v1: .spec.replicas"
    )
    assert status["details"]["causes"] == [
        {
            "reason": "FieldManagerConflict",
            "message": 'conflict with "kubectl" with subresource "scale" using apps/v1',
            "field": ".spec.replicas",
        }
    ]
    assert north.ok("GET", WEB)["spec"]["replicas"] == 3
    forced = apply(north, WEB, deployment(replicas=1), more="&force=true")
    assert forced["spec"]["replicas"] == 1
    assert list(owned(forced)) == [("me", "Apply")]


def test_conflicts_are_listed_by_manager(north: InMemory) -> None:
    apply(north, CONFIG_MAP, config_map({"a": "1", "b": "1"}), "one")
    apply(north, CONFIG_MAP, config_map({"c": "1"}), "two")
    status = conflict(north, CONFIG_MAP, config_map({"a": "2", "b": "2", "c": "2"}), "three")
    assert status["message"] == (
        'Apply failed with 3 conflicts: conflicts with "one":\n- .data.a\n- .data.b\n'
        'conflicts with "two":\n- .data.c'
    )


def test_the_same_value_is_owned_together(north: InMemory) -> None:
    apply(north, CONFIG_MAP, config_map({"a": "1"}), "one")
    both = apply(north, CONFIG_MAP, config_map({"a": "1"}), "two")
    assert set(owned(both)) == {("one", "Apply"), ("two", "Apply")}
    # What one of two owners leaves out stays, what the last one leaves out goes.
    left = apply(north, CONFIG_MAP, config_map({}), "one")
    assert left["data"] == {"a": "1"}
    assert apply(north, CONFIG_MAP, config_map({}), "two").get("data", {}) == {}


def test_what_is_left_out_goes_and_what_others_made_stays(north: InMemory) -> None:
    apply(north, WEB, deployment(replicas=2))
    north.ok("PATCH", f"{WEB}?fieldManager=x", {"metadata": {"labels": {"x": "y"}}}, MERGE)
    config = deployment()
    config["spec"]["template"]["spec"]["containers"][0].pop("ports")
    stored = apply(north, WEB, config)
    assert stored["metadata"]["labels"] == {"x": "y"}
    assert stored["spec"]["replicas"] == 1
    assert "ports" not in stored["spec"]["template"]["spec"]["containers"][0]


def test_items_are_merged_by_their_keys(north: InMemory) -> None:
    apply(north, WEB, deployment())
    sidecar = deployment()
    sidecar["spec"]["template"]["spec"]["containers"] = [{"name": "proxy", "image": "proxy:1"}]
    stored = apply(north, WEB, sidecar, "mesh")
    names = [each["name"] for each in stored["spec"]["template"]["spec"]["containers"]]
    assert names == ["web", "proxy"]
    without_it = copy.deepcopy(sidecar)
    without_it["spec"]["template"]["spec"]["containers"] = []
    stored = apply(north, WEB, without_it, "mesh")
    names = [each["name"] for each in stored["spec"]["template"]["spec"]["containers"]]
    assert names == ["web"]


def test_an_object_without_owners_had_one_before_the_first_apply(north: InMemory) -> None:
    resource = north.cluster.resources.of_kind("v1", "ConfigMap")
    assert resource
    seeded = config_map({"a": "1"}, namespace="faces")
    admission.create(north.cluster, resource, "v1", seeded, admission.Write())
    assert owned(north.ok("GET", CONFIG_MAP)) == {}
    status = conflict(north, CONFIG_MAP, config_map({"a": "2"}))
    assert status["message"] == (
        'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.a'
    )


def client_side(data: dict[str, str]) -> Value:
    text = '{"apiVersion":"v1","data":{"a":"1"},"kind":"ConfigMap"}\n'
    return config_map(data, annotations={ANNOTATION: text})


def test_kubectl_takes_over_what_it_applied_from_the_client(north: InMemory) -> None:
    collection = CONFIG_MAP.rpartition("/")[0]
    made = client_side({"a": "1", "b": "1"})
    north.ok("POST", f"{collection}?fieldManager=kubectl-client-side-apply", made)
    # `a` is in the annotation, `b` is not.
    assert apply(north, CONFIG_MAP, config_map({"a": "2"}), "kubectl")["data"]["a"] == "2"
    said = conflict(north, CONFIG_MAP, config_map({"a": "2", "b": "2"}), "kubectl")["message"]
    assert said.endswith('"kubectl-client-side-apply" using v1: .data.b')
    # The annotation follows, so that a client-side apply can take up from here.
    annotations = north.ok("GET", CONFIG_MAP)["metadata"]["annotations"]
    assert '"data":{"a":"2"}' in annotations[ANNOTATION]
    said = conflict(north, CONFIG_MAP, config_map({"a": "3"}), "other")["message"]
    assert '"kubectl"' in said


def test_owners_can_be_written_as_kubectls_migration_does(north: InMemory) -> None:
    apply(north, CONFIG_MAP, config_map({"a": "1"}), "one")
    stored = north.ok("GET", CONFIG_MAP)["metadata"]
    entries = [{**entry, "manager": "renamed"} for entry in stored["managedFields"]]
    operations = [
        {"op": "replace", "path": "/metadata/managedFields", "value": entries},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": stored["resourceVersion"]},
    ]
    north.ok("PATCH", f"{CONFIG_MAP}?fieldManager=kubectl", operations, JSON)
    assert set(owned(north.ok("GET", CONFIG_MAP))) == {("renamed", "Apply")}
    north.refused(409, "PATCH", CONFIG_MAP, operations, JSON)


def test_owners_are_kept_where_a_client_sends_none_and_go_where_it_says_so(
    north: InMemory,
) -> None:
    apply(north, CONFIG_MAP, config_map({"a": "1"}), "one")
    north.ok("PUT", f"{CONFIG_MAP}?fieldManager=putter", config_map({"a": "1", "b": "1"}))
    assert owned(north.ok("GET", CONFIG_MAP)) == {
        ("one", "Apply"): {"f:data": {"f:a": {}}},
        ("putter", "Update"): {"f:data": {"f:b": {}}},
    }
    nobody = {"metadata": {"managedFields": [{}]}}
    assert owned(north.ok("PATCH", f"{CONFIG_MAP}?fieldManager=x", nobody, MERGE)) == {}


def test_the_client_is_the_manager_where_it_names_none(north: InMemory) -> None:
    agent = {"user-agent": "curl/8.0"}
    response = north.respond(
        "POST",
        CONFIG_MAP.rpartition("/")[0],
        config_map({"a": "1"}),
        "application/json",
        agent,
    )
    assert response.code == 201
    assert list(owned(north.ok("GET", CONFIG_MAP))) == [("curl", "Update")]


def test_the_status_is_applied_apart(north: InMemory) -> None:
    apply(north, WEB, {**deployment(), "status": {"replicas": 9}})
    assert north.ok("GET", WEB)["status"].get("replicas") != 9
    reported = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "status": {"replicas": 7},
    }
    apply(north, f"{WEB}/status", reported, "watcher")
    stored = north.ok("GET", WEB)
    assert stored["status"]["replicas"] == 7
    assert owned(stored)["watcher", "Apply"] == {"f:status": {"f:replicas": {}}}


def test_custom_objects_by_their_schema(north: InMemory) -> None:
    definition = bundled()["httproutes.policy.linkerd.io"]
    north.ok("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
    url = f"{POLICY_ROUTES}/r"
    route = {
        "apiVersion": "policy.linkerd.io/v1beta3",
        "kind": "HTTPRoute",
        "metadata": {"name": "r", "labels": {"a": "b"}},
        "spec": {"parentRefs": [{"name": "smiley", "kind": "Service", "group": ""}]},
    }
    stored = apply(north, url, route)
    assert owned(stored) == {
        ("me", "Apply"): {
            "f:metadata": {"f:labels": {"f:a": {}}},
            "f:spec": {"f:parentRefs": {}},
        }
    }
    bad = copy.deepcopy(route)
    bad["spec"] = {"bogus": 1}
    said = north.refused(500, "PATCH", f"{url}?fieldManager=me", bad, APPLY)["message"]
    assert said == (
        "failed to create typed patch object (faces/r; policy.linkerd.io/v1beta3, "
        "Kind=HTTPRoute): .spec.bogus: field not declared in schema"
    )


@pytest.mark.parametrize(
    ("config", "query", "code", "said"),
    [
        (
            config_map({}),
            "",
            422,
            'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: '
            "is required for apply patch",
        ),
        (config_map({}, managedFields=[{"manager": "x"}]), "?fieldManager=me", 400, "must be nil"),
        (config_map({}, name="other"), "?fieldManager=me", 400, "does not match the name on"),
        (config_map({}, uid="1-2"), "?fieldManager=me", 409, "uid mismatch: the provided object"),
        ({**config_map({}), "kind": "Secret"}, "?fieldManager=me", 400, "does not match"),
        (b"[", "?fieldManager=me", 400, "the object provided is unrecognized"),
        (b"- a", "?fieldManager=me", 400, "cannot unmarshal"),
        (b"a: &a [1]\nb: *a", "?fieldManager=me", 400, "aliases are not accepted"),
        (config_map({}), f"?fieldManager={'x' * 129}", 422, "Too long"),
    ],
)
def test_what_cannot_be_applied(
    north: InMemory, config: Value, query: str, code: int, said: str
) -> None:
    assert said in north.refused(code, "PATCH", CONFIG_MAP + query, config, APPLY)["message"]
    assert north.respond("GET", CONFIG_MAP).code == 404


def test_items_that_cannot_be_told_apart(north: InMemory) -> None:
    twice = deployment()
    containers = twice["spec"]["template"]["spec"]["containers"]
    containers.append(containers[0])
    said = north.refused(500, "PATCH", f"{WEB}?fieldManager=me", twice, APPLY)["message"]
    assert said.endswith('.spec.template.spec.containers: duplicate entries for key [name="web"]')


def test_force_is_for_apply_only(north: InMemory) -> None:
    apply(north, CONFIG_MAP, config_map({"a": "1"}))
    status = north.refused(422, "PATCH", f"{CONFIG_MAP}?force=true", {}, MERGE)
    assert "force: Forbidden: may not be specified for non-apply patch" in status["message"]


def test_a_dry_run_changes_no_owner(north: InMemory) -> None:
    before = apply(north, CONFIG_MAP, config_map({"a": "1"}))
    apply(north, CONFIG_MAP, config_map({"b": "1"}), "two", "&dryRun=All")
    assert north.ok("GET", CONFIG_MAP) == before


def _service() -> Resource:
    resource = Registry().of_kind("v1", "Service")
    assert resource
    return resource


SERVICE = schema_of(_service(), "v1")

ports = st.lists(
    st.fixed_dictionaries(
        {"port": st.integers(1, 4)},
        optional={"name": st.sampled_from("ab"), "protocol": st.sampled_from(["TCP", "UDP"])},
    ),
    max_size=3,
    unique_by=lambda port: (port["port"], port.get("protocol", "TCP")),
)
services = st.fixed_dictionaries(
    {},
    optional={
        "metadata": st.fixed_dictionaries(
            {}, optional={"labels": st.dictionaries(st.sampled_from("abc"), st.text(max_size=2))}
        ),
        "spec": st.fixed_dictionaries(
            {},
            optional={
                "ports": ports,
                "type": st.sampled_from(["ClusterIP", "NodePort"]),
                "selector": st.dictionaries(st.sampled_from("abc"), st.text(max_size=2)),
            },
        ),
    },
)


@given(services)
def test_a_set_of_fields_survives_its_encoding(service: Value) -> None:
    fields = fields_of(SERVICE, service)
    assert decoded(encoded(fields)) == fields
    assert all(shown(path) for path in fields)


@given(services, services)
def test_merging_has_all_of_the_configuration_and_can_be_repeated(
    live: Value, config: Value
) -> None:
    before = copy.deepcopy((live, config))
    result = merged(SERVICE, live, config)
    assert (live, config) == before
    assert merged(SERVICE, result, config) == result
    changed = differences(SERVICE, result, merged(SERVICE, result, config))
    assert not any(changed)
    assert not differences(SERVICE, config, result).removed
    assert not differences(SERVICE, config, result).modified


@given(services, services)
def test_differences_are_the_reverse_of_themselves(one: Value, other: Value) -> None:
    there = differences(SERVICE, one, other)
    back = differences(SERVICE, other, one)
    assert (there.added, there.modified) == (back.removed, back.modified)


def owned_by_creator(stored: Any) -> set[str]:
    (entry,) = stored["metadata"]["managedFields"]
    return set(entry["fieldsV1"]["f:spec"])


def test_who_creates_owns_defaults_but_nothing_of_admission_or_allocation(
    north: InMemory,
) -> None:
    pods = "/api/v1/namespaces/faces/pods?fieldManager=me"
    pod = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "a", "image": "a:1"}]}}
    stored = north.ok("POST", pods, pod)
    assert owned_by_creator(stored) == {
        "f:containers",
        "f:dnsPolicy",
        "f:enableServiceLinks",
        "f:restartPolicy",
        "f:schedulerName",
        "f:securityContext",
        "f:terminationGracePeriodSeconds",
    }
    (entry,) = stored["metadata"]["managedFields"]
    container = entry["fieldsV1"]["f:spec"]["f:containers"]['k:{"name":"a"}']
    assert "f:volumeMounts" not in container
    services = "/api/v1/namespaces/faces/services?fieldManager=me"
    service = {"metadata": {"name": "s"}, "spec": {"type": "NodePort", "ports": [{"port": 80}]}}
    stored = north.ok("POST", services, service)
    assert owned_by_creator(stored) == {
        "f:externalTrafficPolicy",
        "f:internalTrafficPolicy",
        "f:ports",
        "f:sessionAffinity",
        "f:type",
    }
    (entry,) = stored["metadata"]["managedFields"]
    assert "nodePort" not in str(entry)
    namespaces = "/api/v1/namespaces?fieldManager=me"
    stored = north.ok("POST", namespaces, {"metadata": {"name": "n"}})
    assert "f:spec" not in stored["metadata"]["managedFields"][0]["fieldsV1"]


def test_a_pod_can_go_from_client_side_to_server_side_apply(north: InMemory) -> None:
    url = "/api/v1/namespaces/faces/pods"
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "faces"},
        "spec": {"containers": [{"name": "a", "image": "a:1"}]},
    }
    made = north.ok("POST", f"{url}?fieldManager=kubectl-client-side-apply", pod)
    apply = "?fieldManager=kubectl&force=true"
    north.ok("PATCH", f"{url}/p{apply}", pod, APPLY)
    # kubectl gives what it owned on the client's side to the manager that applies.
    (one, other) = north.ok("GET", f"{url}/p")["metadata"]["managedFields"]
    renamed = {**other, "manager": "kubectl", "operation": "Apply", "fieldsV1": other["fieldsV1"]}
    assert {one["operation"], other["operation"]} == {"Apply", "Update"}
    operations = [{"op": "replace", "path": "/metadata/managedFields", "value": [renamed]}]
    north.ok("PATCH", f"{url}/p", operations, JSON)
    applied = north.ok("PATCH", f"{url}/p{apply}", pod, APPLY)
    assert applied["spec"] == made["spec"]
