"""Built-in objects as Go's decoder leaves them: typed, without unknown fields and nulls.

Wording: Go's encoding/json, as kube-apiserver 1.27 wraps it.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from meshpeek.rehearsal.types.builtin_types import (
    INT_OR_STRING,
    OBJECT_META,
    QUANTITY,
    TIMES,
    Type,
    all_types,
    referenced,
    resolved,
    type_name,
)
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.resources import Resource
from meshpeek.rehearsal.types.scalars import quantities
from meshpeek.rehearsal.types.scalars.formats import FORMATS
from meshpeek.rehearsal.types.status import ApiError, NotDecodableError, quoted

_SCALARS: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "string": (str,),
    "boolean": (bool,),
    "number": (int, float),
}


_GO_KINDS: dict[type, str] = {
    bool: "bool",
    float: "float64",
    int: "int64",
    list: "slice",
    str: "string",
}


class _MismatchError(Exception):
    """A value that does not fit its type; the texts are those of Go's decoder and converter."""

    def __init__(self, problem: str, conversion: str = "") -> None:
        super().__init__(problem)
        self.conversion = conversion


def decode_builtin(resource: Resource, version: str, obj: Object) -> list[str]:
    """Decode `obj`, in place, to its kind's types, and return the paths of unknown fields.

    Unknown fields and nulls are dropped. Raises ApiError 400 for a value of another type.
    """
    name = type_name(resource)
    unknown: list[str] = []
    try:
        _decode_object(all_types()[name], name, obj, "", "", unknown)
    except _MismatchError as mismatch:
        raise _refused(resource, version, mismatch) from None
    return unknown


def decode_metadata(resource: Resource, version: str, obj: Object) -> list[str]:
    """Decode the metadata of a custom object, in place, as `decode_builtin` does."""
    unknown: list[str] = []
    try:
        for name in ("apiVersion", "kind"):
            _check_scalar({"type": "string"}, "string", obj.get(name, ""), "TypeMeta", name)
        _decode_object(
            all_types()[OBJECT_META], OBJECT_META, obj["metadata"], "metadata", "metadata", unknown
        )
    except _MismatchError as mismatch:
        raise _refused(resource, version, mismatch) from None
    return unknown


def _refused(resource: Resource, version: str, mismatch: _MismatchError) -> ApiError:
    return NotDecodableError(resource.kind, version, str(mismatch), mismatch.conversion)


def _decode_object(
    kind: Type, struct: str, value: dict[str, Any], path: str, place: str, unknown: list[str]
) -> None:
    properties = kind.get("properties", {})
    for name in list(value):
        child = f"{path}.{name}" if path else name
        field = properties.get(name)
        if field is None:
            del value[name]
            unknown.append(child)
        elif value[name] is None:
            del value[name]
        else:
            where = f"{place}.{name}" if place else name
            struct_name = struct.rpartition(".")[2]
            value[name] = _decoded(field, value[name], struct_name, child, where, unknown)


def _decoded(
    field: Type,
    value: Any,  # noqa: ANN401
    struct: str,
    path: str,
    place: str,
    unknown: list[str],
) -> Any:  # noqa: ANN401
    """Return a value as it is kept; `struct` and `place` name it as Go does, `path` as Kubernetes.

    Objects and lists are decoded in place.
    """
    name = referenced(field)
    if name == QUANTITY:
        return _quantity(value, quantities.NANO)
    if name == INT_OR_STRING:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise _unfit(value, struct, place, "int32")
        return value
    if name in TIMES:
        if not isinstance(value, str) or not FORMATS["date-time"](value):
            raise _MismatchError(f"parsing time {quoted(str(value))}: not in the form of RFC 3339")
        return value
    kind = resolved(field)
    match kind.get("type"):
        case "object" if not isinstance(value, dict):
            raise _unfit(value, struct, place, _go_type(field))
        case "object" if "properties" in kind:
            _decode_object(kind, name or struct, value, path, place, unknown)
        case "object" if "additionalProperties" in kind:
            _decode_map(kind["additionalProperties"], value, struct, path, place, unknown)
        case "array":
            if not isinstance(value, list):
                raise _unfit(value, struct, place, _go_type(field))
            for index, item in enumerate(value):
                value[index] = (
                    _zero(kind["items"])
                    if item is None
                    else _decoded(kind["items"], item, struct, f"{path}[{index}]", place, unknown)
                )
        case "integer" | "string" | "boolean" | "number" as scalar:
            _check_scalar(kind, scalar, value, struct, place)
    return value


def _decode_map(
    item: Type, value: dict[str, Any], struct: str, path: str, place: str, unknown: list[str]
) -> None:
    for key in list(value):
        if value[key] is None:
            value[key] = _zero(item)
        elif referenced(item) == QUANTITY:
            # A ResourceList: its defaulting rounds up.
            value[key] = _quantity(value[key], quantities.MILLI)
        else:
            value[key] = _decoded(item, value[key], struct, f"{path}.{key}", place, unknown)


def _zero(field: Type) -> Any:  # noqa: ANN401
    """Return Go's zero value, which takes the place of a null in a list or map."""
    if referenced(field) in (QUANTITY, INT_OR_STRING):
        return "0"
    zeros: dict[str, Any] = {"string": "", "boolean": False, "integer": 0, "number": 0, "array": []}
    return zeros.get(resolved(field).get("type", ""), {})


def _check_scalar(
    kind: Type,
    scalar: str,
    value: Any,  # noqa: ANN401
    struct: str,
    place: str,
) -> None:
    fits = isinstance(value, _SCALARS[scalar])
    if isinstance(value, bool) and scalar != "boolean":
        fits = False
    if not fits:
        raise _unfit(value, struct, place, _go_type(kind))
    if scalar == "integer":
        bits = 31 if kind.get("format") == "int32" else 63
        if not -(1 << bits) <= value < 1 << bits:
            raise _unfit(value, struct, place, _go_type(kind))
    if kind.get("format") == "byte":
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            problem = f"illegal base64 data at input byte {base64_problem(value)}"
            raise _MismatchError(problem, f"error decoding from json: {problem}") from None


def base64_problem(text: str, extra: str = "+/") -> int:
    """Return the place at which Go's decoder gives up a text that is not base64."""
    digits = re.match(rf"[A-Za-z0-9{re.escape(extra)}\r\n]*", text)
    end = digits.end() if digits else 0
    return end if end < len(text) and text[end] != "=" else max(end - end % 4, len(text) - 1)


def _quantity(value: object, smallest: int) -> str:
    kept = quantities.canonical(value, smallest)
    if kept is None:
        raise _MismatchError(
            "quantities must match the regular expression "
            "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        )
    return kept


def _unfit(value: object, struct: str, place: str, wanted: str) -> _MismatchError:
    return _MismatchError(
        f"json: cannot unmarshal {_json_kind(value, wanted)} into Go struct field "
        f"{struct}.{place} of type {wanted}",
        _conversion_problem(value, wanted),
    )


def _conversion_problem(value: object, wanted: str) -> str:
    found = _GO_KINDS.get(type(value), "map")
    if wanted.startswith("[]"):
        return f"cannot restore slice from {found}"
    if wanted.startswith("map["):
        return f"cannot restore map from {found}"
    if "." in wanted:
        return f"cannot restore struct from: {found}"
    return f"unrecognized type: {wanted}"


def _json_kind(value: object, wanted: str) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case int() | float():
            return f"number {value}" if wanted.startswith("int") else "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _go_type(field: Type) -> str:
    name = referenced(field)
    if name:
        return ".".join(name.split(".")[-2:])
    match field.get("type"):
        case "integer":
            return str(field.get("format", "int32"))
        case "boolean":
            return "bool"
        case "number":
            return "float64"
        case "array":
            return "[]" + _go_type(field["items"])
        case "object" if "additionalProperties" in field:
            return "map[string]" + _go_type(field["additionalProperties"])
    return "string"
