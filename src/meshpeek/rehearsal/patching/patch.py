"""Patches of objects: JSON patch, JSON merge patch, strategic merge patch."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from meshpeek.http.exchange import Request
from meshpeek.rehearsal.api.bodies import decode_json, media_type
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


def is_apply(request: Request) -> bool:
    """Return whether a request is a server-side apply."""
    kind = media_type(request.headers.get("content-type", ""))
    return request.method == "PATCH" and kind == APPLY_PATCH


def patched(current: Object, request: Request, resource: Resource) -> Object:
    """Return `current`, which may be changed, with the request's patch; raises ApiError."""
    kind = media_type(request.headers.get("content-type", ""))
    if kind == JSON_PATCH:
        result = _json_patched(current, decode_json(request.body))
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


def _go_text(value: object) -> str:
    """Write a JSON value as Go's `%+v` does."""
    if isinstance(value, dict):
        pairs = (f"{name}:{_go_text(value[name])}" for name in sorted(value))
        return f"map[{' '.join(pairs)}]"
    if isinstance(value, list):
        return f"[{' '.join(map(_go_text, value))}]"
    return value if isinstance(value, str) else go_value(value)


def _patch_object(request: Request) -> Object:
    value = decode_json(request.body)
    if not isinstance(value, dict):
        raise bad_request("json: cannot unmarshal the patch into an object")
    return value


def _json_patched(current: Object, operations: Any) -> Any:  # noqa: ANN401
    if not isinstance(operations, list):
        raise bad_request("json: cannot unmarshal the patch into a list of operations")
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
        jsonpatch.JsonPatch(operations)
        for operation in deepcopy(operations):
            if operation["op"] == "copy" and isinstance(operation.get("from"), str):
                source = jsonpointer.resolve_pointer(result, operation["from"])
                copied += len(described(source).encode())
                if copied > MAXIMUM_COPIED:
                    raise _not_applicable()
            result = jsonpatch.JsonPatch([operation]).apply(result, in_place=True)
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
        raise _not_applicable() from error
    except (TypeError, AttributeError, ValueError, KeyError, IndexError):
        raise bad_request("the JSON patch has operations that are not of that form") from None
    return result


def _not_applicable() -> ApiError:
    # The API server keeps the reason to itself.
    message = "the server rejected our request due to an error in our request"
    return ApiError(422, "Invalid", message)
