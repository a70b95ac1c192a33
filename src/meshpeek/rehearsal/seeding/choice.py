"""Choosing what is installed on clusters: what their seeds name, or else what they call for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from meshpeek.rehearsal.errors import RehearsalError
from meshpeek.rehearsal.installation import Installation
from meshpeek.rehearsal.seeding.seeded_cluster import SeededCluster
from meshpeek.rehearsal.types.resources import group_and_version


def choose(seeded: Sequence[SeededCluster]) -> Mapping[str, frozenset[Installation]]:
    """Return what is installed on each cluster, by its name, with all that this needs.

    Where a seed names nothing, an installation is called for by objects of its groups, by links,
    by commands that use it, and by objects that only it does something with; the last two count
    only if no command installs it. Raises RehearsalError for an unknown name, and for links
    without anything that makes them.
    """
    linked = {name for each in seeded for name in each.seed.links}
    linked |= {each.cluster.name for each in seeded if each.seed.links}
    return {each.cluster.name: _chosen_for(each, linked) for each in seeded}


def _chosen_for(seeded: SeededCluster, linked: Collection[str]) -> frozenset[Installation]:
    known = {each.name: each for each in seeded.cluster.installations}
    name = seeded.cluster.name
    if seeded.seed.install is None:
        is_linked = name in linked
        wanted = [each for each in known.values() if _is_called_for(each, seeded, is_linked)]
    else:
        wanted = [_find(known, each, name) for each in seeded.seed.install]
    chosen = frozenset(_with_needs(known, wanted))
    if seeded.seed.links and not any(each.makes_links for each in chosen):
        makers = ", ".join(each.name for each in known.values() if each.makes_links)
        raise RehearsalError(
            f"the rehearsal cluster {name} has links, and nothing is installed that makes them",
            hint=f"add {makers} to `install`, or remove `links`",
            is_input=True,
        )
    return chosen


def _is_called_for(installation: Installation, seeded: SeededCluster, is_linked: bool) -> bool:
    if installation.is_everywhere or (is_linked and installation.makes_links):
        return True
    objects, commands = seeded.objects, seeded.seed.commands
    if any(group_and_version(obj["apiVersion"])[0] in installation.groups for obj in objects):
        return True
    if any(map(installation.is_installed_by, commands)):
        return False
    return any(map(installation.acts_on, objects)) or any(map(installation.is_used_by, commands))


def _find(known: Mapping[str, Installation], name: str, cluster: str) -> Installation:
    if name not in known:
        raise RehearsalError(
            f"the rehearsal cluster {cluster}: unknown installation `{name}`",
            hint=f"known are {', '.join(known)}",
            is_input=True,
        )
    return known[name]


def _with_needs(
    known: Mapping[str, Installation], wanted: Iterable[Installation]
) -> Iterable[Installation]:
    yield from (each for each in known.values() if each.is_everywhere)
    for each in wanted:
        yield each
        yield from _with_needs(known, [known[name] for name in each.needs])
