"""Deletes: their options (DeleteOptions), and the answers to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from meshpeek.http.exchange import Request
from meshpeek.rehearsal.api.bodies import decode_object
from meshpeek.rehearsal.patching.patch import OPTIONS
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types.crds import CLEANUP
from meshpeek.rehearsal.types.keys import CRDS, NAMESPACES
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.resources import Resource
from meshpeek.rehearsal.types.status import (
    bad_request,
    forbidden,
    invalid,
    invalid_value,
    quoted,
    unsupported_value,
)

FINALIZERS = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}

IMMORTAL = ("default", "kube-public", "kube-system")
"""The Namespaces that may not be deleted."""

POLICIES = ("Background", "Foreground", "Orphan")


# The kinds whose deleted objects a real API server answers with.
_SHOWN = frozenset(
    (
        ("", "persistentvolumeclaims"),
        ("", "persistentvolumes"),
        ("", "pods"),
        ("", "podtemplates"),
        ("", "resourcequotas"),
        ("", "serviceaccounts"),
        ("", "services"),
        ("storage.k8s.io", "csidrivers"),
        ("storage.k8s.io", "csinodes"),
        ("storage.k8s.io", "storageclasses"),
        ("storage.k8s.io", "volumeattachments"),
    )
)


class DeleteOptions(NamedTuple):
    """The options of a delete; `finalizer` is the one that its propagation policy adds first."""

    uid: str | None
    resource_version: str | None
    finalizer: str | None
    dry_run: bool


def delete_options(request: Request, *, dry_run: bool) -> DeleteOptions:
    """Read the options in a request's body and query; raises ApiError 400 or 422."""
    given: dict[str, Any] = {}
    if request.body:
        given = decode_object(request.body, request.headers.get("content-type", ""))
    return options_of(given, request, dry_run=dry_run)


def options_of(given: Mapping[str, Any], request: Request, *, dry_run: bool) -> DeleteOptions:
    """Read the options in `given`, DeleteOptions from a body, and in a request's query.

    Raises ApiError 400 or 422.
    """
    policy = given.get("propagationPolicy") or request.query.get("propagationPolicy") or None
    orphan = given.get("orphanDependents")
    if orphan is None and "orphanDependents" in request.query:
        orphan = request.flag("orphanDependents")
    causes = []
    if policy is not None and orphan is not None:
        detail = "orphanDependents and deletionPropagation cannot be both set"
        causes.append(invalid_value("propagationPolicy", policy, detail))
    elif policy is not None and (not isinstance(policy, str) or policy not in POLICIES):
        causes.append(unsupported_value("propagationPolicy", policy, POLICIES))
    dry_runs = given.get("dryRun") or []
    if dry_runs not in ([], ["All"]):
        causes.append(unsupported_value("dryRun", dry_runs, ["All"]))
    if causes:
        raise invalid(OPTIONS, "DeleteOptions", "", causes)
    _check_grace_period(given.get("gracePeriodSeconds"), request)
    preconditions = given.get("preconditions") or {}
    if not isinstance(preconditions, dict):
        raise bad_request("preconditions of a delete must be an object")
    finalizer = FINALIZERS.get(policy or "")
    return DeleteOptions(
        uid=preconditions.get("uid"),
        resource_version=preconditions.get("resourceVersion"),
        finalizer=FINALIZERS["Orphan"] if orphan else finalizer,
        dry_run=dry_run or bool(dry_runs),
    )


def _check_grace_period(given: object, request: Request) -> None:
    """Raise ApiError 400 for a grace period that is not a number; it has no other effect."""
    asked = request.query.get("gracePeriodSeconds", "0")
    try:
        int(asked)
    except ValueError:
        raise bad_request(f"strconv.ParseInt: parsing {quoted(asked)}: invalid syntax") from None
    if given is not None and (isinstance(given, bool) or not isinstance(given, int)):
        raise bad_request(
            "json: cannot unmarshal the value into Go struct field "
            "DeleteOptions.gracePeriodSeconds of type int64"
        )


def delete(cluster: Cluster, resource: Resource, old: Object, options: DeleteOptions) -> Object:
    """Delete a stored object, and return it as it was last, or as it is while finalizers hold it.

    Raises ApiError Forbidden for a Namespace that a cluster needs.
    """
    metadata = old["metadata"]
    namespace, name = metadata.get("namespace"), metadata["name"]
    if resource.key == NAMESPACES and name in IMMORTAL:
        raise forbidden(NAMESPACES, name, "this namespace may not be deleted")
    left = cluster.store.delete(
        resource.key,
        namespace,
        name,
        uid=options.uid,
        resource_version=options.resource_version,
        finalizer=CLEANUP if resource.key == CRDS else options.finalizer,
        dry_run=options.dry_run,
    )
    return old if left is None else left


def is_shown(cluster: Cluster, resource: Resource, deleted: Object, *, dry_run: bool) -> bool:
    """Return whether the answer to a delete is the object rather than a Status."""
    if resource.key in _SHOWN:
        return True
    metadata = deleted["metadata"]
    left = cluster.store.get(resource.key, metadata.get("namespace"), metadata["name"])
    return left is not None and not dry_run


def deleted_status(resource: Resource, old: Object) -> dict[str, Any]:
    """Return the Status for an object that has been deleted."""
    metadata = old["metadata"]
    details = {"name": metadata["name"], "kind": resource.key.plural, "uid": metadata["uid"]}
    if resource.key.group:
        details["group"] = resource.key.group
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details,
    }
