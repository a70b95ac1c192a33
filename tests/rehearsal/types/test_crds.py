"""CustomResourceDefinitions: served, defaulted, pruned, validated, in several versions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest

from meshpeek.rehearsal.types.crds import version_priority
from meshpeek.rehearsal.types.keys import ResourceKey
from meshpeek.rehearsal.types.scalars.formats import FORMATS
from meshpeek.rehearsal.types.schema_validation import validate
from meshpeek.rehearsal.types.structural import apply_defaults, prune
from tests.rehearsal.in_memory import POLICY_ROUTES, InMemory
from tests.rehearsal.simulated_clusters import bundled

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
ROUTES = ResourceKey("policy.linkerd.io", "httproutes")
MERGE_PATCH = "application/merge-patch+json"


def shipped(name: str) -> dict[str, Any]:
    return deepcopy(bundled()[name])


def definition(schema: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": dict(schema)}},
        **more,
    }
    return {
        "metadata": {"name": "tunes.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "tunes", "kind": "Tune", "shortNames": ["tn"]},
            "versions": [version],
        },
    }


def route(**timeouts: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"backendRefs": [{"name": "smiley-east", "port": 80}]}
    if timeouts:
        rule["timeouts"] = timeouts
    parent = {"group": "core", "kind": "Service", "name": "smiley", "port": 80}
    return {
        "apiVersion": "policy.linkerd.io/v1beta3",
        "kind": "HTTPRoute",
        "metadata": {"name": "smiley-router", "namespace": "faces"},
        "spec": {"parentRefs": [parent], "rules": [rule]},
    }


@pytest.fixture
def north() -> InMemory:
    north = InMemory()
    north.ok("POST", DEFINITIONS, shipped("httproutes.policy.linkerd.io"))
    return north


def test_a_definition_is_established_and_serves_its_kind() -> None:
    north = InMemory()
    tunes = "/apis/example.com/v1/namespaces/faces/tunes"
    north.refused(404, "GET", tunes)
    north.ok("POST", DEFINITIONS, definition({"spec": {"type": "object"}}))
    stored = north.ok("GET", f"{DEFINITIONS}/tunes.example.com")
    assert {each["type"]: each["status"] for each in stored["status"]["conditions"]} == {
        "NamesAccepted": "True",
        "Established": "True",
    }
    assert stored["status"]["acceptedNames"]["listKind"] == "TuneList"
    assert stored["status"]["storedVersions"] == ["v1"]
    assert north.ok("GET", tunes)["kind"] == "TuneList"
    north.ok("POST", tunes, {"metadata": {"name": "first"}, "spec": {}})
    north.ok("DELETE", f"{DEFINITIONS}/tunes.example.com")
    north.refused(404, "GET", tunes)
    assert north.cluster.store.list(ResourceKey("example.com", "tunes")) == []


def test_a_changed_definition_changes_what_is_accepted() -> None:
    north = InMemory()
    north.ok("POST", DEFINITIONS, definition({"spec": {"type": "object"}}))
    tunes = "/apis/example.com/v1/namespaces/faces/tunes"
    tune = {"metadata": {"name": "first"}, "spec": {"key": "c"}}
    assert north.ok("POST", tunes, tune)["spec"] == {}
    given = north.ok("GET", f"{DEFINITIONS}/tunes.example.com")
    schema = given["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"]["properties"] = {"key": {"type": "string"}}
    north.ok("PUT", f"{DEFINITIONS}/tunes.example.com", given)
    patched = north.ok("PATCH", f"{tunes}/first", {"spec": {"key": "c"}}, MERGE_PATCH)
    assert patched["spec"] == {"key": "c"}
    assert patched["metadata"]["generation"] == 2


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("metadata", "name"), "tunes.example.org", "metadata.name"),
        (("spec", "scope"), "Galaxy", "spec.scope"),
        (("spec", "group"), "", "spec.group"),
        (("spec", "names", "plural"), "Tunes", "spec.names.plural"),
        (("spec", "names", "kind"), "", "spec.names.kind"),
        (("spec", "versions"), [], "spec.versions"),
        (("spec", "versions", 0, "storage"), False, "spec.versions"),
        (("spec", "versions", 0, "name"), "1", "spec.versions[0].name"),
        (
            ("spec", "versions", 0, "schema"),
            {},
            "spec.versions[0].schema.openAPIV3Schema",
        ),
        (
            ("spec", "versions", 0, "schema", "openAPIV3Schema", "type"),
            "string",
            "spec.versions[0].schema.openAPIV3Schema.type",
        ),
        (
            ("spec", "versions", 0, "schema", "openAPIV3Schema", "properties", "spec", "items"),
            ["no schema"],
            "spec.versions[0].schema.openAPIV3Schema.properties[spec].items",
        ),
        (
            ("spec", "versions", 0, "schema", "openAPIV3Schema", "properties", "spec", "pattern"),
            "(",
            "spec.versions[0].schema.openAPIV3Schema.properties[spec].pattern",
        ),
    ],
)
def test_definitions_that_cannot_be_served_are_refused(
    path: tuple[str | int, ...], value: object, field: str
) -> None:
    given: Any = definition({"spec": {"type": "object"}})
    place: Any = given
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    status = InMemory().refused(422, "POST", DEFINITIONS, given)
    assert field in [cause["field"] for cause in status["details"]["causes"]]


def test_every_shipped_definition_is_accepted() -> None:
    north = InMemory()
    names = list(bundled())
    for name in names:
        north.ok("POST", DEFINITIONS, shipped(name))
    assert len(north.ok("GET", DEFINITIONS)["items"]) == len(names) > 9


def test_what_a_route_leaves_out_is_filled_in(north: InMemory) -> None:
    stored = north.ok("POST", POLICY_ROUTES, route(request="5s"))
    assert stored["spec"]["rules"][0] == {
        "backendRefs": [
            {"group": "", "kind": "Service", "name": "smiley-east", "port": 80, "weight": 1}
        ],
        "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
        "timeouts": {"request": "5s"},
    }


def test_versions_are_views_of_one_object(north: InMemory) -> None:
    north.ok("POST", POLICY_ROUTES, route(request="5s"))
    older = POLICY_ROUTES.replace("v1beta3", "v1beta2")
    view = north.ok("GET", f"{older}/smiley-router")
    assert view["apiVersion"] == "policy.linkerd.io/v1beta2"
    assert "timeouts" not in view["spec"]["rules"][0]
    north.ok("PATCH", f"{older}/smiley-router", {"metadata": {"labels": {"a": "b"}}}, MERGE_PATCH)
    assert north.cluster.store.list(ROUTES)[0]["apiVersion"] == "policy.linkerd.io/v1beta3"
    listed = north.ok("GET", older)
    assert (listed["apiVersion"], listed["kind"]) == (
        "policy.linkerd.io/v1beta2",
        "HTTPRouteList",
    )
    assert listed["items"][0]["apiVersion"] == "policy.linkerd.io/v1beta2"


def test_a_newly_read_version_leaves_the_stored_object_alone(north: InMemory) -> None:
    north.ok("POST", POLICY_ROUTES, route(request="5s"))
    before = deepcopy(north.cluster.store.list(ROUTES))
    north.ok("GET", POLICY_ROUTES.replace("v1beta3", "v1beta2"))
    assert north.cluster.store.list(ROUTES) == before


def test_unknown_fields_are_refused_by_version(north: InMemory) -> None:
    strict = "?fieldValidation=Strict"
    older = POLICY_ROUTES.replace("v1beta3", "v1beta2")
    given = {**route(request="5s"), "apiVersion": "policy.linkerd.io/v1beta2"}
    status = north.refused(400, "POST", older + strict, given)
    assert status["message"] == (
        'HTTPRoute in version "v1beta2" cannot be handled as a HTTPRoute: '
        'strict decoding error: unknown field "spec.rules[0].timeouts"'
    )
    given = route()
    given["spec"]["bogus"] = given["metadata"]["nonsense"] = 1
    status = north.refused(400, "POST", POLICY_ROUTES + strict, given)
    assert status["message"].endswith(
        'strict decoding error: unknown field "metadata.nonsense", unknown field "spec.bogus"'
    )


def test_unknown_fields_are_otherwise_warned_of_and_dropped(north: InMemory) -> None:
    given = route()
    given["spec"]["bogus"] = 1
    response = north.respond("POST", POLICY_ROUTES, given)
    assert response.code == 201
    assert response.headers["Warning"] == '299 - "unknown field \\"spec.bogus\\""'
    assert "bogus" not in json.loads(response.body)["spec"]
    given["metadata"]["name"] = "other"
    ignored = north.respond("POST", f"{POLICY_ROUTES}?fieldValidation=Ignore", given)
    assert "Warning" not in ignored.headers


def test_an_invalid_duration_is_refused(north: InMemory) -> None:
    north.ok("POST", POLICY_ROUTES, route(request="5s"))
    patch = {"spec": {"rules": route(request="300")["spec"]["rules"]}}
    status = north.refused(422, "PATCH", f"{POLICY_ROUTES}/smiley-router", patch, MERGE_PATCH)
    body = 'spec.rules[0].timeouts.request in body must be of type duration: "300"'
    assert status["message"] == (
        'HTTPRoute.policy.linkerd.io "smiley-router" is invalid: '
        f'spec.rules[0].timeouts.request: Invalid value: "300": {body}'
    )
    assert status["reason"] == "Invalid"
    assert status["details"] == {
        "name": "smiley-router",
        "group": "policy.linkerd.io",
        "kind": "HTTPRoute",
        "causes": [
            {
                "reason": "FieldValueTypeInvalid",
                "message": f'Invalid value: "300": {body}',
                "field": "spec.rules[0].timeouts.request",
            }
        ],
    }


def test_a_deprecated_version_says_so() -> None:
    north = InMemory()
    north.ok("POST", DEFINITIONS, shipped("servers.policy.linkerd.io"))
    response = north.respond("GET", "/apis/policy.linkerd.io/v1alpha1/namespaces/faces/servers")
    assert "policy.linkerd.io/v1alpha1 Server is deprecated" in response.headers["Warning"]


SCALED = definition(
    {
        "spec": {"type": "object", "properties": {"voices": {"type": "integer"}}},
        "status": {"type": "object", "properties": {"voices": {"type": "integer"}}},
    },
    subresources={
        "status": {},
        "scale": {"specReplicasPath": ".spec.voices", "statusReplicasPath": ".status.voices"},
    },
)


def test_a_scale_subresource_reaches_the_fields_it_names() -> None:
    north = InMemory()
    north.ok("POST", DEFINITIONS, SCALED)
    tune = "/apis/example.com/v1/namespaces/faces/tunes/first"
    north.ok("POST", tune.removesuffix("/first"), {"metadata": {"name": "first"}})
    scale = north.ok("PATCH", f"{tune}/scale", {"spec": {"replicas": 4}}, MERGE_PATCH)
    assert (scale["kind"], scale["spec"]["replicas"]) == ("Scale", 4)
    assert north.ok("GET", tune)["spec"] == {"voices": 4}
    given = {**north.ok("GET", tune), "status": {"voices": 4}, "spec": {"voices": 9}}
    assert north.ok("PUT", f"{tune}/status", given)["spec"] == {"voices": 4}
    assert north.ok("GET", f"{tune}/scale")["status"] == {"replicas": 4}


def problems(schema: Mapping[str, Any], value: object) -> list[str]:
    return [str(cause) for cause in validate({"properties": {"a": schema}}, {"a": value})]


@pytest.mark.parametrize(
    ("schema", "value", "problem"),
    [
        (
            {"type": "string"},
            5,
            'a: Invalid value: "integer": a in body must be of type string: "integer"',
        ),
        (
            {"type": "integer", "format": "int32"},
            5_000_000_000,
            '<nil>: Invalid value: "": Checked value must be of type integer '
            "with format int32 in a",
        ),
        (
            {"type": "object"},
            None,
            'a: Invalid value: "null": a in body must be of type object: "null"',
        ),
        (
            {"type": "boolean"},
            "x",
            'a: Invalid value: "string": a in body must be of type boolean: "string"',
        ),
        ({"maxLength": 2}, "abc", "a: Too long: may not be longer than 2"),
        ({"minLength": 2}, "a", 'a: Invalid value: "a": a in body should be at least 2 chars long'),
        ({"pattern": "^b$"}, "b\n", "a: Invalid value: \"b\\n\": a in body should match '^b$'"),
        ({"enum": ["x", 1]}, "y", 'a: Unsupported value: "y": supported values: "x", "1"'),
        ({"maximum": 5}, 6, "a: Invalid value: 6: a in body should be less than or equal to 5"),
        (
            {"maximum": 5, "exclusiveMaximum": True},
            5,
            "a: Invalid value: 5: a in body should be less than 5",
        ),
        ({"minimum": 1}, 0, "a: Invalid value: 0: a in body should be greater than or equal to 1"),
        ({"multipleOf": 2}, 3, "a: Invalid value: 3: a in body should be a multiple of 2"),
        ({"maxItems": 1}, [1, 2], "a: Too many: 2: must have at most 1 items"),
        ({"minItems": 1}, [], "a: Invalid value: 0: a in body should have at least 1 items"),
        ({"required": ["b"]}, {}, "a.b: Required value"),
        (
            {"additionalProperties": {"type": "string"}},
            {"k": 1},
            'a.k: Invalid value: "integer": a.k in body must be of type string: "integer"',
        ),
        (
            {"x-kubernetes-int-or-string": True},
            True,
            'a: Invalid value: "boolean": a in body must be of type integer,string: "boolean"',
        ),
        (
            {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["n"]},
            [{"n": 1}, {"n": 1}],
            'a[1]: Duplicate value: map[string]interface {}{"n":1}',
        ),
        ({"x-kubernetes-list-type": "set"}, ["x", "x"], 'a[1]: Duplicate value: "x"'),
        (
            {"not": {"type": "string"}},
            "x",
            '<nil>: Invalid value: "": "a" must not validate the schema (not)',
        ),
    ],
)
def test_the_wording_of_refusals(schema: Mapping[str, Any], value: object, problem: str) -> None:
    assert problems(schema, value) == [problem]


def test_the_wording_when_no_alternative_fits() -> None:
    one_of = {"oneOf": [{"required": ["b"]}, {"required": ["c"]}]}
    none = '<nil>: Invalid value: "": "a" must validate one and only one schema (oneOf). '
    assert problems(one_of, {}) == ["a.b: Required value", none + "Found none valid"]
    assert problems(one_of, {"b": 1, "c": 1}) == [none + "Found 2 valid alternatives"]
    any_of = {"anyOf": [{"required": ["b"]}, {"required": ["c"]}]}
    assert problems(any_of, {})[-1].endswith('"a" must validate at least one schema (anyOf)')
    assert problems(any_of, {"c": 1}) == []
    all_of = {"allOf": [{"required": ["b"]}, {"required": ["c"]}]}
    assert problems(all_of, {"b": 1})[-1].endswith('"a" must validate all the schemas (allOf)')


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "number"}, 5),
        ({"type": "integer"}, 5.0),
        ({"type": "object", "nullable": True}, None),
        ({"x-kubernetes-int-or-string": True}, "50%"),
        ({"pattern": r"^[a-z$]+$"}, "a$"),
        ({"type": "string", "format": "unheard-of"}, "x"),
        ({"maximum": 1}, True),
    ],
)
def test_what_is_accepted(schema: Mapping[str, Any], value: object) -> None:
    assert problems(schema, value) == []


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("duration", ["5s", "300ms", "1h30m", "0", "-1.5s", "1d", "300 millis"], ["300", "5x", ""]),
        ("date-time", ["2023-08-22T12:00:00Z", "2023-08-22T12:00:00.5+02:00"], ["2023-08-22", "x"]),
        ("date", ["2023-08-22"], ["2023-02-30", "20230822"]),
        ("byte", ["aGVsbG8="], ["hello", "!"]),
        ("ipv4", ["10.23.0.1"], ["10.23.0.256", "::1"]),
        ("ipv6", ["fd00::1"], ["10.23.0.1"]),
        ("cidr", ["10.23.0.0/24"], ["10.23.0.0", "10.23.0.0/33"]),
        ("uri", ["https://example.com/a", "/a"], ["example"]),
        ("hostname", ["faces.example.com"], ["-x", "a..b"]),
        ("email", ["a@example.com"], ["a"]),
        ("mac", ["00:00:5e:00:53:01"], ["00:00"]),
        ("uuid", ["6ba7b810-9dad-11d1-80b4-00c04fd430c8"], ["6ba7"]),
    ],
)
def test_formats(name: str, good: list[str], bad: list[str]) -> None:
    assert [text for text in good if not FORMATS[name](text)] == []
    assert [text for text in bad if FORMATS[name](text)] == []


def test_pruning_stops_where_the_schema_says_so() -> None:
    schema = {
        "properties": {
            "spec": {
                "x-kubernetes-preserve-unknown-fields": True,
                "properties": {"known": {"properties": {"a": {}}}},
            },
            "embedded": {
                "x-kubernetes-embedded-resource": True,
                "properties": {"spec": {}},
            },
            "map": {"additionalProperties": {"properties": {"a": {}}}},
        }
    }
    obj = {
        "apiVersion": "v1",
        "kind": "Tune",
        "metadata": {"name": "first"},
        "spec": {"anything": {"goes": 1}, "known": {"a": 1, "b": 2}},
        "embedded": {"apiVersion": "v1", "kind": "Pod", "metadata": {}, "status": {}},
        "map": {"x": {"a": 1, "b": 2}},
        "other": 1,
    }
    assert prune(schema, obj) == ["embedded.status", "map.x.b", "other", "spec.known.b"]
    assert obj["spec"] == {"anything": {"goes": 1}, "known": {"a": 1}}
    assert obj["embedded"] == {"apiVersion": "v1", "kind": "Pod", "metadata": {}}


def test_defaults_are_filled_in_from_outside_in() -> None:
    inner = {"properties": {"b": {"default": 2}, "c": {"default": 3, "nullable": True}}}
    schema = {
        "properties": {
            "a": {"default": {}, **inner},
            "list": {"items": inner},
            "map": {"additionalProperties": inner},
        }
    }
    obj: dict[str, Any] = {"list": [{"b": None, "c": None}], "map": {"x": {}}}
    apply_defaults(schema, obj)
    assert obj == {
        "a": {"b": 2, "c": 3},
        "list": [{"b": 2, "c": None}],
        "map": {"x": {"b": 2, "c": 3}},
    }
    obj["a"]["b"] = 9
    again: dict[str, Any] = {}
    apply_defaults(schema, again)
    assert again["a"]["b"] == 2


def test_versions_are_ordered_as_kubernetes_orders_them() -> None:
    given = ["v1alpha1", "v1beta2", "x", "v2", "v1", "v1beta10", "v11alpha2"]
    assert sorted(given, key=version_priority) == [
        "v2",
        "v1",
        "v1beta10",
        "v1beta2",
        "v11alpha2",
        "v1alpha1",
        "x",
    ]
