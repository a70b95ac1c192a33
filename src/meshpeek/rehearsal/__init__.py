"""Rehearsal clusters: an embedded server that speaks the Kubernetes API to the real kubectl.

What the rest of meshpeek uses of it is here; it comes from its modules when it is asked for, so
importing this costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshpeek.rehearsal.errors import RehearsalError

if TYPE_CHECKING:
    from meshpeek.rehearsal.launch import (
        ClusterSeed,
        Equipment,
        Keeping,
        Page,
        RunningClusters,
        equip,
        kubeconfig_text,
        start,
    )
    from meshpeek.rehearsal.stand_ins.browser import default_hooks

__all__ = [
    "ClusterSeed",
    "Equipment",
    "Keeping",
    "Page",
    "RehearsalError",
    "RunningClusters",
    "default_hooks",
    "equip",
    "kubeconfig_text",
    "start",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    home = "stand_ins.browser" if name == "default_hooks" else "launch"
    return getattr(import_module(f"{__name__}.{home}"), name)
