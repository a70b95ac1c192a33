"""What an API server refuses in the metadata of an object of any kind.

Facts: Kubernetes 1.27's apimachinery (pkg/api/validation/objectmeta.go).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from meshpeek.rehearsal.types import name_validation
from meshpeek.rehearsal.types.builtin_kinds import BUILTINS
from meshpeek.rehearsal.types.keys import ResourceKey
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.status import (
    Cause,
    forbidden_value,
    invalid_value,
    quoted,
    too_long,
)

_LONGEST_ANNOTATIONS = 256 * 1024
_RBAC = "rbac.authorization.k8s.io"
_NAMES = {
    ("", "namespaces"): name_validation.label_problems,
    ("", "services"): name_validation.dns_1035_problems,
    (_RBAC, "roles"): name_validation.path_segment_problems,
    (_RBAC, "rolebindings"): name_validation.path_segment_problems,
    (_RBAC, "clusterroles"): name_validation.path_segment_problems,
    (_RBAC, "clusterrolebindings"): name_validation.path_segment_problems,
}
_OWNER = "metadata.ownerReferences"
_FINALIZERS = ("foregroundDeletion", "kubernetes", "orphan")
# Custom kinds, and those of the API server's own extensions, may have any finalizer.
_QUALIFIED_FINALIZERS = frozenset(
    resource.key
    for resource in BUILTINS
    if resource.key.group not in ("apiextensions.k8s.io", "apiregistration.k8s.io")
)


def check_metadata(key: ResourceKey, obj: Object, old: Object | None) -> list[Cause]:
    """Return what is wrong with the metadata of `obj`, or with how it differs from the stored."""
    metadata = obj["metadata"]
    causes = [] if old is None else _check_update(metadata, old["metadata"])
    causes += _check_name(key, metadata)
    causes += name_validation.check_labels(metadata.get("labels") or {}, "metadata.labels")
    causes += _check_annotations(metadata.get("annotations") or {})
    causes += _check_owners(metadata.get("ownerReferences") or ())
    return causes + _check_finalizers(key, metadata.get("finalizers") or ())


def _check_name(key: ResourceKey, metadata: Mapping[str, Any]) -> list[Cause]:
    problems_of = _NAMES.get((key.group, key.plural), name_validation.subdomain_problems)
    name = metadata.get("name")
    if name:
        return [invalid_value("metadata.name", name, each) for each in problems_of(name)]
    prefix = metadata.get("generateName", "")
    # What the server appends makes up for a dash at the end.
    problems = problems_of(f"{prefix}x")
    return [invalid_value("metadata.generateName", prefix, each) for each in problems]


def _check_annotations(annotations: Mapping[str, str]) -> list[Cause]:
    causes = []
    for name in annotations:
        causes += name_validation.check_qualified_name(name.lower(), "metadata.annotations")
    size = sum(len(f"{name}{value}".encode()) for name, value in annotations.items())
    if size > _LONGEST_ANNOTATIONS:
        causes.append(too_long("metadata.annotations", _LONGEST_ANNOTATIONS))
    return causes


def _check_owners(owners: Sequence[Mapping[str, Any]]) -> list[Cause]:
    causes = []
    controller = ""
    for owner in owners:
        group, slash, version = owner.get("apiVersion", "").rpartition("/")
        required = {
            "apiVersion": ("version", version and bool(group) is bool(slash) and "/" not in group),
            "kind": ("kind", owner.get("kind")),
            "name": ("name", owner.get("name")),
            "uid": ("uid", owner.get("uid")),
        }
        causes += [
            invalid_value(f"{_OWNER}.{field}", owner.get(field, ""), f"{what} must not be empty")
            for field, (what, is_given) in required.items()
            if not is_given
        ]
        if (group, version, owner.get("kind")) == ("", "v1", "Event"):
            detail = "/v1, Kind=Event is disallowed from being an owner"
            causes.append(_invalid_owners(_owner_text(owner), detail))
        if owner.get("controller"):
            this = f"{owner.get('kind', '')}/{owner.get('name', '')}"
            if controller:
                shown = "[]v1.OwnerReference{" + ", ".join(map(_owner_text, owners)) + "}"
                detail = (
                    "Only one reference can have Controller set to true. "
                    f'Found "true" in references for {controller} and {this}'
                )
                causes.append(_invalid_owners(shown, detail))
            controller = controller or this
    return causes


def _invalid_owners(shown: str, detail: str) -> Cause:
    return Cause("FieldValueInvalid", _OWNER, f"Invalid value: {shown}: {detail}")


def _owner_text(owner: Mapping[str, Any]) -> str:
    """Write an OwnerReference as Go's `%#v` does; addresses of booleans differ in real ones."""
    texts = [
        f"{label}:{quoted(owner.get(name, ''))}"
        for label, name in (
            ("APIVersion", "apiVersion"),
            ("Kind", "kind"),
            ("Name", "name"),
            ("UID", "uid"),
        )
    ]
    for label, name in (
        ("Controller", "controller"),
        ("BlockOwnerDeletion", "blockOwnerDeletion"),
    ):
        texts.append(f"{label}:(*bool)({'0xc000000000' if name in owner else 'nil'})")
    return "v1.OwnerReference{" + ", ".join(texts) + "}"


def _check_finalizers(key: ResourceKey, finalizers: Sequence[str]) -> list[Cause]:
    causes = []
    for name in finalizers:
        causes += name_validation.check_qualified_name(name, "metadata.finalizers")
    if key in _QUALIFIED_FINALIZERS:
        detail = "name is neither a standard finalizer name nor is it fully qualified"
        causes += [
            invalid_value(f"metadata.finalizers[{index}]", name, detail)
            for index, name in enumerate(finalizers)
            if "/" not in name and name not in _FINALIZERS
        ]
    if {"foregroundDeletion", "orphan"} <= set(finalizers):
        detail = "finalizer orphan and foregroundDeletion cannot be both set"
        shown = _go_strings(finalizers)
        causes.append(
            Cause("FieldValueInvalid", "metadata.finalizers", f"Invalid value: {shown}: {detail}")
        )
    return causes


def _check_update(metadata: Mapping[str, Any], old: Mapping[str, Any]) -> list[Cause]:
    causes = []
    is_deleted = "deletionTimestamp" in old
    if is_deleted:
        extra = sorted(set(metadata.get("finalizers") or ()) - set(old.get("finalizers") or ()))
        if extra:
            detail = (
                "no new finalizers can be added if the object is being deleted, "
                f"found new finalizers {_go_strings(extra)}"
            )
            causes.append(forbidden_value("metadata.finalizers", detail))
    if metadata.get("uid") and metadata["uid"] != old["uid"]:
        causes.append(invalid_value("metadata.uid", metadata["uid"], "field is immutable"))
    for name in ("creationTimestamp", "deletionTimestamp"):
        given = metadata.get(name)
        if given and given != old.get(name) and not (is_deleted and name != "creationTimestamp"):
            text = f"Invalid value: {_go_time(given)}: field is immutable"
            causes.append(Cause("FieldValueInvalid", f"metadata.{name}", text))
    return causes


def _go_time(text: str) -> str:
    moment = datetime.fromisoformat(text)
    zone = "UTC" if text.endswith("Z") else moment.strftime("%z")
    return f"{moment:%Y-%m-%d %H:%M:%S %z} {zone}"


def _go_strings(values: Sequence[str]) -> str:
    return "[]string{" + ", ".join(map(quoted, values)) + "}"
