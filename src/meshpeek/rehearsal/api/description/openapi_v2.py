"""The OpenAPI v2 document, in the protobuf encoding that kubectl asks for.

kubectl up to 1.24 checks manifests and explains kinds by it, and asks it whether a kind can be
written with `--dry-run=server`. Field numbers: the messages of gnostic's OpenAPIv2.proto. What v2
cannot say is left out the way apiextensions-apiserver 1.27 leaves it out of custom kinds.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from meshpeek.rehearsal.types.builtin_types import REFERENCE
from meshpeek.rehearsal.types.structural import PRESERVE

DEFINITION = "#/definitions/"

_INT_OR_STRING = "x-kubernetes-int-or-string"
_LEFT_OUT = ("allOf", "anyOf", "not", "nullable", "oneOf", "default")

# Where the fields of a Schema message are, by the kind of their encoding.
_TEXTS = {"$ref": 1, "format": 2, "title": 3, "description": 4, "pattern": 13}
_DOUBLES = {"multipleOf": 6, "maximum": 7, "minimum": 9}
_VARINTS = {
    "exclusiveMaximum": 8,
    "exclusiveMinimum": 10,
    "maxLength": 11,
    "minLength": 12,
    "maxItems": 14,
    "minItems": 15,
    "uniqueItems": 16,
    "maxProperties": 17,
    "minProperties": 18,
}
_REQUIRED, _ENUM, _ADDITIONAL, _TYPE, _ITEMS, _PROPERTIES, _EXTENSION = 19, 20, 21, 22, 23, 25, 31

_HTTP_METHODS = {"get": 2, "put": 3, "post": 4, "delete": 5, "patch": 8}

Schema = Mapping[str, Any]


def definition(schema: Schema) -> dict[str, Any]:
    """Return an OpenAPI v3 schema as v2 has it."""
    if "allOf" in schema and "$ref" in schema["allOf"][0]:
        schema = {**schema, "$ref": schema["allOf"][0]["$ref"]}
    if "$ref" in schema:
        return {"$ref": schema["$ref"].replace(REFERENCE, DEFINITION)}
    result = {name: value for name, value in schema.items() if name not in _LEFT_OUT}
    if schema.get("nullable") or schema.get(_INT_OR_STRING) or schema.get(PRESERVE):
        for name in ("type", "items", "properties", "additionalProperties", "required"):
            result.pop(name, None)
    if "properties" in result:
        result["properties"] = {
            name: definition(child) for name, child in result["properties"].items()
        }
    for name in ("items", "additionalProperties"):
        if isinstance(result.get(name), Mapping):
            result[name] = definition(result[name])
    return result


def document(schemas: Mapping[str, Schema], paths: Mapping[str, Any], info: Schema) -> bytes:
    """Return a Document message with the given schemas (of v3, by name) and paths."""
    definitions = b"".join(
        _message(1, _named(name, _schema(definition(schema))))
        for name, schema in sorted(schemas.items())
    )
    operations = b"".join(
        _message(2, _named(path, _path_item(item))) for path, item in sorted(paths.items())
    )
    about = _text(1, info["title"]) + _text(2, info["version"])
    return _text(1, "2.0") + _message(2, about) + _message(8, operations) + _message(9, definitions)


def _schema(schema: Schema) -> bytes:
    parts = [_text(number, schema[name]) for name, number in _TEXTS.items() if name in schema]
    parts += [_double(number, schema[name]) for name, number in _DOUBLES.items() if name in schema]
    parts += [_number(number, schema[name]) for name, number in _VARINTS.items() if name in schema]
    parts += [_text(_REQUIRED, name) for name in schema.get("required", ())]
    parts += [_message(_ENUM, _any(value)) for value in schema.get("enum", ())]
    additional = schema.get("additionalProperties")
    if isinstance(additional, Mapping):
        parts.append(_message(_ADDITIONAL, _message(1, _schema(additional))))
    elif additional is not None:
        parts.append(_message(_ADDITIONAL, _number(2, additional)))
    if "type" in schema:
        parts.append(_message(_TYPE, _text(1, schema["type"])))
    if "items" in schema:
        parts.append(_message(_ITEMS, _message(1, _schema(schema["items"]))))
    if "properties" in schema:
        properties = b"".join(
            _message(1, _named(name, _schema(child)))
            for name, child in sorted(schema["properties"].items())
        )
        parts.append(_message(_PROPERTIES, properties))
    parts += _extensions(_EXTENSION, schema)
    return b"".join(parts)


def _path_item(item: Mapping[str, Any]) -> bytes:
    return b"".join(
        _message(_HTTP_METHODS[method], _operation(operation)) for method, operation in item.items()
    )


def _operation(operation: Mapping[str, Any]) -> bytes:
    parts = [_message(8, _query_parameter(each["name"])) for each in operation["parameters"]]
    return b"".join([*parts, *_extensions(13, operation)])


def _query_parameter(name: str) -> bytes:
    parameter = _text(2, "query") + _text(4, name) + _text(6, "string")
    # ParametersItem, Parameter and NonBodyParameter each choose one of several kinds.
    return _message(1, _message(2, _message(3, parameter)))


def _extensions(number: int, holder: Schema) -> Iterator[bytes]:
    for name in sorted(holder):
        if name.startswith("x-"):
            yield _message(number, _named(name, _any(holder[name])))


def _any(value: object) -> bytes:
    return _text(2, json.dumps(value) + "\n")


def _named(name: str, message: bytes) -> bytes:
    return _text(1, name) + _message(2, message)


def _text(number: int, value: str) -> bytes:
    return _message(number, value.encode())


def _message(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(int(value))


def _double(number: int, value: float) -> bytes:
    return _varint(number << 3 | 1) + struct.pack("<d", value)


def _varint(value: int) -> bytes:
    digits: list[int] = []
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])
