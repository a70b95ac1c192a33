"""Events are deleted after an hour, the default of the API server's `--event-ttl`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from meshpeek.rehearsal.controllers.runtime import ObjectKey, Runtime
from meshpeek.rehearsal.store.store import WatchEvent, timestamp
from meshpeek.rehearsal.types.keys import EVENTS, ResourceKey

LIFETIME = timedelta(hours=1)
SWEEP_SECONDS = 60.0


class EventExpiry:
    """Deletes old Events, once a minute."""

    watches: frozenset[ResourceKey] | None = frozenset()

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._wait()

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:  # noqa: ARG002 - time alone concerns it
        """Return nothing."""
        return ()

    def reconcile(self, key: ObjectKey) -> None:
        """Do nothing."""

    def _wait(self) -> None:
        self._runtime.after(SWEEP_SECONDS, self._sweep)

    def _sweep(self) -> None:
        self._wait()
        oldest = timestamp(self._runtime.clock.now() - LIFETIME)
        for each in self._runtime.store.list(EVENTS):
            # An Event that occurs again is written again, so its time starts anew.
            if max(each["metadata"]["creationTimestamp"], each.get("lastTimestamp") or "") < oldest:
                self._runtime.delete(EVENTS, each)
