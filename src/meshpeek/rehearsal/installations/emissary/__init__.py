"""Emissary 3.8.0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshpeek.rehearsal.installation import Installation

if TYPE_CHECKING:
    from meshpeek.rehearsal.seeding.seeded_cluster import SeededCluster


class Emissary(Installation):
    """What Emissary's own manifests leave behind."""

    name = "emissary"
    groups = frozenset({"getambassador.io"})
    seconds = 90.0

    def install(self, cluster: SeededCluster) -> None:
        """Apply Emissary's manifests, after the Namespace that they leave to their users."""
        from meshpeek.rehearsal.installations.emissary.crds import definitions
        from meshpeek.rehearsal.installations.emissary.objects import HOME, emissary
        from meshpeek.rehearsal.installations.shapes import namespace

        cluster.define(definitions())
        cluster.apply([cluster.own_namespace(namespace(HOME)), *emissary()])


INSTALLATION = Emissary()
