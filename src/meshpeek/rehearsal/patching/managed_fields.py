"""Who owns which field of an object: `metadata.managedFields`, kept at every write of a client.

Rules: apimachinery's `managedfields` and structured-merge-diff's `Updater`, as of 1.27. What
rehearsal's own controllers and the seed write has no owner; the first apply of an object without
owners finds the one that Kubernetes invents for it, `before-first-apply`.
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
    """Who owns fields: a name, how it wrote them (`Apply`, `Update`), and through what."""

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
class Share:
    """What one manager owns, and since when (as Kubernetes writes times)."""

    manager: Manager
    fields: FieldSet
    time: str


class Owners:
    """The managers of one object and their fields."""

    def __init__(self, shares: list[Share]) -> None:
        self._shares = {share.manager.identity: share for share in shares}

    def __iter__(self) -> Iterator[Share]:
        return iter(list(self._shares.values()))

    def __bool__(self) -> bool:
        return bool(self._shares)

    def fields_of(self, manager: Manager) -> FieldSet:
        """Return what a manager owns."""
        share = self._shares.get(manager.identity)
        return share.fields if share else NOTHING

    def give(self, manager: Manager, fields: FieldSet, time: str) -> None:
        """Let a manager own just `fields`; nothing makes it go."""
        share = self._shares.get(manager.identity)
        if share is not None and share.fields == fields and share.manager == manager:
            return
        if fields:
            self._shares[manager.identity] = Share(manager, fields, time)
        else:
            self._shares.pop(manager.identity, None)

    def take(self, manager: Manager, fields: FieldSet) -> None:
        """Take fields away from a manager, whose time stays as it is."""
        share = self._shares.get(manager.identity)
        if share is not None and share.fields & fields:
            self.give(share.manager, share.fields - fields, share.time)

    def entries(self) -> list[dict[str, Any]]:
        """Return the value of `metadata.managedFields`."""
        ordered = sorted(
            self._shares.values(),
            key=lambda share: (share.manager.operation, share.time, share.manager),
        )
        return [_entry(share) for share in ordered]


def writer(request: Request) -> str:
    """Return the manager a request writes as: `fieldManager`, else the client's program."""
    named = request.query.get("fieldManager", "")
    return named or request.headers.get("user-agent", "").partition("/")[0][:LONGEST_NAME]


def owners_of(metadata: Mapping[str, Any]) -> Owners:
    """Read `managedFields`; raises ValueError where it is malformed."""
    return Owners([_share(entry) for entry in metadata.get("managedFields") or ()])


def record_update(
    resource: Resource, manager: Manager, obj: Object, old: Object | None, time: str
) -> None:
    """Note in `obj`, which is about to be stored, that `manager` made it out of `old`."""
    owners = _given_or_kept(obj, old)
    if old is not None and not owners:
        # Nobody's object stays nobody's until somebody applies it.
        obj["metadata"].pop("managedFields", None)
        return
    schema = schema_of(resource, resource.storage_version)
    changed = owned_part(resource, manager.subresource, differences(schema, old or {}, obj))
    for share in owners:
        if share.manager.identity != manager.identity:
            owners.take(share.manager, changed.removed | changed.modified | changed.added)
    mine = owners.fields_of(manager) - changed.removed
    owners.give(manager, mine | changed.added | changed.modified, time)
    if owners:
        obj["metadata"]["managedFields"] = owners.entries()
    else:
        obj["metadata"].pop("managedFields", None)


def owned_part(resource: Resource, subresource: str, changes: Differences) -> Differences:
    """Leave out of `changes` what nobody comes to own through that endpoint."""
    return Differences(*(ownable(resource, subresource, fields) for fields in changes))


def ownable(resource: Resource, subresource: str, fields: FieldSet) -> FieldSet:
    """Leave out of a set what the server itself sets, and what the endpoint does not write."""
    has_status = "status" in resource.subresources
    return frozenset(path for path in fields if _ownable(path, subresource, has_status=has_status))


def _ownable(path: Path, subresource: str, *, has_status: bool) -> bool:
    top = path[0]
    if has_status and (top == "f:status") is not (subresource == "status"):
        return False
    if top in _NOT_OWNED or path == ("f:metadata",):
        return False
    return top != "f:metadata" or path[1] not in _NOT_OWNED_METADATA


def _given_or_kept(obj: Object, old: Object | None) -> Owners:
    """Return the owners that a client wrote into an object, else those it had."""
    given = obj["metadata"].get("managedFields")
    if given == [{}]:
        return Owners([])
    if given:
        try:
            return owners_of(obj["metadata"])
        except (ValueError, TypeError, AttributeError):
            pass
    return owners_of(old["metadata"]) if old is not None else Owners([])


def _share(entry: Mapping[str, Any]) -> Share:
    operation = entry.get("operation", "")
    if operation not in (APPLY, UPDATE):
        raise ValueError(f"invalid operation {operation}")
    manager = Manager(
        entry.get("manager", ""),
        operation,
        entry.get("apiVersion", ""),
        entry.get("subresource", ""),
    )
    return Share(manager, decoded(entry.get("fieldsV1") or {}), entry.get("time", ""))


def _entry(share: Share) -> dict[str, Any]:
    manager = share.manager
    entry: dict[str, Any] = {
        "manager": manager.name,
        "operation": manager.operation,
        "apiVersion": manager.api_version,
        "time": share.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": encoded(share.fields),
    }
    if manager.subresource:
        entry["subresource"] = manager.subresource
    return entry


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
