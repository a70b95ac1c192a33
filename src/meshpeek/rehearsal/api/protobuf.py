r"""Objects in Kubernetes' protobuf encoding, which `kubectl create` sends from 1.32 on.

A body is the four bytes `k8s\0`, then a runtime.Unknown: the type, and the object's own message.
`protobuf_fields.json` has the fields of each message by number, `[name, type]`: `[]` before a type
means repeated, `{}` a map, and an empty name that the fields below belong to the parent. The
numbers are those of the generated.proto files of Kubernetes 1.27; `meshpeek.rehearsal.generate`
makes the file.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from meshpeek.rehearsal.types.status import ApiError, bad_request

MAGIC = b"k8s\x00"

# Go writes plain fields even when they are not set. These are pointers, so a zero was meant.
_ZERO_COUNTS = frozenset(
    (
        "activeDeadlineSeconds",
        "allowPrivilegeEscalation",
        "automountServiceAccountToken",
        "backoffLimit",
        "completions",
        "enableServiceLinks",
        "failedJobsHistoryLimit",
        "fsGroup",
        "gracePeriodSeconds",
        "immutable",
        "ingressClassName",
        "optional",
        "parallelism",
        "privileged",
        "readOnlyRootFilesystem",
        "replicas",
        "revisionHistoryLimit",
        "runAsGroup",
        "runAsNonRoot",
        "runAsUser",
        "storageClassName",
        "successfulJobsHistoryLimit",
        "suspend",
        "terminationGracePeriodSeconds",
        "ttlSecondsAfterFinished",
        "value",
    )
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

Fields = dict[str, list[str]]


def decode_protobuf(body: bytes) -> dict[str, Any]:
    """Return the object in a body; raises ApiError 400 where it cannot be read."""
    if not body.startswith(MAGIC):
        raise _unreadable("provided data does not appear to be a protobuf message")
    try:
        return _decode_unknown(body[len(MAGIC) :])
    except (
        IndexError,
        ValueError,
        TypeError,
        KeyError,
        struct.error,
        OverflowError,
        AttributeError,
    ) as error:
        raise _unreadable(str(error)) from None


def _decode_unknown(data: bytes) -> dict[str, Any]:
    parts = dict(wire_fields(data))
    type_meta = dict(wire_fields(parts.get(1, b"")))
    api_version = type_meta.get(1, b"").decode()
    kind = type_meta.get(2, b"").decode()
    group, _, version = api_version.rpartition("/")
    package = "meta" if kind == "DeleteOptions" else group.split(".")[0] or "core"
    name = f"{package}.{'v1' if package == 'meta' else version}.{kind}"
    if name not in _messages():
        raise _unreadable(f"no kind {json.dumps(kind)} is registered for {json.dumps(api_version)}")
    return {"apiVersion": api_version, "kind": kind, **_decode_message(name, parts.get(2, b""))}


@cache
def _messages() -> dict[str, Fields]:
    text = Path(__file__).with_name("protobuf_fields.json").read_bytes()
    messages: dict[str, Fields] = json.loads(text)
    return messages


def wire_fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Yield a message's fields: their number, and an int or the bytes of their value."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        wire_type = tag & 7
        value: int | bytes
        if wire_type == _VARINT:
            value, position = _varint(data, position)
        else:
            if wire_type == _BYTES:
                length, position = _varint(data, position)
            elif wire_type in (_FIXED64, _FIXED32):
                length = 8 if wire_type == _FIXED64 else 4
            else:
                raise ValueError(f"unknown wire type {wire_type}")
            if position + length > len(data):
                raise ValueError("unexpected EOF")
            value = data[position : position + length]
            position += length
        yield tag >> 3, value


def _varint(data: bytes, position: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number & (1 << 64) - 1, position
        shift += 7
        if shift > 63:
            raise ValueError("varint overflow")


def _decode_message(name: str, data: bytes) -> dict[str, Any]:
    described = _messages()[name]
    result: dict[str, Any] = {}
    for number, raw in wire_fields(data):
        if str(number) not in described:
            continue
        field, kind = described[str(number)]
        if kind.startswith("[]"):
            result.setdefault(field, []).append(_decode_value(kind[2:], raw))
        elif kind.startswith("{}"):
            entry = dict(wire_fields(raw))
            key = entry.get(1, b"").decode()
            result.setdefault(field, {})[key] = _decode_value(kind[2:], entry.get(2, b""))
        elif not field:
            result |= _decode_message(kind, raw)
        else:
            value = _decode_value(kind, raw)
            if value is not None and (value not in ("", 0) or field in _ZERO_COUNTS):
                result[field] = value
    return result


def _decode_value(kind: str, raw: Any) -> Any:  # noqa: ANN401 - one line a type
    match kind:
        case "string":
            return raw.decode()
        case "bool":
            return bool(raw)
        case "int":
            return _signed(raw)
        case "double":
            return struct.unpack("<d", raw)[0]
        case "bytes":
            return base64.b64encode(raw).decode()
        case "time" | "microtime":
            return _decode_time(kind, dict(wire_fields(raw)))
        case "quantity":
            return dict(wire_fields(raw)).get(1, b"").decode()
        case "int-or-string":
            parts = dict(wire_fields(raw))
            return parts.get(3, b"").decode() if parts.get(1) else parts.get(2, 0)
        case "json":
            return json.loads(dict(wire_fields(raw)).get(1) or b"null")
    return _decode_message(kind, raw)


def _signed(number: int) -> int:
    return number - (1 << 64) if number >= 1 << 63 else number


def _decode_time(kind: str, parts: dict[int, int]) -> str | None:
    if not parts.get(1):
        return None
    moment = _EPOCH + timedelta(seconds=_signed(parts[1]))
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{parts.get(2, 0) // 1000:06}Z" if kind == "microtime" else f"{text}Z"


def _unreadable(detail: str) -> ApiError:
    return bad_request(f"the object provided is unrecognized: {detail}")
