"""CronJobs: a Job at each time of a schedule. Facts: kube-controller-manager 1.27."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from meshpeek.rehearsal.controllers.on_demand.jobs import is_finished
from meshpeek.rehearsal.controllers.runtime import (
    ObjectKey,
    Runtime,
    controller_of,
    nonzero,
    object_key,
    owned_by,
)
from meshpeek.rehearsal.store.store import WatchEvent, timestamp
from meshpeek.rehearsal.types.keys import CRON_JOBS, JOBS, ResourceKey
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.scalars.schedules import ScheduleError, parse_schedule

_SOURCE = "cronjob-controller"


class CronJobController:
    """Makes the Jobs of CronJobs when they are due, and forgets old ones."""

    watches: frozenset[ResourceKey] | None = frozenset({CRON_JOBS, JOBS})

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._awaited: dict[ObjectKey, datetime] = {}

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:
        """Return the CronJob that an event is about, or whose Job it is."""
        if event.key == CRON_JOBS:
            yield object_key(event.key, event.object)
            return
        owner = controller_of(event.object)
        if owner is not None and owner["kind"] == "CronJob":
            yield ObjectKey(CRON_JOBS, event.object["metadata"]["namespace"], owner["name"])

    def reconcile(self, key: ObjectKey) -> None:
        """Make the Job that is due, look after those that exist, and wait for the next time."""
        owner = self._runtime.get(key)
        if owner is None or "deletionTimestamp" in owner["metadata"]:
            return
        jobs = self._jobs(owner)
        status = self._followed(owner, jobs)
        if not owner["spec"].get("suspend"):
            self._run_if_due(key, owner, jobs, status)
        self._runtime.update_status(CRON_JOBS, owner, nonzero(status))
        self._forget(owner, jobs)

    def _jobs(self, owner: Object) -> list[Object]:
        found = []
        for job in self._runtime.store.list(JOBS, owner["metadata"]["namespace"]):
            reference = controller_of(job)
            if reference is not None and reference["uid"] == owner["metadata"]["uid"]:
                found.append(job)
        return sorted(found, key=lambda job: str(job["metadata"]["creationTimestamp"]))

    def _followed(self, owner: Object, jobs: list[Object]) -> Object:
        """Return the status, with the Jobs that have ended seen to."""
        status = dict(owner.get("status") or {})
        active = {each["uid"] for each in status.get("active", ())}
        for job in jobs:
            if job["metadata"]["uid"] in active and is_finished(job):
                kinds = [each["type"] for each in job["status"]["conditions"]]
                outcome = "Complete" if "Complete" in kinds else "Failed"
                message = f"Saw completed job: {job['metadata']['name']}, status: {outcome}"
                self._runtime.record(owner, "SawCompletedJob", message, source=_SOURCE)
                if outcome == "Complete":
                    status["lastSuccessfulTime"] = job["status"]["completionTime"]
        status["active"] = [_reference(job) for job in jobs if not is_finished(job)]
        return status

    def _run_if_due(
        self, key: ObjectKey, owner: Object, jobs: list[Object], status: Object
    ) -> None:
        spec = owner["spec"]
        try:
            schedule = parse_schedule(spec["schedule"])
            zone: tzinfo = ZoneInfo(spec["timeZone"]) if spec.get("timeZone") else UTC
        except (ScheduleError, KeyError, ValueError) as error:
            message = f"invalid schedule: {spec['schedule']}: {error}"
            self._runtime.record(owner, "InvalidSchedule", message, source=_SOURCE, kind="Warning")
            return
        now = self._runtime.clock.now()
        since = datetime.fromisoformat(
            status.get("lastScheduleTime") or owner["metadata"]["creationTimestamp"]
        )
        due = None
        following = schedule.following(since.astimezone(zone))
        while following is not None and following <= now:
            due, following = following, schedule.following(following)
        if following is not None:
            self._await(key, following)
        if due is None or self._is_too_late(owner, due, now):
            return
        policy = spec["concurrencyPolicy"]
        running = [job for job in jobs if not is_finished(job)]
        if policy == "Forbid" and running:
            message = (
                "Not starting job because prior execution is running "
                "and concurrency policy is Forbid"
            )
            self._runtime.record(owner, "JobAlreadyActive", message, source=_SOURCE)
            return
        if policy == "Replace":
            for job in running:
                self._delete(owner, job)
            status["active"] = []
        self._start(owner, due.astimezone(UTC), status)

    def _is_too_late(self, owner: Object, due: datetime, now: datetime) -> bool:
        deadline = owner["spec"].get("startingDeadlineSeconds")
        return deadline is not None and due + timedelta(seconds=deadline) < now

    def _await(self, key: ObjectKey, moment: datetime) -> None:
        if self._awaited.get(key) != moment:
            self._awaited[key] = moment
            left = (moment - self._runtime.clock.now()).total_seconds()
            self._runtime.enqueue(self, key, left)

    def _start(self, owner: Object, due: datetime, status: Object) -> None:
        metadata = owner["metadata"]
        name = f"{metadata['name']}-{int(due.timestamp()) // 60}"
        if self._runtime.store.get(JOBS, metadata["namespace"], name) is None:
            template = json.loads(json.dumps(owner["spec"]["jobTemplate"]))
            given = template.get("metadata") or {}
            job = self._runtime.create(
                JOBS,
                {
                    "apiVersion": "batch/v1",
                    "kind": "Job",
                    "metadata": {
                        **nonzero({each: given.get(each) for each in ("labels", "annotations")}),
                        "name": name,
                        "namespace": metadata["namespace"],
                        "ownerReferences": owned_by(owner),
                    },
                    "spec": template["spec"],
                },
            )
            status["active"] = [*status.get("active", ()), _reference(job)]
            message = f"Created job {name}"
            self._runtime.record(owner, "SuccessfulCreate", message, source=_SOURCE)
        status["lastScheduleTime"] = timestamp(due)

    def _forget(self, owner: Object, jobs: list[Object]) -> None:
        for kind, limit in (
            ("Complete", owner["spec"]["successfulJobsHistoryLimit"]),
            ("Failed", owner["spec"]["failedJobsHistoryLimit"]),
        ):
            ended = [
                job
                for job in jobs
                if is_finished(job)
                and any(each["type"] == kind for each in job["status"]["conditions"])
            ]
            for job in ended[: max(len(ended) - limit, 0)]:
                self._delete(owner, job)

    def _delete(self, owner: Object, job: Object) -> None:
        self._runtime.delete(JOBS, job)
        message = f"Deleted job {job['metadata']['name']}"
        self._runtime.record(owner, "SuccessfulDelete", message, source=_SOURCE)


def _reference(job: Object) -> Object:
    metadata = job["metadata"]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "name": metadata["name"],
        "namespace": metadata["namespace"],
        "resourceVersion": metadata["resourceVersion"],
        "uid": metadata["uid"],
    }
