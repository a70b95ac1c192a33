"""What names and labels the objects of Linkerd's control plane have in common."""

from __future__ import annotations

from types import MappingProxyType

from meshpeek.rehearsal.installations.shapes import metadata
from meshpeek.rehearsal.types.objects import Object

LINKERD_VERSION = "stable-2.14.10"
HOME = "linkerd"
"""The namespace of the control plane."""

INJECTOR_CONFIGURATION = "linkerd-proxy-injector-webhook-config"
POLICY_VALIDATOR_CONFIGURATION = "linkerd-policy-validator-webhook-config"
"""The objects by which the API server finds Linkerd's webhooks."""

COMPONENT = "linkerd.io/control-plane-component"
CREATED_BY = MappingProxyType({"linkerd.io/created-by": f"linkerd/cli {LINKERD_VERSION}"})


def control_plane_labels(component: str) -> dict[str, str]:
    """Return the labels of what belongs to a component."""
    return {COMPONENT: component, "linkerd.io/control-plane-ns": HOME}


def about_component(name: str, component: str, **labels: str) -> Object:
    """Return the metadata of an object of a component in Linkerd's own namespace."""
    return metadata(name, HOME, {**control_plane_labels(component), **labels}, CREATED_BY)
