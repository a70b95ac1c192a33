"""One rehearsal cluster: its name, its objects, and the kinds it serves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from meshpeek.rehearsal.store.store import Store
from meshpeek.rehearsal.types.kind_registry import Registry

if TYPE_CHECKING:
    from meshpeek.rehearsal.installation import Installation

VERSION = "v1.27.4+rehearsal"


def utc_now() -> datetime:
    """Return the present time, in UTC."""
    return datetime.now(UTC)


@dataclass(slots=True, eq=False)
class Cluster:
    """A cluster. `index` counts from 1 and tells its addresses: pods in 10.23.<index - 1>.0/24.

    `cluster_set` holds the clusters of the process by name, this one included: controllers that
    work across clusters read and watch those of the others. `now` returns the present time, in UTC.
    `server` is the URL of its API server, empty until one is up. `installations` are those that can
    be on it: what they bring acts as soon as their objects are there.
    """

    name: str
    index: int
    cluster_set: dict[str, Cluster] = field(repr=False)
    now: Callable[[], datetime] = utc_now
    server: str = ""
    installations: tuple[Installation, ...] = ()
    resources: Registry = field(init=False, repr=False)
    store: Store = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.resources = Registry()
        self.store = Store(self.resources, self.now)
        self.cluster_set[self.name] = self
