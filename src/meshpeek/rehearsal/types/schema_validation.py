"""Checks an object against the OpenAPI schema of its CRD, in the API server's own words.

Order and wording: kube-openapi's `validation` packages, turned into field errors as
apiextensions-apiserver 1.27 does (`ValidateCustomResource`, `listtype`). The rules in CEL come
after that (`admission.cel`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from meshpeek.rehearsal.types.scalars.formats import FORMATS
from meshpeek.rehearsal.types.scalars.patterns import PatternError, matches
from meshpeek.rehearsal.types.status import (
    Cause,
    duplicate_value,
    invalid_value,
    required_value,
    too_long_text,
    too_many,
    type_invalid,
    unsupported_value,
)
from meshpeek.rehearsal.types.structural import Schema

INT_OR_STRING = "x-kubernetes-int-or-string"

_INTEGER_RANGES = {"int32": 2**31, "int64": 2**63}


def validate(schema: Schema, obj: object) -> list[Cause]:
    """Return what is wrong with an object, in the order of its schema; empty if nothing is."""
    return list(_check(schema, obj, ""))


def _check(schema: Schema, value: object, path: str) -> Iterator[Cause]:
    if value is None and schema.get("nullable"):
        return
    yield from _check_type(schema, value, path)
    yield from _check_alternatives(schema, value, path)
    if isinstance(value, str):
        yield from _check_text(schema, value, path)
    elif isinstance(value, bool):
        pass
    elif isinstance(value, int | float):
        yield from _check_range(schema, value, path)
        yield from _check_number(schema, value, path)
    elif isinstance(value, list):
        yield from _check_list(schema, value, path)
    if "enum" in schema and not any(_same(value, allowed) for allowed in schema["enum"]):
        names = [each if isinstance(each, str) else json.dumps(each) for each in schema["enum"]]
        yield unsupported_value(_shown(path), value, names)
    if isinstance(value, dict):
        yield from _check_object(schema, value, path)


def _check_type(schema: Schema, value: object, path: str) -> Iterator[Cause]:
    actual = _type_of(value)
    if schema.get(INT_OR_STRING):
        if actual not in ("integer", "string"):
            yield _wrong_type(path, "integer,string", actual)
        return
    wanted = schema.get("type")
    if wanted and actual != wanted and not (wanted == "number" and actual == "integer"):
        yield _wrong_type(path, wanted, actual)


def _check_text(schema: Schema, value: str, path: str) -> Iterator[Cause]:
    if "maxLength" in schema and len(value) > schema["maxLength"]:
        yield too_long_text(_shown(path), schema["maxLength"])
    if "minLength" in schema and len(value) < schema["minLength"]:
        yield _wrong(path, value, f"should be at least {schema['minLength']} chars long")
    if "pattern" in schema:
        try:
            is_match = matches(schema["pattern"], value)
        except PatternError:
            is_match = False
        if not is_match:
            yield _wrong(path, value, f"should match '{schema['pattern']}'")
    known = FORMATS.get(schema.get("format", ""))
    if known and not known(value):
        yield _wrong_type(path, schema["format"], value)


def _check_number(schema: Schema, value: float, path: str) -> Iterator[Cause]:
    if "maximum" in schema:
        exclusive = schema.get("exclusiveMaximum")
        if value > schema["maximum"] or (exclusive and value == schema["maximum"]):
            relation = "less than" if exclusive else "less than or equal to"
            yield _wrong(path, value, f"should be {relation} {schema['maximum']}")
    if "minimum" in schema:
        exclusive = schema.get("exclusiveMinimum")
        if value < schema["minimum"] or (exclusive and value == schema["minimum"]):
            relation = "greater than" if exclusive else "greater than or equal to"
            yield _wrong(path, value, f"should be {relation} {schema['minimum']}")
    if schema.get("multipleOf") and value % schema["multipleOf"]:
        yield _wrong(path, value, f"should be a multiple of {schema['multipleOf']}")


def _check_range(schema: Schema, value: float, path: str) -> Iterator[Cause]:
    if schema.get("type") != "integer":
        return
    form = schema.get("format", "")
    bound = _INTEGER_RANGES.get(form, 2**63)
    if value != int(value) or not -bound <= value < bound:
        which = f"with format {form}" if form else "(default format)"
        yield _composite(f"Checked value must be of type integer {which} in {path}")


def _check_list(schema: Schema, value: list[Any], path: str) -> Iterator[Cause]:
    if "minItems" in schema and len(value) < schema["minItems"]:
        yield _wrong(path, len(value), f"should have at least {schema['minItems']} items")
    if "maxItems" in schema and len(value) > schema["maxItems"]:
        yield too_many(_shown(path), len(value), schema["maxItems"])
    items = schema.get("items") or {}
    for index, item in enumerate(value):
        yield from _check(items, item, f"{path}[{index}]")
    yield from _check_duplicates(schema, value, path)


def _check_duplicates(schema: Schema, value: list[Any], path: str) -> Iterator[Cause]:
    kind = schema.get("x-kubernetes-list-type")
    if kind not in ("set", "map"):
        return
    names = schema.get("x-kubernetes-list-map-keys") or ()
    seen = set()
    for index, item in enumerate(value):
        identity = item
        if kind == "map":
            if not isinstance(item, Mapping):
                continue
            identity = {name: item[name] for name in names if name in item}
        text = json.dumps(identity, sort_keys=True)
        if text in seen:
            yield duplicate_value(f"{path}[{index}]", identity)
        seen.add(text)


def _check_object(schema: Schema, value: Mapping[str, Any], path: str) -> Iterator[Cause]:
    if "maxProperties" in schema and len(value) > schema["maxProperties"]:
        yield too_many(_shown(path), len(value), schema["maxProperties"])
    if "minProperties" in schema and len(value) < schema["minProperties"]:
        yield _wrong(path, len(value), f"should have at least {schema['minProperties']} properties")
    for name in schema.get("required") or ():
        if name not in value:
            yield required_value(_child(path, name))
    properties = schema.get("properties") or {}
    for name, child in properties.items():
        if name in value:
            yield from _check(child, value[name], _child(path, name))
    additional = schema.get("additionalProperties")
    if isinstance(additional, Mapping):
        for name in sorted(value.keys() - properties.keys()):
            yield from _check(additional, value[name], _child(path, name))


def _check_alternatives(schema: Schema, value: object, path: str) -> Iterator[Cause]:
    name = json.dumps(path or "")
    if schema.get("anyOf"):
        found = [list(_check(each, value, path)) for each in schema["anyOf"]]
        if all(found):
            yield from min(found, key=len)
            yield _composite(f"{name} must validate at least one schema (anyOf)")
    if schema.get("oneOf"):
        found = [list(_check(each, value, path)) for each in schema["oneOf"]]
        matching = sum(not causes for causes in found)
        if matching != 1:
            counted = f"Found {matching} valid alternatives" if matching else "Found none valid"
            if not matching:
                yield from min(found, key=len)
            yield _composite(f"{name} must validate one and only one schema (oneOf). {counted}")
    if schema.get("allOf"):
        causes = [cause for each in schema["allOf"] for cause in _check(each, value, path)]
        if causes:
            yield from causes
            yield _composite(f"{name} must validate all the schemas (allOf)")
    if "not" in schema and not list(_check(schema["not"], value, path)):
        yield _composite(f"{name} must not validate the schema (not)")


def _composite(detail: str) -> Cause:
    # The API server loses the path of these errors, and prints Go's nil.
    return invalid_value("<nil>", "", detail)


def _wrong(path: str, value: object, detail: str) -> Cause:
    return invalid_value(_shown(path), value, f"{path} in body {detail}")


def _wrong_type(path: str, wanted: str, actual: str) -> Cause:
    detail = f"{path} in body must be of type {wanted}: {json.dumps(actual, ensure_ascii=False)}"
    return type_invalid(_shown(path), actual, detail)


def _shown(path: str) -> str:
    return path or "<nil>"


def _child(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _type_of(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "integer" if value.is_integer() else "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _same(one: object, other: object) -> bool:
    return one == other and isinstance(one, bool) is isinstance(other, bool)
