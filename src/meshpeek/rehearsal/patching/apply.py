"""Server-side apply: a configuration is merged into an object, and its manager owns its fields.

Rules and wording: structured-merge-diff's `Updater.Apply`, kube-apiserver 1.27's apply handler,
and its help for objects that `kubectl apply` without `--server-side` has made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from meshpeek.rehearsal.patching.field_sets import (
    NOTHING,
    FieldSet,
    Path,
    Schema,
    below,
    children,
    differences,
    fields_of,
    item_keys,
    schema_of,
    shown,
)
from meshpeek.rehearsal.patching.managed_fields import (
    APPLY,
    BEFORE_FIRST_APPLY,
    UPDATE,
    ManagedFields,
    Manager,
    check_untouched,
    conflict,
    managed_fields_of,
    ownable,
    owned_part,
)
from meshpeek.rehearsal.types import structural
from meshpeek.rehearsal.types.crds import schema_of as definition_schema
from meshpeek.rehearsal.types.objects import LAST_APPLIED, Object
from meshpeek.rehearsal.types.resources import Resource
from meshpeek.rehearsal.types.status import ApiError
from meshpeek.rehearsal.types.typed import decode_builtin, decode_metadata

KUBECTL = "kubectl"


def applied(
    resource: Resource,
    version: str,
    config: Object,
    live: Object | None,
    manager: Manager,
    time: str,
    *,
    force: bool,
) -> Object:
    """Return `live`, an object as `version` has it, with `config` applied; neither is changed.

    Without `live`, the object to create is returned. `managedFields` says who owns what from
    `time` on. Raises ApiError 409 for a change to fields of other managers, unless `force`d.
    """
    check_untouched(config)
    config = _typed(resource, version, config)
    if "status" in resource.subresources and manager.subresource != "status":
        config.pop("status", None)
    merge = _Merge(schema_of(resource, version), resource, manager, time)
    if live is None:
        result, managed = merge.into(_bare(config), ManagedFields([]), config, force=True)
    else:
        managed = managed_fields_of(live["metadata"])
        if not managed:
            everything = ownable(resource, "", fields_of(merge.schema, live))
            before = Manager(BEFORE_FIRST_APPLY, UPDATE, live["apiVersion"])
            managed.assign(before, everything, time)
        allowed = _last_applied_fields(merge.schema, live) if manager.name == KUBECTL else NOTHING
        result, managed = merge.into(live, managed, config, force=force, allowed=allowed)
        _follow_last_applied(result, config, manager)
    result["metadata"]["managedFields"] = managed.encoded()
    return result


class _Merge:
    def __init__(self, schema: Schema, resource: Resource, manager: Manager, time: str) -> None:
        self.schema = schema
        self._resource = resource
        self._manager = manager
        self._time = time

    def into(
        self,
        live: Object,
        managed: ManagedFields,
        config: Object,
        *,
        force: bool,
        allowed: FieldSet = NOTHING,
    ) -> tuple[Object, ManagedFields]:
        """Return the merged object and its managed fields; those given are changed."""
        manager = self._manager
        before = managed.owned_by(manager)
        set_now = ownable(self._resource, manager.subresource, fields_of(self.schema, config))
        managed.assign(manager, set_now, managed.time_of(manager))
        kept = frozenset().union(*(entry.fields for entry in managed))
        result = merged(self.schema, live, config)
        result = without(self.schema, result, before - kept, kept)
        changes = owned_part(
            self._resource, manager.subresource, differences(self.schema, live, result)
        )
        conflicts = [
            (entry.manager, path)
            for entry in managed
            if entry.manager.identity != manager.identity
            for path in sorted(entry.fields & (changes.modified | changes.added))
        ]
        refused = [(who, path) for who, path in conflicts if path not in allowed]
        if refused and not force:
            raise conflict(refused)
        for who, path in conflicts:
            managed.remove(who, frozenset({path}))
        for entry in managed:
            if entry.manager.identity != manager.identity:
                managed.remove(entry.manager, changes.removed)
        if any(changes):
            managed.stamp(manager, self._time)
        return result, managed


def merged(schema: Schema, live: Any, config: Any) -> Any:  # noqa: ANN401
    """Return `live` with everything that `config` has; neither is changed."""
    ours = children(schema, config)
    theirs = children(schema, live)
    if ours is None or theirs is None:
        return deepcopy(config)
    combined = {
        element: merged(part.schema, theirs[element].value, part.value)
        if element in theirs
        else deepcopy(part.value)
        for element, part in ours.items()
    }
    others = {element: part.value for element, part in theirs.items() if element not in ours}
    if isinstance(config, dict):
        return {element[2:]: value for element, value in (others | combined).items()}
    return _in_order(list(theirs), combined, others)


def _in_order(before: list[str], ours: dict[str, Any], others: dict[str, Any]) -> list[Any]:
    """Put a list's items in the order of the configuration, others where they were before."""
    result = []
    waiting = list(before)
    for element, value in ours.items():
        while waiting and waiting[0] in others:
            result.append(others[waiting.pop(0)])
        if element in waiting:
            waiting.remove(element)
        result.append(value)
    return result + [others[each] for each in waiting]


def without(schema: Schema, value: Any, gone: FieldSet, kept: FieldSet, path: Path = ()) -> Any:  # noqa: ANN401
    """Return `value` without the fields that are `gone`, unless `kept` has something in them."""
    parts = children(schema, value)
    if parts is None or not below(path, gone):
        return value
    left = {}
    for element, part in parts.items():
        place = (*path, element)
        if place in gone and not below(place, kept):
            continue
        rest = without(part.schema, part.value, gone, kept, place)
        if rest or not part.value or place in kept:
            left[element] = rest
    if isinstance(value, dict):
        return {element[2:]: each for element, each in left.items()}
    return list(left.values())


def _bare(config: Object) -> Object:
    return {"apiVersion": config["apiVersion"], "kind": config["kind"], "metadata": {}}


def _typed(resource: Resource, version: str, config: Object) -> Object:
    """Return a decoded copy of `config`; raises ApiError 500 for fields that its types lack."""
    config = deepcopy(config)
    if resource.definition is None:
        unknown = decode_builtin(resource, version, config)
    else:
        unknown = decode_metadata(resource, version, config)
        unknown += structural.prune(definition_schema(resource, version), config)
    problems = [f".{path}: field not declared in schema" for path in unknown]
    problems += _list_problems(schema_of(resource, version), config, ())
    if problems:
        metadata = config["metadata"]
        place = f"{metadata.get('namespace', '')}/{metadata.get('name', '')}"
        said = problems[0] if len(problems) == 1 else "errors:\n  " + "\n  ".join(problems)
        raise ApiError(
            500,
            "",
            f"failed to create typed patch object ({place}; {config['apiVersion']}, "
            f"Kind={config['kind']}): {said}",
        )
    return config


def _list_problems(schema: Schema, value: object, path: Path) -> list[str]:
    """Return which items of merged lists cannot be told apart."""
    problems = []
    if isinstance(value, list):
        keys = item_keys(schema)
        elements: list[str] = []
        for index, item in enumerate(value if keys is not None else ()):
            one = children(schema, [item]) or {}
            element = next(iter(one))
            if element == "k:{}":
                missing = ", ".join(keys or ())
                problems.append(
                    f"{shown(path)}: element {index}: associative list with keys has an element "
                    f'that omits key field "{missing}"'
                )
            elif element in elements:
                problems.append(f"{shown(path)}: duplicate entries for key {shown((element,))}")
            elements.append(element)
    for element, part in (children(schema, value) or {}).items():
        problems += _list_problems(part.schema, part.value, (*path, element))
    return problems


def _last_applied_fields(schema: Schema, live: Object) -> FieldSet:
    """Return the fields in the annotation of client-side apply, which `kubectl` may take over."""
    try:
        last = json.loads((live["metadata"].get("annotations") or {})[LAST_APPLIED])
    except (KeyError, ValueError):
        return NOTHING
    return fields_of(schema, last) if isinstance(last, dict) else NOTHING


def _follow_last_applied(result: Object, config: Mapping[str, Any], manager: Manager) -> None:
    """Keep that annotation up to date, so that a return to client-side apply loses nothing."""
    annotations = result["metadata"].get("annotations") or {}
    if manager.name == KUBECTL and manager.operation == APPLY and LAST_APPLIED in annotations:
        text = json.dumps(config, separators=(",", ":"), sort_keys=True) + "\n"
        result["metadata"]["annotations"] = {**annotations, LAST_APPLIED: text}
