"""What names and labels the objects of Linkerd's control plane have in common."""

from __future__ import annotations

from types import MappingProxyType

from meshpeek.rehearsal.installations.linkerd.links import CONTROL_PLANE_NAMESPACE as HOME
from meshpeek.rehearsal.installations.linkerd.links import LINKERD_VERSION
from meshpeek.rehearsal.installations.workloads import metadata
from meshpeek.rehearsal.types.objects import Object

__all__ = ["COMPONENT", "CREATED_BY", "HOME", "about_component", "control_plane_labels"]

COMPONENT = "linkerd.io/control-plane-component"
CREATED_BY = MappingProxyType({"linkerd.io/created-by": f"linkerd/cli {LINKERD_VERSION}"})


def control_plane_labels(component: str) -> dict[str, str]:
    """Return the labels of what belongs to a component."""
    return {COMPONENT: component, "linkerd.io/control-plane-ns": HOME}


def about_component(name: str, component: str, **labels: str) -> Object:
    """Return the metadata of an object of a component in Linkerd's own namespace."""
    return metadata(name, HOME, {**control_plane_labels(component), **labels}, CREATED_BY)
