"""Bodies of requests to JSON values: JSON, YAML, and the protobuf that newer kubectl sends."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from meshpeek.rehearsal.types.status import ApiError, bad_request, unsupported_media_type

JSON_TYPE = "application/json"
YAML_TYPE = "application/yaml"
PROTOBUF_TYPE = "application/vnd.kubernetes.protobuf"
OBJECT_TYPES = (JSON_TYPE, YAML_TYPE, PROTOBUF_TYPE)

MAXIMUM_DEPTH = 100

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
"""What a body has that may hold halves of surrogate pairs: escaped, or encoded like others."""


def media_type(content_type: str) -> str:
    """Return a Content-Type header's type without parameters, JSON where it is empty."""
    return content_type.partition(";")[0].strip().lower() or JSON_TYPE


def decode_object(body: bytes, content_type: str) -> dict[str, Any]:
    """Return the object in a body; raises ApiError 400 (malformed) or 415 (unknown format)."""
    kind = media_type(content_type)
    if kind == PROTOBUF_TYPE:
        from meshpeek.rehearsal.api.protobuf import decode_protobuf

        value: Any = decode_protobuf(body)
    elif kind == YAML_TYPE:
        value = decode_yaml(body)
    elif kind == JSON_TYPE:
        value = decode_json(body)
    else:
        raise unsupported_media_type(OBJECT_TYPES)
    if not isinstance(value, dict):
        raise _unreadable("json: cannot unmarshal the body into an object")
    return value


def decode_configuration(body: bytes) -> dict[str, Any]:
    """Return the object in the body of a server-side apply, which is YAML; raises ApiError 400."""
    # Clients send JSON; it is YAML, but the JSON parser is much faster.
    try:
        value = _load_json(body)
    except (ValueError, RecursionError):
        value = decode_yaml(body)
    if not isinstance(value, dict):
        raise _unreadable("yaml: cannot unmarshal the body into an object")
    _check_depth(value)
    return value


def decode_json(body: bytes) -> Any:  # noqa: ANN401
    """Return the JSON value in a body; raises ApiError 400."""
    try:
        value = _load_json(body)
    except (ValueError, RecursionError) as error:
        raise _unreadable(str(error)) from None
    _check_depth(value)
    return value


def decode_yaml(body: bytes) -> Any:  # noqa: ANN401
    """Return the value of a YAML document; raises ApiError 400, also for aliases."""
    import yaml

    from meshpeek.rehearsal.types.yaml_documents import check_modest, load_documents

    try:
        text = body.decode()
        check_modest(text, MAXIMUM_DEPTH)
        documents = load_documents(text)
        return decode_json(json.dumps(documents[0] if documents else None).encode())
    except (yaml.YAMLError, TypeError, ValueError, RecursionError) as error:
        raise _unreadable(f"yaml: {error}") from None


def duplicate_fields(body: bytes) -> list[str]:
    """Return the paths of the fields that a JSON body has twice (`data.a`), each once.

    For a malformed body the list is empty.
    """
    is_plain = True

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal is_plain
        value = dict(pairs)
        is_plain = is_plain and len(value) == len(pairs)
        return value

    try:
        json.loads(body, object_pairs_hook=note)
        # Paths are computed only where there are duplicates: they take time.
        return [] if is_plain else list(dict.fromkeys(_doubled(_with_pairs(body), "")))
    except (ValueError, RecursionError):
        return []


class _Pairs(tuple[tuple[str, Any], ...]):
    """A JSON object with all its fields, duplicates included."""

    __slots__ = ()


def _with_pairs(body: bytes) -> Any:  # noqa: ANN401
    return json.loads(body, object_pairs_hook=_Pairs)


def _doubled(value: object, path: str) -> Iterator[str]:
    if isinstance(value, _Pairs):
        seen = set()
        for name, child in value:
            place = f"{path}.{name}" if path else name
            if name in seen:
                yield place
            seen.add(name)
            yield from _doubled(child, place)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _doubled(child, f"{path}[{index}]")


def go_json_problem(error: Exception) -> str:
    """Return the words that Go's decoder has for a text that is not JSON."""
    if not isinstance(error, json.JSONDecodeError):
        return str(error)
    rest = error.doc[error.pos :].lstrip()
    if not rest or error.msg.startswith("Unterminated string"):
        return "unexpected end of JSON input"
    wanted = "looking for beginning of value"
    if error.msg.startswith("Extra data"):
        wanted = "after top-level value"
    elif error.msg.startswith("Expecting property name"):
        wanted = "looking for beginning of object key string"
    return f"invalid character '{rest[0]}' {wanted}"


def _load_json(body: bytes) -> Any:  # noqa: ANN401
    value = json.loads(body, parse_constant=_refuse_constant, parse_float=_finite)
    if _SURROGATE.search(body):
        # Go decodes half a surrogate pair as U+FFFD; as it is, it could not be encoded later.
        text = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass")
        value = json.loads(text.decode("utf-16", "replace"))
    return value


def _refuse_constant(name: str) -> Any:  # noqa: ANN401
    raise ValueError(f"invalid number {name}")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"cannot unmarshal number {text} into Go value of type float64")
    return number


def _check_depth(value: object) -> None:
    level = [value]
    for _ in range(MAXIMUM_DEPTH):
        level = [
            child
            for parent in level
            for child in (
                parent.values()
                if isinstance(parent, dict)
                else parent
                if isinstance(parent, list)
                else ()
            )
        ]
        if not level:
            return
    raise _unreadable(f"nested deeper than {MAXIMUM_DEPTH} levels")


def _unreadable(detail: str) -> ApiError:
    return bad_request(f"the object provided is unrecognized: {detail}")
