"""A cluster on its way to what it holds at the start, and how objects come to it meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from meshpeek.rehearsal.admission import admission
from meshpeek.rehearsal.controllers.runtime import Runtime
from meshpeek.rehearsal.errors import RehearsalError
from meshpeek.rehearsal.seeding.cluster_seed import ClusterSeed
from meshpeek.rehearsal.seeding.manifests import Manifest, read_manifests
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types.keys import CRDS, NAMESPACES
from meshpeek.rehearsal.types.objects import LAST_APPLIED, Object
from meshpeek.rehearsal.types.resources import group_and_version
from meshpeek.rehearsal.types.status import ApiError

_applied_texts: dict[int, tuple[Object, str]] = {}
"""The annotation of each CRD that comes with meshpeek: large, and the same in every cluster."""


class SeededCluster:
    """A cluster that is being seeded, what it is to hold, and the objects of its manifests.

    Raises RehearsalError for manifests that cannot be read.
    """

    def __init__(self, cluster: Cluster, runtime: Runtime, seed: ClusterSeed) -> None:
        self.cluster = cluster
        self.runtime = runtime
        self.seed = seed
        self._manifests = [found for path in seed.manifests for found in read_manifests(path)]

    @property
    def objects(self) -> list[Object]:
        """The objects of the manifests."""
        return [obj for _, obj in self._manifests]

    def own_namespace(self, default: Object) -> Object:
        """Return the Namespace in the manifests that has the name of `default`, else `default`."""
        for obj in self.objects:
            is_it = obj["metadata"].get("name") == default["metadata"]["name"]
            if obj["kind"] == "Namespace" and is_it:
                return obj
        return default

    def define(self, definitions: Iterable[Object]) -> None:
        """Apply CRDs that come with meshpeek, which are known to be well-formed."""
        for definition in definitions:
            if self.cluster.store.get(CRDS, None, definition["metadata"]["name"]) is None:
                self.runtime.create(CRDS, _applied_definition(definition))

    def apply(self, objects: Iterable[Object]) -> None:
        """Store objects of our own as `kubectl apply` does."""
        for obj in objects:
            if obj["kind"] == "CustomResourceDefinition":
                self.define([obj])
            else:
                self.create(_applied(obj))

    def create(self, obj: Object) -> None:
        """Store an object of our own; looking whether built-in ones are well-formed takes time."""
        resource = self.cluster.resources.of_kind(obj["apiVersion"], obj["kind"])
        if resource is not None and resource.definition is None:
            self.runtime.create(resource.key, obj)
        else:
            self._admit(obj)

    def apply_manifests(self) -> None:
        """Apply the manifests. Raises RehearsalError for an object that is refused."""
        for manifest in self._in_order():
            if not self._is_present(manifest.object):
                self._apply_manifest(manifest)

    def _in_order(self) -> Iterator[Manifest]:
        """Yield Namespaces first, as they may be in a file that is read after others."""
        yield from (each for each in self._manifests if each.object["kind"] == "Namespace")
        yield from (each for each in self._manifests if each.object["kind"] != "Namespace")

    def _is_present(self, obj: Object) -> bool:
        """Return whether a Namespace is there already: several manifests may bring the same one."""
        if obj["kind"] != "Namespace" or obj["apiVersion"] != "v1":
            return False
        name = obj["metadata"].get("name", "")
        return self.cluster.store.get(NAMESPACES, None, name) is not None

    def _apply_manifest(self, manifest: Manifest) -> None:
        place, obj = manifest
        try:
            self._admit(_applied(obj))
        except ApiError as error:
            raise RehearsalError(
                f"{place}: the rehearsal cluster {self.cluster.name} refuses the {obj['kind']} "
                f"{obj['metadata'].get('name', '')!r}: {error.message}",
                hint=self._hint(obj),
                is_input=True,
            ) from None

    def _hint(self, obj: Object) -> str:
        group, _ = group_and_version(obj["apiVersion"])
        for installation in self.cluster.installations:
            is_served = self.cluster.resources.of_kind(obj["apiVersion"], obj["kind"]) is not None
            if group in installation.groups and not is_served:
                return f"add {installation.name} to `install` in the settings"
        return "correct the manifest; a real cluster would refuse it too"

    def _admit(self, obj: Object) -> None:
        api_version, kind = obj["apiVersion"], obj["kind"]
        resource = self.cluster.resources.of_kind(api_version, kind)
        if resource is None:
            message = f'no matches for kind "{kind}" in version "{api_version}"'
            raise ApiError(404, "NotFound", message)
        obj["metadata"]["creationTimestamp"] = self.runtime.timestamp()
        _, version = group_and_version(api_version)
        admission.create(self.cluster, resource, version, obj, admission.Write("Strict"))


def _applied_definition(definition: Object) -> Object:
    """Return a CRD with the annotation, in dicts of its own where defaults will be filled in."""
    if id(definition) not in _applied_texts:
        text = _applied(definition)["metadata"]["annotations"][LAST_APPLIED]
        _applied_texts[id(definition)] = definition, text
    metadata, spec = definition["metadata"], definition["spec"]
    _, text = _applied_texts[id(definition)]
    annotations = {**metadata.get("annotations", {}), LAST_APPLIED: text}
    return {
        **definition,
        "metadata": {**metadata, "annotations": annotations},
        "spec": {**spec, "names": dict(spec["names"])},
    }


def _applied(obj: Object) -> Object:
    """Return a copy of `obj` with the annotation by which `kubectl apply` remembers it."""
    metadata = obj["metadata"]
    annotations = metadata.get("annotations") or {}
    plain = {**obj, "metadata": {**metadata, "annotations": annotations}}
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return {
        **obj,
        "metadata": {**metadata, "annotations": {**annotations, LAST_APPLIED: text + "\n"}},
    }
