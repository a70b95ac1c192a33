"""The Gateway API, v0.7.1 as Linkerd stable-2.14.10 has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshpeek.rehearsal.installation import Installation

if TYPE_CHECKING:
    from meshpeek.rehearsal.seeding.seeded_cluster import SeededCluster


class GatewayApi(Installation):
    """The CRDs alone: whoever implements the API brings the controllers."""

    name = "gateway-api"
    groups = frozenset({"gateway.networking.k8s.io"})

    def install(self, cluster: SeededCluster) -> None:
        """Apply the CRDs where no other product has brought them."""
        from meshpeek.rehearsal.installations.gateway_api.crds import definitions

        cluster.define(definitions())


INSTALLATION = GatewayApi()
