"""Rehearsal clusters: an embedded server that speaks the Kubernetes API to the real kubectl.

What others use of it is here, the rest of meshpeek and anybody's programs and tests, for which
`clusters` is meant; each name is loaded when it is asked for, so that importing this costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshpeek.rehearsal.errors import RehearsalError

if TYPE_CHECKING:
    from meshpeek.rehearsal.client_clusters import Clusters, clusters
    from meshpeek.rehearsal.installations import INSTALLATIONS
    from meshpeek.rehearsal.launch import (
        Equipment,
        Keeping,
        Page,
        RunningClusters,
        equip,
        kubeconfig_text,
        origin_of,
        start,
    )
    from meshpeek.rehearsal.seeding.cluster_seed import ClusterSeed
    from meshpeek.rehearsal.stand_ins.browser import default_hooks
    from meshpeek.rehearsal.stand_ins.cluster_makers import CONTROL_VARIABLE

__all__ = [
    "CONTROL_VARIABLE",
    "INSTALLATIONS",
    "ClusterSeed",
    "Clusters",
    "Equipment",
    "Keeping",
    "Page",
    "RehearsalError",
    "RunningClusters",
    "clusters",
    "default_hooks",
    "equip",
    "kubeconfig_text",
    "origin_of",
    "start",
]

_ELSEWHERE = {
    "INSTALLATIONS": "installations",
    "ClusterSeed": "seeding.cluster_seed",
    "CONTROL_VARIABLE": "stand_ins.cluster_makers",
    "Clusters": "client_clusters",
    "clusters": "client_clusters",
    "default_hooks": "stand_ins.browser",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = _ELSEWHERE.get(name, "launch")
    return getattr(import_module(f"{__name__}.{module}"), name)
