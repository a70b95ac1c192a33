"""A kind of objects as an API server serves it, and how it is named in paths and by kubectl."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from meshpeek.rehearsal.types.keys import ResourceKey

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
REVIEW_VERBS = ("create",)

# The built-in kinds of which an update must say what it is based on.
_CONDITIONAL = frozenset(
    (
        ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
        ("admissionregistration.k8s.io", "validatingwebhookconfigurations"),
        ("apiextensions.k8s.io", "customresourcedefinitions"),
        ("apiregistration.k8s.io", "apiservices"),
        ("coordination.k8s.io", "leases"),
        ("policy", "poddisruptionbudgets"),
    )
)


class Resource(NamedTuple):
    """One kind as it is served.

    `versions` are those served, the preferred one first. `counts_generation` is False for kinds
    whose objects carry no `metadata.generation` (Pod, Service, ConfigMap …). `definition` is the
    CustomResourceDefinition object of a custom resource, None for a built-in one.
    """

    key: ResourceKey
    kind: str
    versions: tuple[str, ...]
    storage_version: str
    namespaced: bool
    singular: str
    list_kind: str
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    subresources: tuple[str, ...] = ()
    counts_generation: bool = False
    definition: Mapping[str, Any] | None = None

    @property
    def requires_version(self) -> bool:
        """Whether an update must have a resourceVersion, as for all custom resources."""
        return self.definition is not None or self.key in _CONDITIONAL

    def api_version(self, version: str | None = None) -> str:
        """Return the apiVersion of `version`, or of the stored objects."""
        version = version or self.storage_version
        return f"{self.key.group}/{version}" if self.key.group else version


def group_and_version(api_version: str) -> tuple[str, str]:
    """Split an apiVersion: `apps/v1` into `("apps", "v1")`, `v1` into `("", "v1")`."""
    group, _, version = api_version.rpartition("/")
    return group, version
