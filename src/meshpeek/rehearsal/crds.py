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

from meshpeek.rehearsal.resources import ALL_VERBS, Resource, ResourceKey
from meshpeek.rehearsal.store import Event, Object

if TYPE_CHECKING:
    from meshpeek.rehearsal.cluster import Cluster

DEFINITIONS = ResourceKey("apiextensions.k8s.io", "customresourcedefinitions")

_VERSION = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")


def serve_definitions(cluster: Cluster) -> None:
    """Serve the kinds of the cluster's CustomResourceDefinition objects from now on.

    A definition's status gets the conditions that `kubectl wait` looks for; when a definition
    goes, its objects go with it.
    """

    def follow(event: Event) -> None:
        if event.key != DEFINITIONS:
            return
        if event.type == "DELETED":
            _withdraw(cluster, event.object)
        elif "deletionTimestamp" not in event.object["metadata"]:
            cluster.resources.add(resource_of(event.object))
            _establish(cluster, event.object)

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
        raise LookupError(f"{resource.key} is no custom resource")
    for each in resource.definition["spec"]["versions"]:
        if each["name"] == version:
            schema: Mapping[str, Any] = (each.get("schema") or {}).get("openAPIV3Schema") or {}
            return schema
    raise LookupError(f"{resource.key} has no version {version}")


def read_as(resource: Resource, version: str, obj: Object) -> Object:
    """Return a stored object as it is read in `version`; the stored one is left alone."""
    if resource.definition is None or version == resource.storage_version:
        return obj
    from meshpeek.rehearsal import structural

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


def _establish(cluster: Cluster, definition: Object) -> None:
    since = definition["metadata"]["creationTimestamp"]
    spec = definition["spec"]
    accepted = {
        "listKind": f"{spec['names']['kind']}List",
        "singular": spec["names"]["kind"].lower(),
        **spec["names"],
    }
    status = definition.get("status") or {}
    stored = next(version["name"] for version in spec["versions"] if version.get("storage"))
    earlier = status.get("storedVersions") or []
    wanted = {
        "acceptedNames": accepted,
        "conditions": [
            _condition("NamesAccepted", since, "NoConflicts", "no conflicts found"),
            _condition(
                "Established", since, "InitialNamesAccepted", "the initial names have been accepted"
            ),
        ],
        "storedVersions": earlier if stored in earlier else [*earlier, stored],
    }
    if status != wanted:
        cluster.store.update(
            DEFINITIONS,
            {"metadata": {"name": definition["metadata"]["name"]}, "status": wanted},
            subresource="status",
        )


def _condition(kind: str, since: str, reason: str, message: str) -> dict[str, str]:
    return {
        "lastTransitionTime": since,
        "message": message,
        "reason": reason,
        "status": "True",
        "type": kind,
    }


def _withdraw(cluster: Cluster, definition: Object) -> None:
    key = resource_of(definition).key
    for obj in cluster.store.list(key):
        metadata = obj["metadata"]
        if metadata.get("finalizers"):
            released = {**obj, "metadata": {**metadata, "finalizers": []}}
            cluster.store.update(key, released)
        cluster.store.delete(key, metadata.get("namespace"), metadata["name"])
    cluster.resources.remove(key)
