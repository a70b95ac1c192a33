"""CustomResourceDefinitions: which are refused, which wait for a name, how they go."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rehearsal.in_memory import InMemory
from tests.rehearsal.simulated_clusters import bundled

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
TUNES = "/apis/example.com/v1/namespaces/faces/tunes"
MERGE = "application/merge-patch+json"
SCHEMA = "spec.versions[0].schema.openAPIV3Schema"

Value = Any


def definition(schema: Value = None, plural: str = "tunes", **more: Value) -> Value:
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object"} if schema is None else schema},
        **more.pop("version", {}),
    }
    return {
        "metadata": {"name": f"{plural}.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": "Tune", **more.pop("names", {})},
            "versions": [version],
            **more,
        },
    }


def with_property(schema: Value) -> Value:
    return {"type": "object", "properties": {"spec": schema}}


@pytest.fixture
def north() -> InMemory:
    return InMemory()


def condition(obj: Value, kind: str) -> tuple[str, str, str]:
    found = next(each for each in obj["status"]["conditions"] if each["type"] == kind)
    return found["status"], found["reason"], found["message"]


def test_what_is_left_out_of_a_definition_is_filled_in(north: InMemory) -> None:
    spec = north.ok("POST", DEFINITIONS, definition())["spec"]
    assert spec["conversion"] == {"strategy": "None"}
    assert spec["names"]["listKind"] == "TuneList"
    assert spec["names"]["singular"] == "tune"


SPEC = f"{SCHEMA}.properties[spec]"

REFUSED: list[tuple[Value, str]] = [
    (
        {"type": "text"},
        f'{SPEC}.type: Unsupported value: "text": supported values: "array", "boolean", '
        '"integer", "number", "object", "string"',
    ),
    ({}, f"{SPEC}.type: Required value: must not be empty for specified object fields"),
    ({"type": "array"}, f"{SPEC}.items: Required value: must be specified"),
    (
        {"type": "array", "items": {}},
        f"{SPEC}.items.type: Required value: must not be empty for specified array items",
    ),
    (
        {"type": "object", "properties": {}, "additionalProperties": {"type": "string"}},
        f"{SPEC}.additionalProperties: Forbidden: additionalProperties and properties are "
        "mutual exclusive",
    ),
    (
        {"type": "string", "x-kubernetes-int-or-string": True},
        f'{SPEC}.type: Invalid value: "string": must be empty if x-kubernetes-int-or-string '
        "is true",
    ),
    ({"type": "object", "$ref": "#/a"}, f"{SPEC}.$ref: Forbidden: $ref is not supported"),
    (
        {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        f"{SPEC}.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime "
        "complexity becomes quadratic",
    ),
    ({"type": "string", "pattern": "("}, f"{SPEC}.pattern: Invalid value"),
    (
        {"type": "object", "x-kubernetes-preserve-unknown-fields": False},
        f"{SPEC}.x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or "
        "undefined",
    ),
    (
        {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "heap"},
        f'{SPEC}.x-kubernetes-list-type: Unsupported value: "heap": supported values: "atomic", '
        '"set", "map"',
    ),
    (
        {
            "type": "array",
            "items": {"type": "object", "properties": {"name": {"type": "string"}}},
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
        },
        f"{SPEC}.items.properties[name].default: Required value: this property is in "
        "x-kubernetes-list-map-keys, so it must have a default or be a required property",
    ),
    (
        {"type": "integer", "anyOf": [{"type": "integer"}]},
        f"{SPEC}.anyOf[0].type: Forbidden: must be empty to be structural",
    ),
    (
        {"type": "object", "oneOf": [{"properties": {"a": {"minimum": 1}}}]},
        f"{SPEC}.properties[a]: Required value: because it is defined in "
        f"{SPEC}.oneOf[0].properties[a]",
    ),
    (
        {"type": "integer", "default": "five"},
        f'{SPEC}.default: Invalid value: "string"',
    ),
    (
        {"type": "object", "properties": {"a": {"type": "string", "default": "x", "enum": ["y"]}}},
        f'{SPEC}.properties[a].default: Unsupported value: "x": supported values: "y"',
    ),
    ({"type": "array", "items": {"properties": {"a": 5}}}, f"{SPEC}.items.properties[a]: Invalid"),
    (
        {"type": "array", "items": {"type": "string", "maxLength": "long"}},
        f'{SPEC}.items.maxLength: Invalid value: "long": must be an integer',
    ),
]


@pytest.mark.parametrize(("schema", "said"), REFUSED)
def test_schemas_that_are_not_structural(north: InMemory, schema: Value, said: str) -> None:
    status = north.refused(422, "POST", DEFINITIONS, definition(with_property(schema)))
    assert said in status["message"], status["message"]
    assert north.respond("GET", "/apis/example.com/v1").code == 404


ACCEPTED: list[Value] = [
    {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
    {"x-kubernetes-preserve-unknown-fields": True},
    {"type": "object", "additionalProperties": {"type": "string"}},
    {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": True},
    {"type": "object", "properties": {"a": {"type": "string"}}, "not": {"required": ["a"]}},
    {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "oneOf": [{"required": ["a"]}, {"required": ["b"], "properties": {"b": {"pattern": "x"}}}],
    },
    {"type": "string", "nullable": True, "default": None},
    {
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["port", "protocol"],
        "items": {
            "type": "object",
            "required": ["port"],
            "properties": {
                "port": {"type": "integer"},
                "protocol": {"type": "string", "default": "TCP"},
            },
        },
    },
]


@pytest.mark.parametrize("schema", ACCEPTED)
def test_schemas_as_tools_write_them(north: InMemory, schema: Value) -> None:
    north.ok("POST", DEFINITIONS, definition(with_property(schema)))


def test_other_mistakes_in_a_definition(north: InMemory) -> None:
    version = {
        "additionalPrinterColumns": [{"name": "A", "type": "text", "jsonPath": "spec.a"}],
        "subresources": {"scale": {"specReplicasPath": "spec.n", "statusReplicasPath": ""}},
    }
    said = north.refused(422, "POST", DEFINITIONS, definition(version=version))["message"]
    place = "spec.versions[0]"
    column = f"{place}.additionalPrinterColumns[0]"
    for part in (
        f'{column}.type: Invalid value: "text": must be one of boolean,date,integer,number,string',
        f'{column}.jsonPath: Invalid value: "spec.a": must be a simple json path starting with .',
        f'{place}.subresources.scale.specReplicasPath: Invalid value: "spec.n": should be a json '
        "path under .spec",
        f"{place}.subresources.scale.statusReplicasPath: Required value",
    ):
        assert part in said


def test_what_may_not_change(north: InMemory) -> None:
    north.ok("POST", DEFINITIONS, definition())
    url = f"{DEFINITIONS}/tunes.example.com"
    said = north.refused(422, "PATCH", url, {"spec": {"scope": "Cluster"}}, MERGE)["message"]
    assert 'spec.scope: Invalid value: "Cluster": field is immutable' in said
    renamed = deepcopy(definition()["spec"]["versions"])
    renamed[0]["name"] = "v2"
    said = north.refused(422, "PATCH", url, {"spec": {"versions": renamed}}, MERGE)["message"]
    assert 'status.storedVersions[0]: Invalid value: "v1": must appear in spec.versions' in said


def test_rules_in_cel_with_absent_functions_are_announced(north: InMemory) -> None:
    rules = [{"rule": "self.a.nothing()"}]
    schema = with_property({"type": "object", "x-kubernetes-validations": rules})
    response = north.respond("POST", DEFINITIONS, definition(schema))
    assert response.code == 201
    assert "CEL functions nothing are not evaluated" in response.headers["Warning"]


def test_a_name_that_is_taken_has_to_wait(north: InMemory) -> None:
    north.ok("POST", DEFINITIONS, definition())
    north.ok("POST", DEFINITIONS, definition(plural="songs", names={"singular": "song"}))
    waiting = north.ok("GET", f"{DEFINITIONS}/songs.example.com")
    taken = ("False", "ListKindConflict", '"TuneList" is already in use')
    assert condition(waiting, "NamesAccepted") == taken
    assert condition(waiting, "Established")[:2] == ("False", "NotAccepted")
    assert north.respond("GET", "/apis/example.com/v1/songs").code == 404
    north.ok("DELETE", f"{DEFINITIONS}/tunes.example.com")
    now = north.ok("GET", f"{DEFINITIONS}/songs.example.com")
    assert condition(now, "Established")[0] == "True"
    assert north.ok("GET", "/apis/example.com/v1/songs")["kind"] == "TuneList"


def test_a_definition_waits_for_its_objects(north: InMemory) -> None:
    north.ok("POST", DEFINITIONS, definition())
    north.ok("POST", TUNES, {"metadata": {"name": "free"}})
    north.ok("POST", TUNES, {"metadata": {"name": "held", "finalizers": ["example.com/hold"]}})
    going = north.ok("DELETE", f"{DEFINITIONS}/tunes.example.com")
    assert going["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    assert north.respond("GET", f"{TUNES}/free").code == 404
    said = north.refused(405, "POST", TUNES, {"metadata": {"name": "late"}})["message"]
    assert said == "create not allowed while custom resource definition is terminating"
    north.ok("PATCH", f"{TUNES}/held", {"metadata": {"finalizers": None}}, MERGE)
    assert north.respond("GET", f"{DEFINITIONS}/tunes.example.com").code == 404
    said = north.refused(404, "GET", TUNES)["message"]
    assert said == "the server could not find the requested resource (get tunes.example.com)"


def test_a_deprecated_version_warns_whoever_reads_it(north: InMemory) -> None:
    north.ok("POST", DEFINITIONS, definition(version={"deprecated": True}))
    response = north.respond("POST", TUNES, {"metadata": {"name": "a"}})
    warning = '299 - "example.com/v1 Tune is deprecated"'
    assert response.headers["Warning"] == warning
    assert north.respond("GET", f"{TUNES}/a").headers["Warning"] == warning


def test_the_definitions_that_ship_are_structural(north: InMemory) -> None:
    for shipped in bundled().values():
        north.ok("POST", DEFINITIONS, shipped)


KEYWORDS = [
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "default",
    "enum",
    "items",
    "metadata",
    "minimum",
    "not",
    "pattern",
    "properties",
    "required",
    "type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-preserve-unknown-fields",
]
schemas = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(["object", "array", "map", "x", "", "("]),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(st.sampled_from(KEYWORDS), inside, max_size=4)
    ),
    max_leaves=15,
)


@given(schemas)
def test_no_schema_breaks_anything(schema: Value) -> None:
    north = InMemory()
    code, _ = north.call("POST", DEFINITIONS, definition(with_property(schema)))
    assert code in (201, 400, 422)
    if code == 201:
        code, _ = north.call("POST", TUNES, {"metadata": {"name": "x"}, "spec": schema})
        assert code in (201, 400, 422)
        north.ok("DELETE", f"{DEFINITIONS}/tunes.example.com")
