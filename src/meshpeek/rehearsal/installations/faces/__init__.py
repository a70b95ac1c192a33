"""Faces 0.8.0: no pod runs, so what its requests would meet is worked out here.

`workloads` are the pods of Faces, `cells` sends one cell's request to them by Linkerd's data path,
and `site` serves the page.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import TYPE_CHECKING

from meshpeek.rehearsal.installation import BrowserPage, Installation
from meshpeek.rehearsal.types.keys import SERVICES

if TYPE_CHECKING:
    from meshpeek.http.server import Handler
    from meshpeek.rehearsal.installations.faces.site import Site
    from meshpeek.rehearsal.seeding.seeded_cluster import SeededCluster
    from meshpeek.rehearsal.store.cluster import Cluster


def _is_there(clusters: Collection[Cluster]) -> bool:
    services = (obj for cluster in clusters for obj in cluster.store.list(SERVICES))
    return any(obj["metadata"]["name"] == "face" for obj in services)


def _serve(clusters: Collection[Cluster]) -> Handler:
    """Return what answers for Faces; loaded with the first request, since no start needs it."""

    @cache
    def site() -> Site:
        from meshpeek.rehearsal.installations.faces.site import Site

        return Site(clusters)

    return lambda request: site().handle(request)


class Faces(Installation):
    """Faces in one cluster, and its page, whichever manifests it comes from."""

    name = "faces"
    pages = (BrowserPage("Faces", "faces", "MESHPEEK_FACES", _is_there, _serve),)
    seconds = 60.0

    def install(self, cluster: SeededCluster) -> None:
        """Apply all of Faces."""
        from meshpeek.rehearsal.installations.faces.objects import faces, home

        cluster.apply([cluster.own_namespace(home()), *faces()])


INSTALLATION = Faces()
