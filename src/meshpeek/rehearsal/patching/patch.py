"""Patches of objects: JSON patch, JSON merge patch, strategic merge patch."""

from __future__ import annotations

import json
from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from meshpeek.http.exchange import Request
from meshpeek.rehearsal.api.bodies import decode_json, go_json_problem, media_type
from meshpeek.rehearsal.types.keys import ResourceKey
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.resources import Resource
from meshpeek.rehearsal.types.status import (
    ApiError,
    NotDecodableError,
    bad_request,
    go_value,
    invalid,
    invalid_value,
    unsupported_media_type,
)

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"

OPTIONS = ResourceKey("meta.k8s.io", "")
MAXIMUM_OPERATIONS = 10000
MAXIMUM_COPIED = 3 * 1024 * 1024
"""How many bytes, as JSON, the `copy` operations of one JSON patch may add up to."""


# The order of the fields in Go's structs.
_METADATA_FIELDS = (
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
)
_ENTRY_FIELDS = (
    "manager",
    "operation",
    "apiVersion",
    "time",
    "fieldsType",
    "fieldsV1",
    "subresource",
)


def is_apply(request: Request) -> bool:
    """Return whether a request is a server-side apply."""
    kind = media_type(request.headers.get("content-type", ""))
    return request.method == "PATCH" and kind == APPLY_PATCH


def patched(current: Object, request: Request, resource: Resource) -> Object:
    """Return `current`, which may be changed, with the request's patch; raises ApiError."""
    kind = media_type(request.headers.get("content-type", ""))
    if kind == JSON_PATCH:
        result = _json_patched(current, _decoded(request))
    elif kind == MERGE_PATCH:
        result = merged(current, _patch_object(request))
    elif kind == STRATEGIC_PATCH and resource.definition is None:
        from meshpeek.rehearsal.patching.strategic import strategically_merged

        result = strategically_merged(resource, current, _patch_object(request))
    else:
        accepted = [JSON_PATCH, MERGE_PATCH, APPLY_PATCH]
        if resource.definition is None:
            accepted.insert(2, STRATEGIC_PATCH)
        raise unsupported_media_type(accepted)
    if not isinstance(result, dict):
        raise _not_applicable()
    return result


def merged(target: Any, patch: Any) -> Any:  # noqa: ANN401
    """Return `target` with a JSON merge patch (RFC 7396); neither is changed."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def not_decodable(request: Request, result: str, error: NotDecodableError) -> ApiError:
    """Make the 422 for a patch whose `result`, as JSON text, is not an object of its kind."""
    kind = media_type(request.headers.get("content-type", ""))
    if kind == STRATEGIC_PATCH:
        cause = invalid_value("patch", _go_text(decode_json(request.body)), error.conversion)
    else:
        cause = invalid_value("patch", result, error.problem)
    return invalid(ResourceKey("", ""), "", "", [cause])


def described(obj: object) -> str:
    """Return a JSON value as the compact text that an API server makes of it."""
    return json.dumps(obj, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def described_object(obj: Object) -> str:
    """Return an object as the compact text that an API server makes of it: metadata as Go does."""
    texts = {name: described(value) for name, value in obj.items()}
    texts["metadata"] = _described_metadata(obj["metadata"])
    return _joined(sorted(texts.items()))


def _described_metadata(metadata: Object) -> str:
    named = {name: described(value) for name, value in metadata.items()}
    entries = metadata.get("managedFields")
    if isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries):
        listed = [
            _joined((name, described(entry[name])) for name in _ENTRY_FIELDS if name in entry)
            for entry in entries
        ]
        named["managedFields"] = f"[{','.join(listed)}]"
    order = [name for name in _METADATA_FIELDS if name in named]
    return _joined((name, named[name]) for name in (*order, *sorted(set(named) - set(order))))


def _joined(fields: Iterable[tuple[str, str]]) -> str:
    return "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in fields) + "}"


def _go_text(value: object) -> str:
    """Write a JSON value as Go's `%+v` does."""
    if isinstance(value, dict):
        pairs = (f"{name}:{_go_text(value[name])}" for name in sorted(value))
        return f"map[{' '.join(pairs)}]"
    if isinstance(value, list):
        return f"[{' '.join(map(_go_text, value))}]"
    return value if isinstance(value, str) else go_value(value)


def _patch_object(request: Request) -> Object:
    value = _decoded(request)
    if not isinstance(value, dict):
        raise _not_of_type(value, "map[string]interface {}")
    return value


def _decoded(request: Request) -> Any:  # noqa: ANN401
    try:
        json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise bad_request(f"error decoding patch: {go_json_problem(error)}") from None
    return decode_json(request.body)


def _not_of_type(value: object, wanted: str) -> ApiError:
    found = {dict: "object", list: "array", str: "string", bool: "bool"}.get(type(value), "number")
    return bad_request(
        f"error decoding patch: json: cannot unmarshal {found} into Go value of type {wanted}"
    )


def _json_patched(current: Object, operations: Any) -> Any:  # noqa: ANN401
    if not isinstance(operations, list):
        raise _not_of_type(operations, "[]handlers.jsonPatchOp")
    if len(operations) > MAXIMUM_OPERATIONS:
        message = (
            f"The allowed maximum operations in a JSON patch is {MAXIMUM_OPERATIONS}, "
            f"got {len(operations)}"
        )
        raise ApiError(413, "RequestEntityTooLarge", message)
    import jsonpatch
    import jsonpointer

    result, copied = current, 0
    try:
        operations = deepcopy(operations)
        for operation in operations:
            if isinstance(operation, dict) and operation.get("op") in ("add", "replace", "test"):
                operation.setdefault("value", None)
        jsonpatch.JsonPatch(operations)
        for operation in operations:
            if operation["op"] == "copy" and isinstance(operation.get("from"), str):
                source = jsonpointer.resolve_pointer(result, operation["from"])
                copied += len(described(source).encode())
                if copied > MAXIMUM_COPIED:
                    raise _not_applicable()
            operation = _as_go_has_it(result, operation)
            if operation is not None:
                result = jsonpatch.JsonPatch([operation]).apply(result, in_place=True)
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
        raise _not_applicable() from error
    except (TypeError, AttributeError, ValueError, KeyError, IndexError):
        raise bad_request("the JSON patch has operations that are not of that form") from None
    return result


def _as_go_has_it(obj: Any, operation: dict[str, Any]) -> dict[str, Any] | None:  # noqa: ANN401
    """Return an operation with what the API server's library makes of members that are missing.

    It replaces a member of an object that is not there, and a test of it succeeds for null: then
    None is returned, for nothing is left to do.
    """
    import jsonpointer

    kind = operation["op"]
    if kind not in ("replace", "test"):
        return operation
    parent, name = jsonpointer.JsonPointer(operation["path"]).to_last(obj)
    if not isinstance(parent, dict) or name is None or name in parent:
        return operation
    if kind == "test":
        return operation if operation["value"] is not None else None
    return {**operation, "op": "add"}


def _not_applicable() -> ApiError:
    # The API server keeps the reason to itself.
    message = "the server rejected our request due to an error in our request"
    return ApiError(422, "Invalid", message)
