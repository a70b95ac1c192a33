"""What an installation is: a product, with all that it brings to rehearsal clusters.

The products are in `installations`, and nothing else knows one of them by its name. What an
Installation holds is light; it loads what does the work when that is wanted, since all of them are
loaded at each start: a workshop may install a product itself, on a cluster that began without.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from meshpeek.rehearsal.types.keys import ResourceKey

if TYPE_CHECKING:
    from meshpeek.http.server import Handler
    from meshpeek.rehearsal.controllers.runtime import Controller, Runtime
    from meshpeek.rehearsal.seeding.seeded_cluster import SeededCluster
    from meshpeek.rehearsal.store.cluster import Cluster
    from meshpeek.rehearsal.types.objects import Object


class Webhook(NamedTuple):
    """What a product does to objects of a kind before they are stored.

    It is called while its configuration object, a MutatingWebhookConfiguration or a Validating…,
    is there under the name `configuration`. A mutating one changes the object in place, a
    validating one raises ApiError for an object that it denies.
    """

    configuration: str
    resource: ResourceKey
    call: Callable[[Cluster, Object], None]


class StartedBy(NamedTuple):
    """A control loop of a product, and the object without which it does nothing.

    It is started when that object is there, and runs until the clusters end.
    """

    resource: ResourceKey
    namespace: str
    name: str
    make: Callable[[Runtime], Controller]


class BrowserPage(NamedTuple):
    """A page for a browser: its title, its name in the URL, the variable that holds that URL.

    `is_open` says whether there is anything to see yet, `serve` returns what answers requests.
    """

    title: str
    name: str
    variable: str
    is_open: Callable[[Collection[Cluster]], bool]
    serve: Callable[[Collection[Cluster]], Handler]


class Installation:
    """One product. Each has its own subclass, which says what is not as it is here.

    `needs` are the names of what has to be installed before. An installation that `is_everywhere`
    is on every cluster; one that `makes_links` has a `link` for the `links` of a seed. `groups`
    are the API groups of its kinds. `programs` are its stand-ins for command-line tools: the module
    whose `main` each runs, by its name on PATH. `seconds` pass after it has been installed.
    """

    name: str
    needs: tuple[str, ...] = ()
    is_everywhere = False
    makes_links = False
    groups: frozenset[str] = frozenset()
    programs: Mapping[str, str] = MappingProxyType({})
    mutating: tuple[Webhook, ...] = ()
    validating: tuple[Webhook, ...] = ()
    controllers: tuple[StartedBy, ...] = ()
    pages: tuple[BrowserPage, ...] = ()
    seconds = 0.0

    def install(self, cluster: SeededCluster) -> None:
        """Install it on a cluster that is being seeded."""
        raise NotImplementedError

    def link(self, cluster: SeededCluster) -> None:
        """Link the cluster, which is being seeded, as its seed says."""
        raise NotImplementedError

    def acts_on(self, obj: Object) -> bool:  # noqa: ARG002 - it is for subclasses
        """Return whether it would do something with an object of another group than its own."""
        return False

    def is_used_by(self, words: Sequence[str]) -> bool:  # noqa: ARG002 - it is for subclasses
        """Return whether a command, given as its words, wants it to be installed."""
        return False

    def is_installed_by(self, words: Sequence[str]) -> bool:  # noqa: ARG002 - it is for subclasses
        """Return whether a command, given as its words, installs it."""
        return False


def field(obj: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a field of an object that nobody has checked yet; empty if it is not an object."""
    value = obj.get(name)
    return value if isinstance(value, dict) else {}
