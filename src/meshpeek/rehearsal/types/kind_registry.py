"""The kinds that one cluster serves."""

from __future__ import annotations

from collections.abc import Iterator

from meshpeek.rehearsal.types.builtin_kinds import BUILTINS
from meshpeek.rehearsal.types.keys import ResourceKey
from meshpeek.rehearsal.types.resources import Resource, group_and_version


class Registry:
    """The kinds one cluster serves: at first the built-in ones, then those its CRDs define, too.

    `revision` grows with every change, so that what is derived from a registry can be cached.
    """

    def __init__(self) -> None:
        self.revision = 1
        self._resources = {resource.key: resource for resource in BUILTINS}

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._resources.values())

    def get(self, key: ResourceKey) -> Resource | None:
        """Return the resource `key`, or None where the cluster does not serve it."""
        return self._resources.get(key)

    def served(self, group: str, version: str, plural: str) -> Resource | None:
        """Return the resource that a path names, if it is served in that version."""
        resource = self._resources.get(ResourceKey(group, plural))
        return resource if resource and version in resource.versions else None

    def of_kind(self, api_version: str, kind: str) -> Resource | None:
        """Return the resource of objects with this apiVersion and kind, None if not served."""
        group, version = group_and_version(api_version)
        for resource in self._resources.values():
            if resource.kind == kind and resource.key.group == group:
                return resource if version in resource.versions else None
        return None

    def add(self, resource: Resource) -> None:
        """Serve `resource`, in place of an earlier one with the same key."""
        self._resources[resource.key] = resource
        self.revision += 1

    def remove(self, key: ResourceKey) -> None:
        """Serve `key` no longer."""
        if self._resources.pop(key, None):
            self.revision += 1
