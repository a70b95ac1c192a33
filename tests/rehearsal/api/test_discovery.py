"""What a cluster says it serves: aggregated and legacy discovery, OpenAPI."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from meshpeek.rehearsal.api.description import openapi_v2
from tests.rehearsal.in_memory import InMemory
from tests.rehearsal.types.test_crds import DEFINITIONS, definition, shipped

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList"


def asked(north: InMemory, path: str, version: str, **headers: str) -> Any:
    accept = AGGREGATED.format(version) + ",application/json"
    return north.respond("GET", path, None, "", {"accept": accept, **headers})


@pytest.fixture
def north() -> InMemory:
    north = InMemory()
    for name in ("policy.linkerd.io", "gateway.networking.k8s.io"):
        north.ok("POST", DEFINITIONS, shipped(f"httproutes.{name}"))
    return north


@pytest.mark.parametrize("version", ["v2", "v2beta1"])
def test_aggregated_discovery(north: InMemory, version: str) -> None:
    response = asked(north, "/apis", version)
    assert response.content_type == AGGREGATED.format(version)
    groups = json.loads(response.body)["items"]
    names = [group["metadata"]["name"] for group in groups]
    assert names[0] == "apiregistration.k8s.io"
    assert names.index("apps") < names.index("rbac.authorization.k8s.io")
    assert names[-2:] == ["gateway.networking.k8s.io", "policy.linkerd.io"]
    policy = groups[-1]["versions"]
    assert [each["version"] for each in policy] == ["v1beta3", "v1beta2", "v1beta1", "v1alpha1"]
    routes = policy[0]["resources"][0]
    assert routes["resource"] == "httproutes"
    assert routes["responseKind"] == {
        "group": "policy.linkerd.io",
        "version": "v1beta3",
        "kind": "HTTPRoute",
    }
    assert routes["subresources"][0]["subresource"] == "status"


def test_the_core_group_has_no_name(north: InMemory) -> None:
    items = json.loads(asked(north, "/api", "v2").body)["items"]
    assert [item["metadata"].get("name", "") for item in items] == [""]
    resources = {each["resource"]: each for each in items[0]["versions"][0]["resources"]}
    assert resources["pods"]["shortNames"] == ["po"]
    assert resources["pods"]["categories"] == ["all"]
    assert resources["namespaces"]["scope"] == "Cluster"


def test_a_known_answer_is_not_sent_again_until_it_changes(north: InMemory) -> None:
    first = asked(north, "/apis", "v2")
    tag = first.headers["ETag"]
    again = asked(north, "/apis", "v2", **{"if-none-match": tag})
    assert (again.code, again.body) == (304, b"")
    north.ok("POST", DEFINITIONS, definition({}))
    changed = asked(north, "/apis", "v2", **{"if-none-match": tag})
    assert changed.code == 200
    assert changed.headers["ETag"] != tag


def test_legacy_discovery(north: InMemory) -> None:
    assert north.ok("GET", "/api")["versions"] == ["v1"]
    groups = north.ok("GET", "/apis")["groups"]
    assert [group["name"] for group in groups][-2:] == [
        "policy.linkerd.io",
        "gateway.networking.k8s.io",
    ]
    preferred = north.ok("GET", "/apis/policy.linkerd.io")["preferredVersion"]
    assert preferred["version"] == "v1beta3"
    deployments = {each["name"]: each for each in north.ok("GET", "/apis/apps/v1")["resources"]}
    assert deployments["deployments"]["singularName"] == "deployment"
    assert deployments["deployments/scale"]["kind"] == "Scale"
    assert deployments["deployments/scale"]["group"] == "autoscaling"
    north.refused(404, "GET", "/apis/nothing.example.com")
    north.refused(404, "GET", "/apis/apps/v2")


def test_a_client_that_prefers_plain_json_gets_it(north: InMemory) -> None:
    headers = {"accept": "application/json, " + AGGREGATED.format("v2")}
    response = north.respond("GET", "/apis", None, "", headers)
    assert json.loads(response.body)["kind"] == "APIGroupList"


def test_openapi_documents_name_kinds_and_parameters(north: InMemory) -> None:
    paths = north.ok("GET", "/openapi/v3")["paths"]
    assert {"api/v1", "apis/apps/v1", "apis/policy.linkerd.io/v1beta2"} <= paths.keys()
    url = paths["apis/policy.linkerd.io/v1beta3"]["serverRelativeURL"]
    assert url.startswith("/secret/north/openapi/v3/apis/policy.linkerd.io/v1beta3?hash=")
    document = north.ok("GET", "/openapi/v3/apis/policy.linkerd.io/v1beta3")
    route = "/apis/policy.linkerd.io/v1beta3/namespaces/{namespace}/httproutes/{name}"
    patch = document["paths"][route]["patch"]
    assert patch["x-kubernetes-group-version-kind"]["kind"] == "HTTPRoute"
    assert "fieldValidation" in [each["name"] for each in patch["parameters"]]
    schemas = document["components"]["schemas"]
    spec = schemas["io.linkerd.policy.v1beta3.HTTPRoute"]["properties"]["spec"]
    assert "timeouts" in spec["properties"]["rules"]["items"]["properties"]


def test_openapi_documents_are_complete(north: InMemory) -> None:
    for name in north.ok("GET", "/openapi/v3")["paths"]:
        document = north.ok("GET", f"/openapi/v3/{name}")
        text = json.dumps(document)
        known = document["components"]["schemas"]
        for part in text.split('"#/components/schemas/')[1:]:
            assert part.partition('"')[0] in known


def test_openapi_v2_says_what_it_can_of_every_kind(north: InMemory) -> None:
    asked_for = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
    response = north.respond("GET", "/openapi/v2", None, "", {"accept": asked_for})
    assert response.content_type == "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
    # What it means is for kubectl 1.20 to say, in test_battery.py.
    assert b"io.k8s.api.apps.v1.DeploymentSpec" in response.body
    assert b"/apis/apps/v1/namespaces/{namespace}/deployments/{name}" in response.body
    document = north.ok("GET", "/openapi/v2")
    definitions = document["definitions"]
    text = json.dumps(definitions)
    references = set(re.findall(r'"\$ref": "#/definitions/([^"]+)"', text))
    assert references <= definitions.keys()
    assert "#/components" not in text
    service = definitions["io.k8s.api.core.v1.ServiceSpec"]["properties"]
    assert service["ports"]["x-kubernetes-patch-merge-key"] == "port"


def test_openapi_v2_leaves_out_what_it_cannot_say() -> None:
    schema = {
        "type": "object",
        "required": ["a"],
        "properties": {
            "a": {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}]},
            "b": {"type": "string", "nullable": True, "description": "B."},
            "c": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            "d": {"type": "array", "items": {"type": "string", "default": "x"}},
            "metadata": {"allOf": [{"$ref": "#/components/schemas/Meta"}]},
        },
    }
    assert openapi_v2.definition(schema) == {
        "type": "object",
        "required": ["a"],
        "properties": {
            "a": {"x-kubernetes-int-or-string": True},
            "b": {"description": "B."},
            "c": {"x-kubernetes-preserve-unknown-fields": True},
            "d": {"type": "array", "items": {"type": "string"}},
            "metadata": {"$ref": "#/definitions/Meta"},
        },
    }
