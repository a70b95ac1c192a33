"""The failure Status objects of an API server.

Wording and codes are those of kube-apiserver 1.27 (apimachinery's `errors` and `field` packages),
because kubectl prints them as they come and decides by `reason` and `details`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from meshpeek.rehearsal.types.keys import ResourceKey


class Cause(NamedTuple):
    """One field that is wrong: `field` is its path (`spec.rules[0].name`, or empty)."""

    reason: str
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


class ApiError(Exception):
    """A request that is answered with a failure Status; `code` is the HTTP status code."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.metadata = metadata or {}
        self.warnings: tuple[str, ...] = ()
        """What clients print beside the error, and also where they hide that."""

    def status(self) -> dict[str, Any]:
        """Return the Status object to send."""
        status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": dict(self.metadata),
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            status["reason"] = self.reason
        if self.details:
            status["details"] = dict(self.details)
        status["code"] = self.code
        return status


class NotDecodableError(ApiError):
    """The 400 for a body that is not an object of its kind.

    `problem` is the error of Go's JSON decoder, `conversion` that of its converter of maps, which
    only a strategic merge patch goes through.
    """

    def __init__(self, kind: str, version: str, problem: str, conversion: str = "") -> None:
        message = f'{kind} in version "{version}" cannot be handled as a {kind}: {problem}'
        super().__init__(400, "BadRequest", message)
        self.problem = problem
        self.conversion = conversion or problem


def quoted(value: str) -> str:
    """Return `value` in double quotes, escaped as Go's %q does for printable text."""
    return json.dumps(value, ensure_ascii=False)


def go_value(value: object) -> str:
    """Return a JSON value as field errors print it (Go's `%#v` for lists and objects)."""
    if isinstance(value, str):
        return quoted(value)
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        fields = ", ".join(f"{quoted(key)}:{go_value(value[key])}" for key in sorted(value))
        return f"map[string]interface {{}}{{{fields}}}"
    if isinstance(value, list):
        return "[]interface {}{" + ", ".join(map(go_value, value)) + "}"
    return str(value)


def invalid_value(field: str, value: object, detail: str) -> Cause:
    """Report a value that is not acceptable, and why."""
    shown = '"null"' if value is None else go_value(value)
    return Cause("FieldValueInvalid", field, f"Invalid value: {shown}: {detail}")


def type_invalid(field: str, value: object, detail: str) -> Cause:
    """Report a value of the wrong type."""
    shown = '"null"' if value is None else go_value(value)
    return Cause("FieldValueTypeInvalid", field, f"Invalid value: {shown}: {detail}")


def required_value(field: str, detail: str = "") -> Cause:
    """Report a missing field."""
    message = f"Required value: {detail}" if detail else "Required value"
    return Cause("FieldValueRequired", field, message)


def unsupported_value(field: str, value: object, supported: Sequence[str]) -> Cause:
    """Report a value that is not one of those `supported`."""
    names = ", ".join(map(quoted, supported))
    message = f"Unsupported value: {go_value(value)}: supported values: {names}"
    return Cause("FieldValueNotSupported", field, message)


def duplicate_value(field: str, value: object) -> Cause:
    """Report a value that occurs twice where it may occur once."""
    return Cause("FieldValueDuplicate", field, f"Duplicate value: {go_value(value)}")


def forbidden_value(field: str, detail: str) -> Cause:
    """Report a field that may not be set, or not changed."""
    return Cause("FieldValueForbidden", field, f"Forbidden: {detail}")


def too_long(field: str, maximum: int) -> Cause:
    """Report a text of more than `maximum` bytes."""
    return Cause("FieldValueTooLong", field, f"Too long: must have at most {maximum} bytes")


def too_long_text(field: str, maximum: int) -> Cause:
    """Report a text of more than `maximum` characters, in the words of CRD validation."""
    return Cause("FieldValueTooLong", field, f"Too long: may not be longer than {maximum}")


def too_many(field: str, actual: int, maximum: int) -> Cause:
    """Report a list of more than `maximum` items."""
    return Cause(
        "FieldValueTooMany",
        field,
        f"Too many: {actual}: must have at most {maximum} items",
    )


def _details(key: ResourceKey, name: str, kind: str | None = None) -> dict[str, Any]:
    details: dict[str, Any] = {"name": name} if name else {}
    if key.group:
        details["group"] = key.group
    details["kind"] = kind or key.plural
    return details


def not_found(key: ResourceKey, name: str) -> ApiError:
    """Make the 404 for an object that does not exist."""
    return ApiError(404, "NotFound", f"{key} {quoted(name)} not found", _details(key, name))


def unknown_path() -> ApiError:
    """Make the 404 for a path that names no resource."""
    message = "the server could not find the requested resource"
    return ApiError(404, "NotFound", message, {})


def already_exists(key: ResourceKey, name: str) -> ApiError:
    """Make the 409 for creating an object whose name is taken."""
    message = f"{key} {quoted(name)} already exists"
    return ApiError(409, "AlreadyExists", message, _details(key, name))


def conflict(key: ResourceKey, name: str, detail: str) -> ApiError:
    """Make the 409 for a write that is based on an outdated or another object."""
    message = f"Operation cannot be fulfilled on {key} {quoted(name)}: {detail}"
    return ApiError(409, "Conflict", message, _details(key, name))


def modified(key: ResourceKey, name: str) -> ApiError:
    """Make the 409 for a stale resourceVersion."""
    return conflict(
        key,
        name,
        "the object has been modified; please apply your changes to the latest version "
        "and try again",
    )


def invalid(key: ResourceKey, kind: str, name: str, causes: Sequence[Cause]) -> ApiError:
    """Make the 422 for an object with invalid fields; each cause is listed once."""
    said = list(dict.fromkeys(map(str, causes)))
    text = said[0] if len(said) == 1 else "[" + ", ".join(said) + "]"
    qualified = f"{kind}.{key.group}" if key.group else kind
    details = _details(key, name, kind)
    details["causes"] = [
        {"reason": cause.reason, "message": cause.message, "field": cause.field} for cause in causes
    ]
    message = f"{qualified} {quoted(name)} is invalid: {text}"
    return ApiError(422, "Invalid", message, details)


def bad_request(message: str) -> ApiError:
    """Make the 400 for a request that cannot be understood."""
    return ApiError(400, "BadRequest", message)


def forbidden(key: ResourceKey, name: str, detail: str) -> ApiError:
    """Make the 403 for a request that the server refuses to carry out."""
    message = f"{key} {quoted(name)} is forbidden: {detail}"
    return ApiError(403, "Forbidden", message, _details(key, name))


def denied(webhook: str, explanation: str) -> ApiError:
    """Make the 400 of an API server for an object that an admission webhook denies."""
    return ApiError(400, "", f'admission webhook "{webhook}" denied the request: {explanation}')


def method_not_supported(key: ResourceKey | None, verb: str) -> ApiError:
    """Make the 405 for a verb that a resource does not have."""
    if key is None:
        return ApiError(405, "MethodNotAllowed", "the server does not allow this method")
    message = f"{verb} is not supported on resources of kind {quoted(str(key))}"
    return ApiError(405, "MethodNotAllowed", message, _details(key, ""))


def expired(asked: int, oldest: int) -> ApiError:
    """Make the 410 for a watch that starts before the history kept."""
    return ApiError(410, "Expired", f"too old resource version: {asked} ({oldest})")


def expired_list(token: str) -> ApiError:
    """Make the 410 for a chunk of a list that is out of history; `token` gets the rest of it."""
    message = (
        "The provided continue parameter is too old to display a consistent list result. You can "
        "start a new list without the continue parameter, or use the continue token in this "
        "response to retrieve the remainder of the results. Continuing with the provided token "
        "results in an inconsistent list - objects that were created, modified, or deleted "
        "between the time the first chunk was returned and now may show up in the list."
    )
    return ApiError(410, "Expired", message, metadata={"continue": token})


def from_the_future(asked: int, present: int) -> ApiError:
    """Make the 504 for a resourceVersion that the server has not reached yet."""
    message = f"Too large resource version: {asked}, current: {present}"
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    details = {"causes": [cause], "retryAfterSeconds": 1}
    return ApiError(504, "Timeout", f"Timeout: {message}", details)


def unsupported_media_type(accepted: Sequence[str]) -> ApiError:
    """Make the 415 for a body in a format that the server does not read."""
    message = (
        "the body of the request was in an unknown format - accepted media types include: "
        + ", ".join(accepted)
    )
    return ApiError(415, "UnsupportedMediaType", message)


def too_large(limit: int) -> ApiError:
    """Make the 413 for a body of more than `limit` bytes."""
    message = f"Request entity too large: limit is {limit}"
    return ApiError(413, "RequestEntityTooLarge", message)


def absent(message: str) -> ApiError:
    """Make the 501 for what rehearsal does not support."""
    return ApiError(501, "NotImplemented", f"meshpeek rehearsal: {message}")
