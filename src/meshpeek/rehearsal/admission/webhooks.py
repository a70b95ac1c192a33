"""Admission by the webhooks of installed products.

Those that users register themselves are stored, and never called.
"""

from __future__ import annotations

from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types.keys import MUTATING_WEBHOOKS, VALIDATING_WEBHOOKS, ResourceKey
from meshpeek.rehearsal.types.objects import Object


def mutate(cluster: Cluster, key: ResourceKey, obj: Object) -> None:
    """Let webhooks change a new object of the kind `key` in place."""
    for installation in cluster.installations:
        for webhook in installation.mutating:
            if webhook.resource == key and _has(cluster, MUTATING_WEBHOOKS, webhook.configuration):
                webhook.call(cluster, obj)


def validate(cluster: Cluster, key: ResourceKey, obj: Object) -> None:
    """Let webhooks look at an object of the kind `key`. Raises ApiError where one denies it."""
    for installation in cluster.installations:
        for webhook in installation.validating:
            if webhook.resource == key and _has(
                cluster, VALIDATING_WEBHOOKS, webhook.configuration
            ):
                webhook.call(cluster, obj)


def _has(cluster: Cluster, key: ResourceKey, name: str) -> bool:
    return cluster.store.get(key, None, name) is not None
