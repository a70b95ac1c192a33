"""Events go after an hour, as API servers forget them (`--event-ttl`): else they pile up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from meshpeek.rehearsal.controllers.runtime import Item, Runtime
from meshpeek.rehearsal.store.store import Event, timestamp
from meshpeek.rehearsal.types.keys import EVENTS, ResourceKey

LIFETIME = timedelta(hours=1)
SWEEP_SECONDS = 60.0


class EventExpiry:
    """Sweeps old Events away, once a minute."""

    watches: frozenset[ResourceKey] | None = frozenset()

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._wait()

    def concerns(self, event: Event) -> Iterable[Item]:  # noqa: ARG002 - time alone concerns it
        """Return nothing."""
        return ()

    def reconcile(self, item: Item) -> None:
        """Do nothing."""

    def _wait(self) -> None:
        self._runtime.after(SWEEP_SECONDS, self._sweep)

    def _sweep(self) -> None:
        self._wait()
        oldest = timestamp(self._runtime.timeline.now() - LIFETIME)
        for each in self._runtime.store.list(EVENTS):
            # An Event that is seen again is written again, and lives on.
            if max(each["metadata"]["creationTimestamp"], each.get("lastTimestamp") or "") < oldest:
                self._runtime.delete(EVENTS, each)
