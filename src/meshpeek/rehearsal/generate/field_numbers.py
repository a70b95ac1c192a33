"""The protobuf messages of the kinds that rehearsal clusters serve, from the program kubectl.

The program holds each generated.proto of Kubernetes as a FileDescriptorProto, compressed by gzip.
Numbers: protobuf's descriptor.proto. The names of fields there are not always those of the JSON,
which are in the OpenAPI definitions.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from meshpeek.rehearsal.api.protobuf import Fields, wire_fields
from meshpeek.rehearsal.generate.openapi_types import Definitions

# What Go's compress/gzip begins with at its best compression.
_GZIP = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
_LARGEST = 1 << 20

_FILE_PACKAGE, _FILE_MESSAGE = 2, 4
_MESSAGE_NAME, _MESSAGE_FIELD, _MESSAGE_NESTED = 1, 2, 3
_FIELD_NAME, _FIELD_NUMBER, _FIELD_LABEL, _FIELD_TYPE, _FIELD_TYPE_NAME = 1, 3, 4, 5, 6
_REPEATED = 3
_SCALARS = {1: "double", 3: "int", 5: "int", 8: "bool", 9: "string", 12: "bytes"}

_MACHINERY = "k8s.io.apimachinery.pkg."
_SPECIAL = {
    _MACHINERY + "api.resource.Quantity": "quantity",
    _MACHINERY + "apis.meta.v1.FieldsV1": "json",
    _MACHINERY + "apis.meta.v1.MicroTime": "microtime",
    _MACHINERY + "apis.meta.v1.Time": "time",
    _MACHINERY + "runtime.RawExtension": "json",
    _MACHINERY + "util.intstr.IntOrString": "int-or-string",
}
# What clients send beside the objects of kinds.
_NOT_STORED = (
    _MACHINERY + "apis.meta.v1.DeleteOptions",
    "k8s.io.api.authentication.v1.TokenRequest",
    "k8s.io.api.autoscaling.v1.Scale",
    "k8s.io.api.policy.v1.Eviction",
)
# A kind's message lacks these: they are in the envelope around it.
_TYPE_META = {"apiVersion", "kind"}


class _Field(NamedTuple):
    """A field of a message.

    `prefix` is `[]` where it is repeated, `{}` for a map; `type` is the name of a scalar, of a type
    that `api.protobuf` reads by itself, or the full name of a message.
    """

    name: str
    number: int
    prefix: str
    type: str


_Messages = dict[str, list[_Field]]


def protobuf_fields(
    definitions: Definitions, served: Iterable[str], kubectl: bytes
) -> dict[str, Fields]:
    """Return the messages of the `served` types and those in them, as `api.protobuf` reads them.

    Raises ValueError where a message is missing, or has other fields than its definition.
    """
    messages = dict(_messages(kubectl))
    # kubectl has no protobuf for CustomResourceDefinitions and APIServices, and sends JSON.
    sent = [name for name in served if name.startswith("io.k8s.api.")]
    waiting = [*_NOT_STORED, *(name.replace("io.k8s", "k8s.io") for name in sent)]
    found: dict[str, Fields] = {}
    while waiting:
        name = waiting.pop()
        if name not in messages:
            raise ValueError(f"kubectl has no message {name}")
        if _short(name) not in found:
            fields = _named_as_in_json(name, messages, definitions)
            waiting += (field.type for field in fields if field.type in messages)
            found[_short(name)] = {
                str(field.number): [field.name, field.prefix + _short(field.type)]
                for field in fields
            }
    return dict(sorted(found.items()))


def _named_as_in_json(name: str, messages: _Messages, definitions: Definitions) -> list[_Field]:
    """Return a message's fields with the names of the JSON, empty for embedded structs.

    go-to-protobuf writes some names with other capital letters.
    """
    definition = definitions.get(name.replace("k8s.io", "io.k8s"))
    if definition is None:
        return messages[name]
    properties = definition.get("properties", {})
    known = {each.lower(): each for each in properties}
    fields = [
        field._replace(
            name=known.get(field.name.lower(), "" if field.type in messages else field.name)
        )
        for field in messages[name]
    ]
    differing = (properties.keys() ^ set(_names(fields, messages))) - _TYPE_META
    if differing:
        raise ValueError(f"{name}: only one source has {', '.join(sorted(differing))}")
    return fields


def _names(fields: Iterable[_Field], messages: _Messages) -> Iterator[str]:
    for field in fields:
        if field.name:
            yield field.name
        else:
            yield from _names(messages[field.type], messages)


def _messages(program: bytes) -> Iterator[tuple[str, list[_Field]]]:
    """Yield the messages of Kubernetes' packages, by full name."""
    start = program.find(_GZIP)
    while start >= 0:
        try:
            inflating = zlib.decompressobj(zlib.MAX_WBITS | 16)
            file = list(wire_fields(inflating.decompress(program[start : start + _LARGEST])))
        except (zlib.error, ValueError, IndexError):
            file = []
        package = next((value for number, value in file if number == _FILE_PACKAGE), b"")
        if package.startswith(b"k8s.io."):
            for number, value in file:
                if number == _FILE_MESSAGE:
                    yield _message(package.decode(), value)
        start = program.find(_GZIP, start + 1)


def _message(package: str, descriptor: bytes) -> tuple[str, list[_Field]]:
    parts = list(wire_fields(descriptor))
    name = next(value.decode() for number, value in parts if number == _MESSAGE_NAME)
    # Only maps have nested messages: one for their entries, with a key and a value.
    entries = dict(
        _message(f"{package}.{name}", value) for number, value in parts if number == _MESSAGE_NESTED
    )
    fields = [_field(value, entries) for number, value in parts if number == _MESSAGE_FIELD]
    return f"{package}.{name}", sorted(fields, key=lambda field: field.number)


def _field(descriptor: bytes, entries: _Messages) -> _Field:
    parts = dict(wire_fields(descriptor))
    message = parts.get(_FIELD_TYPE_NAME, b"").decode().removeprefix(".")
    kind = _SPECIAL.get(message) or message or _SCALARS[parts[_FIELD_TYPE]]
    prefix = "[]" if parts[_FIELD_LABEL] == _REPEATED else ""
    if message in entries:
        _, value = entries[message]
        prefix, kind = "{}", value.type
    return _Field(parts[_FIELD_NAME].decode(), parts[_FIELD_NUMBER], prefix, kind)


def _short(name: str) -> str:
    """Return a type's name as `protobuf_fields.json` has it: `core.v1.PodSpec`."""
    return ".".join(name.split(".")[-3:])
