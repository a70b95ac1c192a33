"""What an API server refuses in the schema of a CustomResourceDefinition: it must be structural.

Rules and wording: apiextensions-apiserver 1.27, packages `validation` and `schema`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from meshpeek.rehearsal.types import schema_validation, structural
from meshpeek.rehearsal.types.scalars.patterns import PatternError, check_pattern
from meshpeek.rehearsal.types.schema_validation import INT_OR_STRING
from meshpeek.rehearsal.types.status import (
    Cause,
    duplicate_value,
    forbidden_value,
    invalid_value,
    required_value,
    unsupported_value,
)

Schema = Mapping[str, Any]

RULES = "x-kubernetes-validations"

TYPES = ("array", "boolean", "integer", "number", "object", "string")
_LIST_TYPE = "x-kubernetes-list-type"
_LIST_KEYS = "x-kubernetes-list-map-keys"
_MAP_TYPE = "x-kubernetes-map-type"
_ALTERNATIVES = ("allOf", "anyOf", "oneOf")
# What allOf, anyOf, oneOf and not may not contain, since it specifies the structure.
_SHAPING = (
    "additionalProperties",
    "default",
    "description",
    "nullable",
    "title",
    "type",
    structural.EMBEDDED,
    INT_OR_STRING,
    structural.PRESERVE,
)
_FIELDS: dict[type, tuple[str, ...]] = {
    str: ("$ref", "description", "format", "pattern", "title", "type", _LIST_TYPE, _MAP_TYPE),
    bool: (
        "exclusiveMaximum",
        "exclusiveMinimum",
        "nullable",
        "uniqueItems",
        INT_OR_STRING,
        structural.EMBEDDED,
        structural.PRESERVE,
    ),
    int: ("maxItems", "maxLength", "maxProperties", "minItems", "minLength", "minProperties"),
    float: ("maximum", "minimum", "multipleOf"),
    list: ("allOf", "anyOf", "enum", "oneOf"),
    tuple: ("required", _LIST_KEYS),
    dict: ("properties",),
}
_FORMS = {
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    list: "a list",
    tuple: "a list of strings",
    dict: "an object",
}
_NAMED = ("name", "generateName")


def check_root(schema: object, field: str) -> list[Cause]:
    """Return what is wrong with the schema of a version, which stands at `field`."""
    if schema is None:
        return [required_value(field, "schemas are required")]
    if not isinstance(schema, Mapping):
        return [invalid_value(field, schema, "must be a schema")]
    problems = list(_malformed(schema, field))
    if problems:
        return problems
    if "type" not in schema:
        return [required_value(f"{field}.type", "must not be empty at the root")]
    if schema["type"] != "object":
        return [invalid_value(f"{field}.type", schema["type"], "must be object at the root")]
    return [*_check_metadata(schema, field), *_check(schema, field)]


def has_rules(schema: object) -> bool:
    """Return whether a schema has rules in CEL anywhere, which rehearsal does not evaluate."""
    if isinstance(schema, Mapping):
        return bool(schema.get(RULES)) or any(map(has_rules, schema.values()))
    return isinstance(schema, list) and any(map(has_rules, schema))


def _malformed(schema: object, field: str) -> Iterator[Cause]:
    """Report values of another type where a schema, or a part of one, is expected."""
    if not isinstance(schema, Mapping):
        yield invalid_value(field, schema, "must be a schema")
        return
    problems = [
        invalid_value(f"{field}.{name}", schema[name], f"must be {_FORMS[form]}")
        for form, names in _FIELDS.items()
        for name in names
        if name in schema and not _has_form(schema[name], form)
    ]
    if problems:
        yield from problems
        return
    for place, child in _children(schema, field):
        yield from _malformed(child, place)


def _has_form(value: object, form: type) -> bool:
    if form is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if form is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if form is tuple:
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return isinstance(value, form)


def _children(schema: Schema, field: str) -> Iterator[tuple[str, Any]]:
    for name, child in (schema.get("properties") or {}).items():
        yield f"{field}.properties[{name}]", child
    if not isinstance(schema.get("additionalProperties"), bool | None):
        yield f"{field}.additionalProperties", schema["additionalProperties"]
    for name in ("items", "not"):
        if name in schema:
            yield f"{field}.{name}", schema[name]
    for name in _ALTERNATIVES:
        for index, child in enumerate(schema.get(name) or ()):
            yield f"{field}.{name}[{index}]", child


def _check_metadata(schema: Schema, field: str) -> Iterator[Cause]:
    metadata = (schema.get("properties") or {}).get("metadata")
    if metadata is None:
        return
    place = f"{field}.properties[metadata]"
    inside = metadata.get("properties") or {}
    other = metadata.keys() - {"type", "properties", "description"}
    if other or inside.keys() - set(_NAMED):
        detail = (
            "must not specify anything other than name and generateName, but metadata is "
            "implicitly specified"
        )
        yield forbidden_value(place, detail)


def _check(schema: Schema, field: str) -> Iterator[Cause]:
    """Check a structural schema, and all below it."""
    yield from _check_type(schema, field)
    yield from _check_values(schema, field)
    yield from _check_extensions(schema, field)
    if "default" in schema:
        yield from _check_default(schema, field)
    for place, child in _children(schema, field):
        if place.endswith(".not") or (place.endswith("]") and "Of[" in place.rpartition(".")[2]):
            yield from _check_alternative(child, place, schema)
        else:
            yield from _check(child, place)


def _check_type(schema: Schema, field: str) -> Iterator[Cause]:
    kind = schema.get("type")
    if schema.get(INT_OR_STRING):
        if kind:
            detail = f"must be empty if {INT_OR_STRING} is true"
            yield invalid_value(f"{field}.type", kind, detail)
    elif kind and kind not in TYPES:
        yield unsupported_value(f"{field}.type", kind, TYPES)
    elif not kind and not schema.get(structural.PRESERVE):
        what = "array items" if field.endswith(".items") else "object fields"
        yield required_value(f"{field}.type", f"must not be empty for specified {what}")
    if kind == "array" and "items" not in schema:
        yield required_value(f"{field}.items", "must be specified")
    if "properties" in schema and schema.get("additionalProperties") not in (None, True):
        detail = "additionalProperties and properties are mutual exclusive"
        yield forbidden_value(f"{field}.additionalProperties", detail)
    if schema.get(structural.EMBEDDED) and kind != "object":
        detail = f"must be object if {structural.EMBEDDED} is true"
        yield invalid_value(f"{field}.type", kind or "", detail)


def _check_values(schema: Schema, field: str) -> Iterator[Cause]:
    if "$ref" in schema:
        yield forbidden_value(f"{field}.$ref", "$ref is not supported")
    if schema.get("uniqueItems"):
        detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield forbidden_value(f"{field}.uniqueItems", detail)
    for name in ("definitions", "dependencies", "patternProperties"):
        if schema.get(name):
            yield forbidden_value(f"{field}.{name}", f"{name} is not supported")
    if "pattern" in schema:
        try:
            check_pattern(schema["pattern"])
        except PatternError as error:
            detail = f"must be a valid regular expression, but isn't: {error}"
            yield invalid_value(f"{field}.pattern", schema["pattern"], detail)


def _check_extensions(schema: Schema, field: str) -> Iterator[Cause]:
    if schema.get(structural.PRESERVE) is False:
        yield invalid_value(f"{field}.{structural.PRESERVE}", False, "must be true or undefined")
    kind = schema.get(_LIST_TYPE)
    if kind is not None:
        place = f"{field}.{_LIST_TYPE}"
        if schema.get("type") != "array":
            yield invalid_value(
                f"{field}.type",
                schema.get("type", ""),
                f"must be array if {_LIST_TYPE} is specified",
            )
        if kind not in ("atomic", "map", "set"):
            yield unsupported_value(place, kind, ["atomic", "set", "map"])
    if kind == "map":
        yield from _check_keys(schema, field)
    elif schema.get(_LIST_KEYS):
        yield invalid_value(
            f"{field}.{_LIST_TYPE}", kind, f"must be map if {_LIST_KEYS} is non-empty"
        )
    kind = schema.get(_MAP_TYPE)
    if kind not in (None, "atomic", "granular"):
        yield unsupported_value(f"{field}.{_MAP_TYPE}", kind, ["granular", "atomic"])


def _check_keys(schema: Schema, field: str) -> Iterator[Cause]:
    keys = schema.get(_LIST_KEYS) or []
    place = f"{field}.{_LIST_KEYS}"
    if not keys:
        yield required_value(place, f"must not be empty if {_LIST_TYPE} is map")
    items = schema.get("items") or {}
    properties = items.get("properties") or {}
    for index, key in enumerate(keys):
        if key in keys[:index]:
            yield duplicate_value(f"{place}[{index}]", key)
        if key not in properties:
            yield invalid_value(f"{place}[{index}]", key, "must reference a known item property")
        elif key not in (items.get("required") or ()) and "default" not in properties[key]:
            detail = (
                f"this property is in {_LIST_KEYS}, so it must have a default or be a required "
                "property"
            )
            yield required_value(f"{field}.items.properties[{key}].default", detail)


def _check_default(schema: Schema, field: str) -> Iterator[Cause]:
    place = f"{field}.default"
    default = deepcopy(schema["default"])
    if isinstance(default, dict) and structural.prune(schema, deepcopy(default)):
        yield invalid_value(place, default, "must not have unknown fields")
    structural.apply_defaults(schema, {"default": default})
    for cause in schema_validation.validate(schema, default):
        inside = "" if cause.field == "<nil>" else f".{cause.field}"
        yield Cause(cause.reason, place + inside, cause.message)


def _check_alternative(schema: Schema, field: str, parent: Schema) -> Iterator[Cause]:
    """Check a schema that only tests objects, and may not specify their structure."""
    for name in _SHAPING:
        if name in schema and not (name == "type" and parent.get(INT_OR_STRING)):
            yield forbidden_value(f"{field}.{name}", "must be empty to be structural")
    yield from _check_values(schema, field)
    for name in schema.get("properties") or {}:
        if name not in (parent.get("properties") or {}) and not parent.get(structural.PRESERVE):
            base = field.rpartition(".")[0]
            yield required_value(
                f"{base}.properties[{name}]",
                f"because it is defined in {field}.properties[{name}]",
            )
    for place, child in _children(schema, field):
        name = place.rpartition("[")[2].removesuffix("]")
        inside: Schema = (parent.get("properties") or {}).get(name) or parent.get("items") or {}
        whole = ".properties[" in place.removeprefix(field) or place == f"{field}.items"
        yield from _check_alternative(child, place, inside if whole else parent)
