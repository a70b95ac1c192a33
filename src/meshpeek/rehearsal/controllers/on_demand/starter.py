"""Control loops that start with the first object of their kind: they take no memory before."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from meshpeek.rehearsal.controllers.runtime import ObjectKey, Runtime
from meshpeek.rehearsal.store.store import WatchEvent
from meshpeek.rehearsal.types.keys import (
    AUTOSCALERS,
    CERTIFICATE_REQUESTS,
    CRON_JOBS,
    DAEMON_SETS,
    DISRUPTION_BUDGETS,
    JOBS,
    RESOURCE_QUOTAS,
    STATEFUL_SETS,
    ResourceKey,
)

_MODULES = {
    AUTOSCALERS: "autoscalers.AutoscalerController",
    CERTIFICATE_REQUESTS: "certificates.CertificateController",
    CRON_JOBS: "cron_jobs.CronJobController",
    DAEMON_SETS: "daemon_sets.DaemonSetController",
    DISRUPTION_BUDGETS: "disruption_budgets.DisruptionController",
    JOBS: "jobs.JobController",
    RESOURCE_QUOTAS: "quotas.QuotaController",
    STATEFUL_SETS: "stateful_sets.StatefulSetController",
}


class WorkloadStarter:
    """Starts the control loop of a kind once there is an object of it."""

    watches: frozenset[ResourceKey] | None = frozenset(_MODULES)

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._started: set[ResourceKey] = set()

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:
        """Return the kind of an event whose control loop does not run yet."""
        if event.key not in self._started:
            yield ObjectKey(event.key, "", "")

    def reconcile(self, key: ObjectKey) -> None:
        """Start the control loop; it begins with the objects that exist."""
        if key.resource in self._started:
            return
        self._started.add(key.resource)
        module, _, name = _MODULES[key.resource].rpartition(".")
        loaded = import_module(f"meshpeek.rehearsal.controllers.on_demand.{module}")
        self._runtime.add(getattr(loaded, name)(self._runtime))
