"""Jobs: Pods that are to end well, as many and as often as asked for.

Facts: kube-controller-manager 1.27's Job controller. How long Pods run: see `pod_endings`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from meshpeek.rehearsal.controllers.on_demand.pods import make_pod
from meshpeek.rehearsal.controllers.replicasets import Refusals, is_active, is_ready
from meshpeek.rehearsal.controllers.runtime import (
    ObjectKey,
    Runtime,
    controller_of,
    nonzero,
    object_key,
    with_condition,
)
from meshpeek.rehearsal.store.store import WatchEvent, random_suffix
from meshpeek.rehearsal.types.keys import JOBS, PODS, ResourceKey
from meshpeek.rehearsal.types.objects import Object

_SOURCE = "job-controller"
_INDEX = "batch.kubernetes.io/job-completion-index"
_FIRST_BACK_OFF = 10
_LONGEST_BACK_OFF = 360


class JobController:
    """Makes the Pods of Jobs, counts how they end, and ends what takes too long."""

    watches: frozenset[ResourceKey] | None = frozenset({JOBS, PODS})

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._refusals = Refusals(runtime, self)

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:
        """Return the Job that an event is about, or whose Pod it is."""
        if event.key == JOBS:
            yield object_key(event.key, event.object)
            return
        owner = controller_of(event.object)
        if owner is not None and owner["kind"] == "Job":
            yield ObjectKey(JOBS, event.object["metadata"]["namespace"], owner["name"])

    def reconcile(self, key: ObjectKey) -> None:
        """Bring a Job nearer to its completions, or say that it has ended."""
        job = self._runtime.get(key)
        if job is None or "deletionTimestamp" in job["metadata"]:
            return
        ended = is_finished(job)
        if ended:
            self._expire(key, job)
            return
        pods = self._runtime.dependents(PODS, job)
        reason, message = self._failure(key, job, pods)
        spec = job["spec"]
        active = [pod for pod in pods if is_active(pod)]
        if reason or spec.get("suspend"):
            for pod in active:
                self._delete(job, pod)
            active = []
        elif not self._refusals.reason(key) and not self._backs_off(key, pods):
            active += self._create(job, pods, active)
        self._report(job, pods, active, reason, message)

    def _failure(self, key: ObjectKey, job: Object, pods: list[Object]) -> tuple[str, str]:
        """Return why a Job has failed, and how that is said; empty texts if it has not."""
        spec = job["spec"]
        restarts = sum(
            each.get("restartCount", 0)
            for pod in pods
            if pod["spec"].get("restartPolicy") == "OnFailure"
            for each in pod["status"].get("containerStatuses", ())
        )
        if len(_with_phase(pods, "Failed")) + restarts > spec["backoffLimit"]:
            return "BackoffLimitExceeded", "Job has reached the specified backoff limit"
        deadline = spec.get("activeDeadlineSeconds")
        started = job.get("status", {}).get("startTime")
        if deadline and started:
            left = self._seconds_until(started, deadline)
            if left <= 0:
                return "DeadlineExceeded", "Job was active longer than specified deadline"
            self._runtime.enqueue(self, key, left + 1)
        return "", ""

    def _backs_off(self, key: ObjectKey, pods: list[Object]) -> bool:
        """Return whether a new Pod has to wait, since others have failed just now."""
        failed = _with_phase(pods, "Failed")
        if not failed:
            return False
        wait = min(_FIRST_BACK_OFF * 2 ** (len(failed) - 1), _LONGEST_BACK_OFF)
        left = max(self._seconds_until(_ended_at(pod), wait) for pod in failed)
        if left > 0:
            self._runtime.enqueue(self, key, left)
        return left > 0

    def _create(self, job: Object, pods: list[Object], active: list[Object]) -> list[Object]:
        spec = job["spec"]
        succeeded = _with_phase(pods, "Succeeded")
        completions = spec.get("completions")
        if completions is None:
            wanted = 0 if succeeded else spec["parallelism"]
        else:
            wanted = min(spec["parallelism"], completions - len(succeeded))
        made = []
        taken = {_index_of(pod) for pod in (*succeeded, *active)}
        for _ in range(wanted - len(active)):
            name = {"generateName": f"{job['metadata']['name']}-"}
            template, own = spec["template"], {}
            if spec.get("completionMode") == "Indexed":
                index = next(str(n) for n in range(len(taken) + 1) if str(n) not in taken)
                taken.add(index)
                hostname = f"{job['metadata']['name']}-{index}"
                name, own = {"name": f"{hostname}-{random_suffix()}"}, {"hostname": hostname}
                template = _indexed(template, index)
            pod = make_pod(self._runtime, job, template, name, None, own, source=_SOURCE)
            if pod is None:
                self._refusals.wait(object_key(JOBS, job), job["metadata"]["name"])
                break
            message = f"Created pod: {pod['metadata']['name']}"
            self._runtime.record(job, "SuccessfulCreate", message, source=_SOURCE)
            made.append(pod)
        return made

    def _delete(self, job: Object, pod: Object) -> None:
        self._runtime.delete(PODS, pod)
        message = f"Deleted pod: {pod['metadata']['name']}"
        self._runtime.record(job, "SuccessfulDelete", message, source=_SOURCE)

    def _report(
        self, job: Object, pods: list[Object], active: list[Object], reason: str, message: str
    ) -> None:
        before, spec = job.get("status", {}), job["spec"]
        moment = self._runtime.timestamp()
        succeeded, failed = _with_phase(pods, "Succeeded"), _with_phase(pods, "Failed")
        completions = spec.get("completions")
        enough = len(succeeded) >= (1 if completions is None else completions)
        is_complete = enough and not active and not reason and not spec.get("suspend")
        conditions = before.get("conditions", ())
        events: list[tuple[str, str, str]] = []
        if spec.get("suspend") or any(each["type"] == "Suspended" for each in conditions):
            said = "JobSuspended" if spec.get("suspend") else "JobResumed"
            text = f"Job {'suspended' if spec.get('suspend') else 'resumed'}"
            status = "True" if spec.get("suspend") else "False"
            changed = with_condition(
                conditions, _condition("Suspended", status, said, text), moment
            )
            if changed != list(conditions):
                conditions = changed
                events.append(("Suspended" if spec.get("suspend") else "Resumed", text, "Normal"))
        if reason:
            failure = _condition("Failed", "True", reason, message)
            conditions = with_condition(conditions, failure, moment)
            events.append((reason, message, "Warning"))
        elif is_complete:
            conditions = with_condition(conditions, _condition("Complete", "True"), moment)
            events.append(("Completed", "Job completed", "Normal"))
        started = before.get("startTime") or ("" if spec.get("suspend") else moment)
        counted = nonzero(
            {
                "conditions": list(conditions),
                "startTime": started,
                "completionTime": moment if is_complete else "",
                "active": len(active),
                "succeeded": len(succeeded),
                "failed": len(failed),
                "completedIndexes": _indexes(succeeded)
                if spec.get("completionMode") == "Indexed"
                else "",
            }
        )
        ready = sum(map(is_ready, active))
        counted |= {"ready": ready, "uncountedTerminatedPods": {}}
        self._runtime.update_status(JOBS, job, counted)
        for said, text, kind in events:
            self._runtime.record(job, said, text, source=_SOURCE, kind=kind)

    def _expire(self, key: ObjectKey, job: Object) -> None:
        """Delete a Job some time after its end, if it says so."""
        seconds = job["spec"].get("ttlSecondsAfterFinished")
        if seconds is None:
            return
        ended = next(
            each["lastTransitionTime"]
            for each in job["status"]["conditions"]
            if each["type"] in ("Complete", "Failed")
        )
        left = self._seconds_until(ended, seconds)
        if left > 0:
            self._runtime.enqueue(self, key, left + 1)
        else:
            # As the TTL controller does: dependents go in the foreground.
            place = (key.namespace, key.name)
            self._runtime.store.delete(JOBS, *place, finalizer="foregroundDeletion")

    def _seconds_until(self, start: str, seconds: float) -> float:
        end = datetime.fromisoformat(start) + timedelta(seconds=seconds)
        return (end - self._runtime.clock.now()).total_seconds()


def is_finished(job: Object) -> bool:
    """Return whether a Job has completed or failed."""
    return any(
        each["type"] in ("Complete", "Failed") and each["status"] == "True"
        for each in job.get("status", {}).get("conditions", ())
    )


def _condition(kind: str, status: str, reason: str = "", message: str = "") -> dict[str, Any]:
    said = nonzero({"reason": reason, "message": message})
    return {"type": kind, "status": status, "lastProbeTime": None, **said}


def _with_phase(pods: Iterable[Object], phase: str) -> list[Object]:
    return [pod for pod in pods if pod["status"].get("phase") == phase]


def _ended_at(pod: Object) -> str:
    for each in pod["status"].get("containerStatuses", ()):
        ended = each["state"].get("terminated")
        if ended:
            return str(ended["finishedAt"])
    return str(pod["metadata"]["creationTimestamp"])


def _index_of(pod: Object) -> str:
    annotations: dict[str, str] = pod["metadata"].get("annotations") or {}
    return annotations.get(_INDEX, "")


def _indexed(template: Object, index: str) -> Object:
    """Return the template of a Pod with an index, which its containers are told of."""
    metadata = template.get("metadata") or {}
    annotations = {**(metadata.get("annotations") or {}), _INDEX: index}
    path = f"metadata.annotations['{_INDEX}']"
    reference = {"fieldRef": {"fieldPath": path, "apiVersion": "v1"}}
    variable = {"name": "JOB_COMPLETION_INDEX", "valueFrom": reference}
    containers = [
        {**each, "env": [*each.get("env", ()), variable]} for each in template["spec"]["containers"]
    ]
    return {
        "metadata": {**metadata, "annotations": annotations},
        "spec": {**template["spec"], "containers": containers},
    }


def _indexes(pods: Iterable[Object]) -> str:
    """Write the indexes of Pods as Jobs do: `0-2,5`."""
    numbers = sorted({int(_index_of(pod)) for pod in pods if _index_of(pod)})
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ",".join(
        str(first) if first == last else f"{first}{',' if last == first + 1 else '-'}{last}"
        for first, last in ranges
    )
