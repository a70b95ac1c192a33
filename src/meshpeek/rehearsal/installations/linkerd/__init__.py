"""Linkerd stable-2.14.10: its objects, controllers, admission, data path and command line."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from meshpeek.rehearsal.installation import Installation, StartedBy, Webhook, field
from meshpeek.rehearsal.installations.linkerd.names import (
    HOME,
    INJECTOR_CONFIGURATION,
    POLICY_VALIDATOR_CONFIGURATION,
)
from meshpeek.rehearsal.types.keys import DEPLOYMENTS, PODS, ResourceKey

if TYPE_CHECKING:
    from meshpeek.rehearsal.controllers.runtime import Controller, Runtime
    from meshpeek.rehearsal.seeding.seeded_cluster import SeededCluster
    from meshpeek.rehearsal.store.cluster import Cluster
    from meshpeek.rehearsal.types.objects import Object

_INJECTS = ("enabled", "ingress")


def _inject(cluster: Cluster, pod: Object) -> None:
    from meshpeek.rehearsal.installations.linkerd.injection import inject

    inject(cluster, pod)


def _review_route(_cluster: Cluster, route: Object) -> None:
    from meshpeek.rehearsal.installations.linkerd.policy_webhook import review

    review(route)


def _route_status(runtime: Runtime) -> Controller:
    from meshpeek.rehearsal.installations.linkerd.routes import RouteStatusController

    return RouteStatusController(runtime)


class Linkerd(Installation):
    """Linkerd's control plane, as `linkerd install` leaves it."""

    name = "linkerd"
    groups = frozenset({"linkerd.io", "policy.linkerd.io"})
    programs = MappingProxyType({"linkerd": "meshpeek.rehearsal.installations.linkerd.cli"})
    mutating = (Webhook(INJECTOR_CONFIGURATION, PODS, _inject),)
    validating = (
        Webhook(
            POLICY_VALIDATOR_CONFIGURATION,
            ResourceKey("policy.linkerd.io", "httproutes"),
            _review_route,
        ),
    )
    controllers = (StartedBy(DEPLOYMENTS, HOME, "linkerd-destination", _route_status),)
    seconds = 85.0

    def install(self, cluster: SeededCluster) -> None:
        """Apply what `linkerd install --crds` and `linkerd install` print."""
        from meshpeek.rehearsal.installations.linkerd.control_plane import control_plane
        from meshpeek.rehearsal.installations.linkerd.crds import definitions

        cluster.define(definitions())
        cluster.apply(control_plane())

    def acts_on(self, obj: Object) -> bool:
        """Return whether an object asks for Linkerd's proxy."""
        template = field(field(obj, "spec"), "template")
        annotations = [field(field(each, "metadata"), "annotations") for each in (obj, template)]
        return any(each.get("linkerd.io/inject") in _INJECTS for each in annotations)

    def is_used_by(self, words: Sequence[str]) -> bool:
        """Return whether a command is one of Linkerd's, and asks a cluster for anything."""
        return words[0] == "linkerd" and len(words) > 1 and "--client" not in words

    def is_installed_by(self, words: Sequence[str]) -> bool:
        """Return whether a command installs the control plane, by Linkerd's CLI or by helm."""
        if words[0] == "linkerd":
            return "install" in words and not {"multicluster", "mc", "viz", "jaeger"} & {*words}
        return words[0] == "helm" and any("linkerd-control-plane" in word for word in words)


INSTALLATION = Linkerd()
