"""CustomResourceDefinitions: the kinds they add to a cluster, and their objects' several versions.

What happens to an object follows apiextensions-apiserver 1.27: pruned, then defaulted, by the
schema of the version it is written or read in; stored in the storage version, without conversion
other than of its apiVersion.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from meshpeek.rehearsal.store.store import WatchEvent
from meshpeek.rehearsal.types import crd_names
from meshpeek.rehearsal.types.keys import CRDS, ResourceKey
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.resources import ALL_VERBS, Resource

if TYPE_CHECKING:
    from meshpeek.rehearsal.store.cluster import Cluster

# The finalizer of a deleted definition, until its objects are gone.
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"

_VERSION = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")


def serve_definitions(cluster: Cluster) -> None:
    """Serve the kinds of the cluster's CustomResourceDefinition objects from now on.

    A definition's status gets the conditions that `kubectl wait` looks for. One that is deleted
    stays until its objects, which are deleted with it, are gone.
    """

    def follow(event: WatchEvent) -> None:
        if event.key != CRDS:
            if event.type == "DELETED":
                _finish_deletion(cluster, event.key)
        elif event.type == "DELETED":
            cluster.resources.remove(_key_of(event.object))
            _reconsider(cluster, event.object["spec"]["group"])
        elif "deletionTimestamp" in event.object["metadata"]:
            _delete_objects(cluster, event.object)
        else:
            _serve(cluster, event.object)

    cluster.store.subscribe(follow)


def resource_of(definition: Mapping[str, Any]) -> Resource:
    """Return the kind that a CustomResourceDefinition object defines."""
    spec = definition["spec"]
    names = spec["names"]
    versions = spec["versions"]
    subresources = {name for version in versions for name in version.get("subresources") or {}}
    return Resource(
        key=ResourceKey(spec["group"], names["plural"]),
        kind=names["kind"],
        versions=tuple(
            sorted(
                (version["name"] for version in versions if version.get("served")),
                key=version_priority,
            )
        ),
        storage_version=next(version["name"] for version in versions if version.get("storage")),
        namespaced=spec["scope"] == "Namespaced",
        singular=names.get("singular") or names["kind"].lower(),
        list_kind=names.get("listKind") or names["kind"] + "List",
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        verbs=ALL_VERBS,
        subresources=tuple(sorted(subresources)),
        counts_generation=True,
        definition=definition,
    )


def version_priority(version: str) -> tuple[int, int, int, str]:
    """Return a key that sorts versions as Kubernetes does: v2, v1, v1beta2, v1beta1, v1alpha1."""
    found = _VERSION.fullmatch(version)
    if found is None:
        return (3, 0, 0, version)
    stability = {None: 0, "beta": 1, "alpha": 2}[found[2]]
    return (stability, -int(found[1]), -int(found[3] or 0), "")


def schema_of(resource: Resource, version: str) -> Mapping[str, Any]:
    """Return the schema of a custom resource in one of its versions."""
    if resource.definition is None:
        raise LookupError(f"{resource.key} is not a custom resource")
    for each in resource.definition["spec"]["versions"]:
        if each["name"] == version:
            schema: Mapping[str, Any] = (each.get("schema") or {}).get("openAPIV3Schema") or {}
            return schema
    raise LookupError(f"{resource.key} has no version {version}")


def read_as(resource: Resource, version: str, obj: Object) -> Object:
    """Return a stored object as it is read in `version`; the stored one is left alone."""
    if resource.definition is None or version == resource.storage_version:
        return obj
    from meshpeek.rehearsal.types import structural

    schema = schema_of(resource, version)
    view = deepcopy(obj)
    view["apiVersion"] = resource.api_version(version)
    structural.prune(schema, view)
    structural.apply_defaults(schema, view)
    return view


def deprecation(resource: Resource, version: str) -> str:
    """Return the warning that comes with every use of a deprecated version, else nothing."""
    if resource.definition is None:
        return ""
    for each in resource.definition["spec"]["versions"]:
        if each["name"] == version and each.get("deprecated"):
            text = f"{resource.api_version(version)} {resource.kind} is deprecated"
            return str(each.get("deprecationWarning") or text)
    return ""


def _serve(cluster: Cluster, definition: Object) -> None:
    """Serve a definition's kind if its names are free, and write the result to its status."""
    spec = definition["spec"]
    key = _key_of(definition)
    others = [each for each in cluster.resources if each.key.group == key.group and each.key != key]
    taken = crd_names.conflict(spec["names"], others)
    since = definition["metadata"]["creationTimestamp"]
    status = definition.get("status") or {}
    stored = next(version["name"] for version in spec["versions"] if version.get("storage"))
    earlier = status.get("storedVersions") or []
    served = cluster.resources.get(key) is not None
    if taken is None:
        cluster.resources.add(resource_of(definition))
        conditions = [
            _condition("NamesAccepted", since, "NoConflicts", "no conflicts found"),
            _condition(
                "Established", since, "InitialNamesAccepted", "the initial names have been accepted"
            ),
        ]
    else:
        conditions = [_condition("NamesAccepted", since, *taken, status="False")]
        if not served:
            message = "not all names are accepted"
            established = _condition("Established", since, "NotAccepted", message, status="False")
            conditions.append(established)
    wanted = {
        "acceptedNames": spec["names"] if taken is None else {"kind": "", "plural": ""},
        "conditions": conditions,
        "storedVersions": earlier if stored in earlier else [*earlier, stored],
    }
    _set_status(cluster, definition, wanted)


def _reconsider(cluster: Cluster, group: str) -> None:
    """Serve definitions that waited for names which have become free."""
    for definition in cluster.store.list(CRDS):
        waiting = cluster.resources.get(_key_of(definition)) is None
        if waiting and definition["spec"]["group"] == group:
            _serve(cluster, definition)


def _set_status(cluster: Cluster, definition: Object, status: Object) -> None:
    if definition.get("status") != status:
        cluster.store.update(
            CRDS,
            {"metadata": {"name": definition["metadata"]["name"]}, "status": status},
            subresource="status",
        )


def _condition(
    kind: str, since: str, reason: str, message: str, status: str = "True"
) -> dict[str, str]:
    return {
        "lastTransitionTime": since,
        "message": message,
        "reason": reason,
        "status": status,
        "type": kind,
    }


def _key_of(definition: Mapping[str, Any]) -> ResourceKey:
    spec = definition["spec"]
    return ResourceKey(spec["group"], spec["names"]["plural"])


def is_terminating(resource: Resource) -> bool:
    """Return whether a custom kind is being deleted, so that no object of it may be created."""
    definition = resource.definition
    return definition is not None and "deletionTimestamp" in definition["metadata"]


def _delete_objects(cluster: Cluster, definition: Object) -> None:
    key = _key_of(definition)
    if cluster.resources.get(key) is not None:
        cluster.resources.add(resource_of(definition))
        for obj in cluster.store.list(key):
            if "deletionTimestamp" not in obj["metadata"]:
                metadata = obj["metadata"]
                cluster.store.delete(key, metadata.get("namespace"), metadata["name"])
    if cluster.store.list(key):
        _say_terminating(cluster, definition)
    else:
        _let_go(cluster, definition)


def _say_terminating(cluster: Cluster, definition: Object) -> None:
    """Write the condition of a definition that waits for the deletion of its objects."""
    status = definition.get("status") or {}
    conditions = status.get("conditions") or []
    if any(each["type"] == "Terminating" for each in conditions):
        return
    since = definition["metadata"]["deletionTimestamp"]
    message = "CustomResource deletion is in progress"
    condition = _condition("Terminating", since, "InstanceDeletionInProgress", message)
    _set_status(cluster, definition, {**status, "conditions": [*conditions, condition]})


def _finish_deletion(cluster: Cluster, key: ResourceKey) -> None:
    """Finish the deletion of a definition whose last object has just been deleted."""
    resource = cluster.resources.get(key)
    if resource is None or not is_terminating(resource) or cluster.store.list(key):
        return
    definition = cluster.store.get(CRDS, None, str(key))
    if definition is not None:
        _let_go(cluster, definition)


def _let_go(cluster: Cluster, definition: Object) -> None:
    metadata = definition["metadata"]
    finalizers = [each for each in metadata.get("finalizers", ()) if each != CLEANUP]
    if finalizers != metadata.get("finalizers"):
        cluster.store.update(
            CRDS, {**definition, "metadata": {**metadata, "finalizers": finalizers}}
        )
