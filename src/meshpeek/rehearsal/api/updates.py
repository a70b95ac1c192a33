"""Writes to the object that a path names: their options, and checks against the path."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from meshpeek.http.exchange import Request
from meshpeek.rehearsal.admission import admission
from meshpeek.rehearsal.api import unsupported
from meshpeek.rehearsal.api.bodies import (
    JSON_TYPE,
    decode_configuration,
    duplicate_fields,
    media_type,
)
from meshpeek.rehearsal.api.paths import ResourcePath
from meshpeek.rehearsal.patching import patch
from meshpeek.rehearsal.patching.managed_fields import (
    APPLY,
    LONGEST_NAME,
    UPDATE,
    Manager,
    manager_name,
)
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.store.store import timestamp
from meshpeek.rehearsal.types import crds
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.resources import Resource
from meshpeek.rehearsal.types.status import (
    Cause,
    NotDecodableError,
    bad_request,
    conflict,
    forbidden_value,
    invalid,
    not_found,
    required_value,
    too_long,
    unsupported_value,
)

# Duplicate fields in YAML are not reported.
_CHECKED_TYPES = (JSON_TYPE, patch.MERGE_PATCH, patch.STRATEGIC_PATCH)


def existing(cluster: Cluster, resource: Resource, target: ResourcePath) -> Object:
    """Return the stored object a path names; raises ApiError NotFound."""
    found = cluster.store.get(resource.key, target.namespace or None, target.name)
    if found is None:
        raise not_found(resource.key, target.name)
    return found


def replace(
    cluster: Cluster,
    resource: Resource,
    target: ResourcePath,
    obj: Object,
    write: admission.Write,
    subresource: str = "",
) -> Object:
    """Put `obj` in the place of the object a path names, and return it as stored."""
    check_kind(resource, target.version, obj)
    metadata = metadata_of(obj)
    check_namespace(metadata, target)
    if metadata.get("name") != target.name:
        raise bad_request(
            f"the name of the object ({metadata.get('name', '')}) does not match "
            f"the name on the URL ({target.name})"
        )
    if target.namespace:
        metadata["namespace"] = target.namespace
    old = existing(cluster, resource, target)
    uid = metadata.get("uid")
    if uid and uid != old["metadata"]["uid"]:
        raise conflict(
            resource.key,
            target.name,
            f"Precondition failed: UID in precondition: {uid}, "
            f"UID in object meta: {old['metadata']['uid']}",
        )
    if resource.requires_version and metadata.get("resourceVersion") in (None, "", "0"):
        detail = "Invalid value: 0x0: must be specified for an update"
        cause = Cause("FieldValueInvalid", "metadata.resourceVersion", detail)
        raise invalid(resource.key, resource.key.plural, target.name, [cause])
    return admission.update(cluster, resource, target.version, obj, old, write, subresource)


def apply_configuration(
    cluster: Cluster,
    resource: Resource,
    request: Request,
    target: ResourcePath,
    write: admission.Write,
) -> tuple[Object, bool]:
    """Apply a configuration (server-side) to the object a path names.

    Return it as stored, and whether it was created.
    """
    from meshpeek.rehearsal.patching.apply import applied

    if write.manager is None:
        raise LookupError("only a manager can apply")
    config = decode_configuration(request.body)
    check_kind(resource, target.version, config)
    metadata = metadata_of(config)
    if target.namespace:
        metadata.setdefault("namespace", target.namespace)
    _check_place(metadata, target)
    found = cluster.store.get(resource.key, target.namespace or None, target.name)
    if found is None and target.subresource:
        raise not_found(resource.key, target.name)
    live = None if found is None else crds.read_as(resource, target.version, found)
    now = timestamp(cluster.now())
    force = request.flag("force")
    result = applied(resource, target.version, config, live, write.manager, now, force=force)
    if found is None:
        if metadata.get("uid"):
            raise conflict(
                resource.key,
                target.name,
                f"uid mismatch: the provided object specified uid {metadata['uid']}, "
                "and no existing object was found",
            )
        write.warnings += unsupported.check_creation(resource.key)
        created = admission.create(cluster, resource, target.version, result, write)
        return created, True
    if metadata.get("resourceVersion") is None:
        result["metadata"].pop("resourceVersion", None)
    stored = admission.update(
        cluster, resource, target.version, result, found, write, target.subresource
    )
    return stored, False


def apply_patch(
    cluster: Cluster,
    resource: Resource,
    request: Request,
    target: ResourcePath,
    write: admission.Write,
    subresource: str = "",
) -> Object:
    """Patch the object a path names, and return it as stored."""
    old = existing(cluster, resource, target)
    current = deepcopy(crds.read_as(resource, target.version, old))
    patched = patch.patched(current, request, resource)
    metadata = metadata_of(patched)
    _check_place(metadata, target)
    if metadata.get("resourceVersion") == old["metadata"]["resourceVersion"]:
        del metadata["resourceVersion"]
    check_kind(resource, target.version, patched)
    try:
        return admission.update(cluster, resource, target.version, patched, old, write, subresource)
    except NotDecodableError as error:
        # Decoding changes the object: what it was is made again.
        current = deepcopy(crds.read_as(resource, target.version, old))
        again = patch.patched(current, request, resource)
        raise patch.not_decodable(request, patch.described_object(again), error) from None


def write_options(resource: Resource, request: Request, target: ResourcePath) -> admission.Write:
    """Read dryRun, fieldValidation (Warn by default, as of 1.27), fieldManager.

    Raises ApiError 422.
    """
    applying = patch.is_apply(request)
    causes = []
    dry_run = request.query.get("dryRun", "")
    if dry_run not in ("", "All"):
        causes.append(unsupported_value("dryRun", dry_run, ["All"]))
    validation = request.query.get("fieldValidation", "") or "Warn"
    if validation not in ("Ignore", "Strict", "Warn"):
        names = ["", "Ignore", "Strict", "Warn"]
        causes.append(unsupported_value("fieldValidation", validation, names))
    manager = manager_name(request)
    if len(manager) > LONGEST_NAME:
        causes.append(too_long("fieldManager", LONGEST_NAME))
    if applying and not request.query.get("fieldManager"):
        causes.append(required_value("fieldManager", "is required for apply patch"))
    if "force" in request.query and not applying:
        causes.append(forbidden_value("force", "may not be specified for non-apply patch"))
    if causes:
        kind = {"POST": "CreateOptions", "PUT": "UpdateOptions"}.get(request.method, "PatchOptions")
        raise invalid(patch.OPTIONS, kind, "", causes)
    operation = APPLY if applying else UPDATE
    version = resource.api_version(target.version)
    return admission.Write(
        validation,
        dry_run == "All",
        Manager(manager, operation, version, target.subresource),
        duplicates=_duplicates(request) if validation != "Ignore" else [],
    )


def _duplicates(request: Request) -> list[str]:
    kind = media_type(request.headers.get("content-type", ""))
    is_read = request.method in ("POST", "PUT", "PATCH") and kind in _CHECKED_TYPES
    return duplicate_fields(request.body) if is_read else []


def check_kind(resource: Resource, version: str, obj: Object) -> None:
    """Raise ApiError unless `obj` is of the kind and version that the path names."""
    wanted = resource.api_version(version)
    given = obj.setdefault("apiVersion", wanted)
    kind = obj.setdefault("kind", resource.kind)
    if given != wanted:
        raise bad_request(
            f"the API version in the data ({given}) does not match the expected API version "
            f"({wanted})"
        )
    if kind != resource.kind:
        raise bad_request(
            f'{kind} in version "{version}" cannot be handled as a {resource.kind}: '
            "the kind in the data does not match the path"
        )


def metadata_of(obj: Object) -> dict[str, Any]:
    """Return the metadata of an object from a request; raises ApiError if it is not an object."""
    metadata = obj.setdefault("metadata", {})
    if not isinstance(metadata, dict):
        raise bad_request("metadata: Invalid value: must be an object")
    return metadata


def _check_place(metadata: dict[str, Any], target: ResourcePath) -> None:
    """Raise ApiError where a patched or applied object has another name than the path."""
    for name, wanted in (("name", target.name), ("namespace", target.namespace)):
        if wanted and metadata.get(name) != wanted:
            given = metadata.get(name) or ""
            raise bad_request(
                f"the {name} of the object ({given}) does not match "
                f"the {name} on the URL ({wanted})"
            )


def check_namespace(metadata: dict[str, Any], target: ResourcePath) -> None:
    """Raise ApiError where an object has another namespace than the path."""
    if target.namespace and metadata.get("namespace", target.namespace) != target.namespace:
        raise bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
