"""`metadata.managedFields`: which manager owns which field, recorded at every write of a client.

Rules: apimachinery's `managedfields` and structured-merge-diff's `Updater`, as of 1.27. What
rehearsal's own controllers and the seed write has no manager; the first apply of an object without
one finds the one that Kubernetes invents for it, `before-first-apply`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from meshpeek.http.exchange import Request
from meshpeek.rehearsal.patching.field_sets import (
    NOTHING,
    Differences,
    FieldSet,
    Path,
    decoded,
    differences,
    encoded,
    schema_of,
    shown,
)
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.resources import Resource
from meshpeek.rehearsal.types.status import ApiError, bad_request, quoted

APPLY = "Apply"
UPDATE = "Update"
BEFORE_FIRST_APPLY = "before-first-apply"
LONGEST_NAME = 128

_NOT_OWNED = ("f:apiVersion", "f:kind")
_NOT_OWNED_METADATA = frozenset(
    f"f:{name}"
    for name in (
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "managedFields",
        "name",
        "namespace",
        "resourceVersion",
        "selfLink",
        "uid",
    )
)


class Manager(NamedTuple):
    """A field manager: its name, how it wrote (`Apply`, `Update`), and through what."""

    name: str
    operation: str
    api_version: str = ""
    subresource: str = ""

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What tells managers apart: one that applies is the same in every version."""
        version = "" if self.operation == APPLY else self.api_version
        return (self.name, self.operation, version, self.subresource)

    def __str__(self) -> str:
        text = quoted(self.name)
        if self.subresource:
            text += f" with subresource {quoted(self.subresource)}"
        return f"{text} using {self.api_version}" if self.operation == UPDATE else text


@dataclass(slots=True)
class ManagedFieldsEntry:
    """The fields of one manager, and the time of its last change as Kubernetes writes it.

    An apply that changes nothing but who owns what has no time.
    """

    manager: Manager
    fields: FieldSet
    time: str


class ManagedFields:
    """The managers of one object and the fields of each."""

    def __init__(self, entries: list[ManagedFieldsEntry]) -> None:
        self._entries = {entry.manager.identity: entry for entry in entries}

    def __iter__(self) -> Iterator[ManagedFieldsEntry]:
        return iter(list(self._entries.values()))

    def __bool__(self) -> bool:
        return bool(self._entries)

    def owned_by(self, manager: Manager) -> FieldSet:
        """Return the fields of a manager."""
        entry = self._entries.get(manager.identity)
        return entry.fields if entry else NOTHING

    def time_of(self, manager: Manager) -> str:
        """Return the time of a manager's last change, empty where it has none."""
        entry = self._entries.get(manager.identity)
        return entry.time if entry else ""

    def stamp(self, manager: Manager, time: str) -> None:
        """Note that a manager has changed the object at `time`."""
        entry = self._entries.get(manager.identity)
        if entry is not None:
            entry.time = time

    def assign(self, manager: Manager, fields: FieldSet, time: str) -> None:
        """Let a manager own just `fields`; one without fields is dropped."""
        entry = self._entries.get(manager.identity)
        if entry is not None and entry.fields == fields and entry.manager == manager:
            return
        if fields:
            self._entries[manager.identity] = ManagedFieldsEntry(manager, fields, time)
        else:
            self._entries.pop(manager.identity, None)

    def remove(self, manager: Manager, fields: FieldSet) -> None:
        """Take fields from a manager, whose time stays as it is."""
        entry = self._entries.get(manager.identity)
        if entry is not None and entry.fields & fields:
            self.assign(entry.manager, entry.fields - fields, entry.time)

    def encoded(self) -> list[dict[str, Any]]:
        """Return the value of `metadata.managedFields`."""
        ordered = sorted(
            self._entries.values(),
            key=lambda entry: (entry.manager.operation, entry.time, entry.manager),
        )
        return [_encoded_entry(entry) for entry in ordered]


def manager_name(request: Request) -> str:
    """Return the manager that a request names: `fieldManager`, else the client's program."""
    named = request.query.get("fieldManager", "")
    return named or request.headers.get("user-agent", "").partition("/")[0][:LONGEST_NAME]


def managed_fields_of(metadata: Mapping[str, Any]) -> ManagedFields:
    """Read `managedFields`; raises ValueError where it is malformed."""
    return ManagedFields([_decoded_entry(entry) for entry in metadata.get("managedFields") or ()])


def record_update(
    resource: Resource, manager: Manager, obj: Object, old: Object | None, time: str
) -> None:
    """Record in `obj`, which is about to be stored, that `manager` made it out of `old`."""
    managed = _given_or_kept(obj, old)
    if old is not None and not managed:
        # An object without managers has none until a configuration is applied to it.
        obj["metadata"].pop("managedFields", None)
        return
    schema = schema_of(resource, resource.storage_version)
    changed = owned_part(resource, manager.subresource, differences(schema, old or {}, obj))
    for entry in managed:
        if entry.manager.identity != manager.identity:
            managed.remove(entry.manager, changed.removed | changed.modified | changed.added)
    owned = managed.owned_by(manager) - changed.removed
    managed.assign(manager, owned | changed.added | changed.modified, time)
    if managed:
        obj["metadata"]["managedFields"] = managed.encoded()
    else:
        obj["metadata"].pop("managedFields", None)


def owned_part(resource: Resource, subresource: str, changes: Differences) -> Differences:
    """Leave out of `changes` what no manager comes to own through that endpoint."""
    return Differences(*(ownable(resource, subresource, fields) for fields in changes))


def ownable(resource: Resource, subresource: str, fields: FieldSet) -> FieldSet:
    """Leave out of a set what the server sets itself, and what the endpoint does not write."""
    has_status = "status" in resource.subresources
    return frozenset(path for path in fields if _ownable(path, subresource, has_status=has_status))


def _ownable(path: Path, subresource: str, *, has_status: bool) -> bool:
    top = path[0]
    if has_status and (top == "f:status") is not (subresource == "status"):
        return False
    if top in _NOT_OWNED or path == ("f:metadata",):
        return False
    return top != "f:metadata" or path[1] not in _NOT_OWNED_METADATA


def _given_or_kept(obj: Object, old: Object | None) -> ManagedFields:
    """Return the managed fields that a client wrote into an object, else those it had."""
    given = obj["metadata"].get("managedFields")
    if given == [{}]:
        return ManagedFields([])
    if given:
        try:
            return managed_fields_of(obj["metadata"])
        except (ValueError, TypeError, AttributeError):
            pass
    return managed_fields_of(old["metadata"]) if old is not None else ManagedFields([])


def _decoded_entry(entry: Mapping[str, Any]) -> ManagedFieldsEntry:
    operation = entry.get("operation", "")
    if operation not in (APPLY, UPDATE):
        raise ValueError(f"invalid operation {operation}")
    manager = Manager(
        entry.get("manager", ""),
        operation,
        entry.get("apiVersion", ""),
        entry.get("subresource", ""),
    )
    return ManagedFieldsEntry(manager, decoded(entry.get("fieldsV1") or {}), entry.get("time", ""))


def _encoded_entry(entry: ManagedFieldsEntry) -> dict[str, Any]:
    manager = entry.manager
    encoded_entry: dict[str, Any] = {
        "manager": manager.name,
        "operation": manager.operation,
        "apiVersion": manager.api_version,
        **({"time": entry.time} if entry.time else {}),
        "fieldsType": "FieldsV1",
        "fieldsV1": encoded(entry.fields),
    }
    if manager.subresource:
        encoded_entry["subresource"] = manager.subresource
    return encoded_entry


def conflict(found: list[tuple[Manager, Path]]) -> ApiError:
    """Make the 409 for an apply that would change what others own."""
    if len(found) == 1:
        manager, path = found[0]
        text = f"1 conflict: conflict with {manager}: {shown(path)}"
    else:
        lines = []
        for manager in sorted({manager for manager, _ in found}):
            lines.append(f"conflicts with {manager}:")
            lines += [f"- {shown(path)}" for other, path in found if other == manager]
        text = f"{len(found)} conflicts: " + "\n".join(lines)
    causes = [
        {
            "reason": "FieldManagerConflict",
            "message": f"conflict with {manager}",
            "field": shown(path),
        }
        for manager, path in found
    ]
    return ApiError(409, "Conflict", f"Apply failed with {text}", {"causes": causes})


def check_untouched(config: Object) -> None:
    """Raise ApiError 400 for an applied configuration that says who owns it."""
    if config["metadata"].get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
