"""Strategic merge patch: lists merged by the keys that Kubernetes' types give them.

Rules: apimachinery's `strategicpatch` package: `$patch` (replace, delete, merge),
`$deleteFromPrimitiveList/…`, `$setElementOrder/…`, `$retainKeys`.
"""

from __future__ import annotations

from typing import Any

from meshpeek.rehearsal.types.builtin_types import Type, all_types, resolved, type_name
from meshpeek.rehearsal.types.resources import Resource
from meshpeek.rehearsal.types.status import ApiError, bad_request

DIRECTIVE = "$patch"
RETAIN_KEYS = "$retainKeys"
DELETE_PRIMITIVES = "$deleteFromPrimitiveList/"
ELEMENT_ORDER = "$setElementOrder/"

_UNTYPED: Type = {}


def strategically_merged(
    resource: Resource, current: dict[str, Any], patch: dict[str, Any]
) -> dict[str, Any]:
    """Return `current` with a strategic merge patch; neither is changed. Raises ApiError 400."""
    kind = all_types().get(type_name(resource), _UNTYPED)
    return _merge_objects(kind, current, patch)


def _merge_objects(kind: Type, current: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    directive = patch.get(DIRECTIVE)
    if directive == "replace":
        return _without_directives(patch)
    if directive == "delete":
        return {}
    if directive not in (None, "merge"):
        raise bad_request(f"Unknown patch type: {directive}")
    retained = patch.get(RETAIN_KEYS)
    result = {
        name: value
        for name, value in current.items()
        if not isinstance(retained, list) or name in retained
    }
    for name, value in patch.items():
        if name.startswith("$"):
            continue
        field = _field(kind, name)
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            old = result.get(name)
            target = old if isinstance(old, dict) else {}
            result[name] = _merge_objects(resolved(field), target, value)
        elif isinstance(value, list) and "merge" in _strategies(field):
            old = result.get(name)
            result[name] = _merge_lists(field, old if isinstance(old, list) else [], value)
        else:
            result[name] = value
    _apply_list_directives(kind, result, current, patch)
    return result


def _apply_list_directives(
    kind: Type, result: dict[str, Any], current: dict[str, Any], patch: dict[str, Any]
) -> None:
    for name, value in patch.items():
        if name.startswith(DELETE_PRIMITIVES):
            field = name.removeprefix(DELETE_PRIMITIVES)
            removed = _list(name, value)
            result[field] = [each for each in result.get(field) or [] if each not in removed]
    for name, value in patch.items():
        if name.startswith(ELEMENT_ORDER):
            field = name.removeprefix(ELEMENT_ORDER)
            if isinstance(result.get(field), list):
                key = _field(kind, field).get("x-kubernetes-patch-merge-key", "")
                before = current.get(field)
                before = before if isinstance(before, list) else []
                result[field] = _ordered(result[field], _list(name, value), before, key)


def _merge_lists(field: Type, current: list[Any], patch: list[Any]) -> list[Any]:
    key = field.get("x-kubernetes-patch-merge-key", "")
    if not key:
        merged = current + [each for each in patch if each not in current]
        return _ordered(merged, patch, current, key)
    if not all(isinstance(item, dict) for item in patch):
        raise bad_request(f"the items of a list that is merged by {key} must be objects")
    item_type = resolved(field.get("items", _UNTYPED))
    if any(item == {DIRECTIVE: "replace"} for item in patch):
        return [_without_directives(item) for item in patch if item != {DIRECTIVE: "replace"}]
    result = list(current)
    for item in patch:
        if key not in item:
            raise _missing_key(key, item)
        at = [index for index, old in enumerate(result) if _key_of(old, key) == item[key]]
        if item.get(DIRECTIVE) == "delete":
            result = [old for index, old in enumerate(result) if index not in at]
        elif at and item.get(DIRECTIVE) != "replace":
            result[at[0]] = _merge_objects(item_type, result[at[0]], item)
        elif at:
            result[at[0]] = _without_directives(item)
        else:
            result.append(_merge_objects(item_type, {}, item))
    return _ordered(result, patch, current, key)


def _ordered(items: list[Any], order: list[Any], before: list[Any], key: str) -> list[Any]:
    """Sort merged items: those of `order` as they are there, others where they stood `before`.

    An item that is new comes before those that only the server has.
    """

    def identities(listed: list[Any]) -> list[object]:
        return [_key_of(each, key) if key else each for each in listed]

    wanted, old = identities(order), identities(before)
    ours, others = [], []
    for item, identity in zip(items, identities(items), strict=True):
        if identity in wanted:
            ours.append((wanted.index(identity), identity, item))
        else:
            others.append((identity, item))
    ours.sort(key=lambda entry: entry[0])
    result = []
    for _, identity, item in ours:
        while others and identity in old and others[0][0] in old[: old.index(identity)]:
            result.append(others.pop(0)[1])
        result.append(item)
    return result + [item for _, item in others]


def _field(kind: Type, name: str) -> Type:
    properties = kind.get("properties", _UNTYPED)
    found: Type = properties.get(name) or kind.get("additionalProperties") or _UNTYPED
    return found


def _strategies(field: Type) -> list[str]:
    return str(field.get("x-kubernetes-patch-strategy", "")).split(",")


def _key_of(item: object, key: str) -> object:
    return item.get(key) if isinstance(item, dict) else None


def _list(name: str, value: object) -> list[Any]:
    if not isinstance(value, list):
        raise bad_request(f"{name} must be a list")
    return value


def _missing_key(key: str, item: dict[str, Any]) -> ApiError:
    return ApiError(500, "", f"map: {item} does not contain declared merge key: {key}")


def _without_directives(value: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _plain(child)
        for name, child in value.items()
        if not name.startswith("$") and child is not None
    }


def _plain(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return _without_directives(value)
    if isinstance(value, list):
        return [_plain(child) for child in value]
    return value
