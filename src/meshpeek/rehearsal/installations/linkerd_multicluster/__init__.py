"""Linkerd's multicluster extension, stable-2.14.10: its objects, links and the service mirror."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from meshpeek.rehearsal.installation import Installation, StartedBy, field
from meshpeek.rehearsal.types.keys import CRDS

if TYPE_CHECKING:
    from meshpeek.rehearsal.controllers.runtime import Controller, Runtime
    from meshpeek.rehearsal.seeding.seeded_cluster import SeededCluster
    from meshpeek.rehearsal.types.objects import Object

_COMMANDS = frozenset({"multicluster", "mc"})


def _service_mirror(runtime: Runtime) -> Controller:
    from meshpeek.rehearsal.installations.linkerd_multicluster.mirror import ServiceMirror

    return ServiceMirror(runtime)


class LinkerdMulticluster(Installation):
    """The extension without a gateway, and links between clusters on a flat network."""

    name = "linkerd-multicluster"
    needs = ("linkerd",)
    makes_links = True
    groups = frozenset({"multicluster.linkerd.io"})
    controllers = (StartedBy(CRDS, "", "links.multicluster.linkerd.io", _service_mirror),)
    seconds = 40.0

    def install(self, cluster: SeededCluster) -> None:
        """Apply what `linkerd multicluster install` prints."""
        from meshpeek.rehearsal.installations.linkerd_multicluster.extension import extension

        cluster.apply(extension())

    def link(self, cluster: SeededCluster) -> None:
        """Apply what `linkerd multicluster link` prints for each link."""
        from meshpeek.rehearsal.installations.linkerd_multicluster.seeded_links import link_to

        for name in cluster.seed.links:
            cluster.apply(link_to(cluster.cluster.cluster_set[name]))

    def acts_on(self, obj: Object) -> bool:
        """Return whether an object is a Service for other clusters."""
        return "mirror.linkerd.io/exported" in field(field(obj, "metadata"), "labels")

    def is_used_by(self, words: Sequence[str]) -> bool:
        """Return whether a command is one of the extension's."""
        return words[0] == "linkerd" and not _COMMANDS.isdisjoint(words)

    def is_installed_by(self, words: Sequence[str]) -> bool:
        """Return whether a command installs the extension, by Linkerd's CLI or by helm."""
        if self.is_used_by(words):
            return "install" in words
        return words[0] == "helm" and any("linkerd-multicluster" in word for word in words)


INSTALLATION = LinkerdMulticluster()
