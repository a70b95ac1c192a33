"""Setting up clusters as a person would have done it some minutes ago.

Everything is made by the code that works on the running clusters (admission, controllers), on a
simulated clock that ends at the present: so ages, revisions and events read as they would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from meshpeek.rehearsal import controllers
from meshpeek.rehearsal.controllers.clocks import SimulatedClock
from meshpeek.rehearsal.errors import RehearsalError
from meshpeek.rehearsal.seeding.choice import choose
from meshpeek.rehearsal.seeding.cluster_seed import ClusterSeed
from meshpeek.rehearsal.seeding.seeded_cluster import SeededCluster
from meshpeek.rehearsal.store.cluster import Cluster

_AGE = 14 * 60.0
"""How long ago the clusters that a session begins with were created, in seconds."""

_LINKING_SECONDS = 45


def seed(
    clusters: Mapping[str, Cluster], seeds: Mapping[str, ClusterSeed], age: float = _AGE
) -> None:
    """Set up all `clusters`, empty until now, as `seeds` say by their names.

    They were created `age` seconds ago.

    Raises RehearsalError for manifests that cannot be read or are refused, for links to clusters
    that are not there, and for unknown installations.
    """
    present = next(iter(clusters.values())).now()
    clock = SimulatedClock(present - timedelta(seconds=age))
    runtimes = [controllers.start(cluster, clock) for cluster in clusters.values()]
    try:
        seeded = [
            SeededCluster(runtime.cluster, runtime, seeds.get(runtime.cluster.name, ClusterSeed()))
            for runtime in runtimes
        ]
        _set_up(seeded, clock, present)
        clock.advance((present - clock.now()).total_seconds())
    finally:
        for runtime in runtimes:
            runtime.stop()


def _set_up(seeded: Sequence[SeededCluster], clock: SimulatedClock, present: datetime) -> None:
    """Install what each cluster is to have, everything on all of them before the next."""
    for each in seeded:
        _check_links(each)
    known = seeded[0].cluster.installations
    chosen = choose(seeded)
    for installation in known:
        places = [each for each in seeded if installation in chosen[each.cluster.name]]
        if not places:
            continue
        for each in places:
            installation.install(each)
        left = (present - clock.now()).total_seconds()
        clock.advance(min(installation.seconds, left))
        if installation.makes_links:
            for each in places:
                installation.link(each)
            clock.advance(_LINKING_SECONDS)
    for each in seeded:
        each.apply_manifests()


def _check_links(seeded: SeededCluster) -> None:
    others = [name for name in seeded.cluster.cluster_set if name != seeded.cluster.name]
    for name in seeded.seed.links:
        if name not in others:
            raise RehearsalError(
                f"the rehearsal cluster {seeded.cluster.name} cannot be linked to {name!r}",
                hint=f"link to another cluster of the workshop: {', '.join(others)}",
                is_input=True,
            )
