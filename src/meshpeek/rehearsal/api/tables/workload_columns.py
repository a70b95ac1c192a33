"""The columns of Pods and of the kinds that create them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from meshpeek.rehearsal.api.tables.columns import (
    AGE,
    NAME,
    Cell,
    Column,
    dig,
    human_duration,
    labels,
    parse_time,
    selector,
    since,
)
from meshpeek.rehearsal.types.objects import Object


def _statuses(pod: Object, kind: str = "containerStatuses") -> list[Mapping[str, Any]]:
    return dig(pod, "status", kind) or []


def _pod_ready(pod: Object, _now: datetime) -> str:
    ready = sum(1 for status in _statuses(pod) if status.get("ready") and _is_running(status))
    return f"{ready}/{len(dig(pod, 'spec', 'containers') or [])}"


def _is_running(status: Mapping[str, Any]) -> bool:
    return dig(status, "state", "running") is not None


def _pod_status(pod: Object, _now: datetime) -> str:
    """Return the state of a Pod in one word, decided in the API server's order."""
    reason = dig(pod, "status", "reason") or dig(pod, "status", "phase") or "Unknown"
    initializing = _initializing(pod)
    reason = initializing or _container_reason(pod, reason)
    if dig(pod, "metadata", "deletionTimestamp"):
        return "Unknown" if dig(pod, "status", "reason") == "NodeLost" else "Terminating"
    return reason


def _initializing(pod: Object) -> str:
    wanted = len(dig(pod, "spec", "initContainers") or [])
    for number, status in enumerate(_statuses(pod, "initContainerStatuses")):
        terminated = dig(status, "state", "terminated")
        if terminated is not None and terminated.get("exitCode") == 0:
            continue
        if terminated is not None:
            return "Init:" + _ended(terminated)
        waiting = dig(status, "state", "waiting", "reason")
        if waiting and waiting != "PodInitializing":
            return f"Init:{waiting}"
        return f"Init:{number}/{wanted}"
    return ""


def _container_reason(pod: Object, reason: str) -> str:
    has_running = False
    for status in reversed(_statuses(pod)):
        waiting = dig(status, "state", "waiting", "reason")
        terminated = dig(status, "state", "terminated")
        if waiting:
            reason = waiting
        elif terminated is not None:
            reason = _ended(terminated)
        elif status.get("ready") and _is_running(status):
            has_running = True
    if reason == "Completed" and has_running:
        return "Running" if _has_condition(pod, "Ready") else "NotReady"
    return reason


def _ended(terminated: Mapping[str, Any]) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode', 0)}"


def _has_condition(obj: Object, kind: str) -> bool:
    conditions = dig(obj, "status", "conditions") or []
    return any(each.get("type") == kind and each.get("status") == "True" for each in conditions)


def _pod_restarts(pod: Object, now: datetime) -> str:
    statuses = _statuses(pod)
    count = sum(status.get("restartCount", 0) for status in statuses)
    ends = [parse_time(dig(status, "lastState", "terminated", "finishedAt")) for status in statuses]
    known = [end for end in ends if end is not None]
    if not count or not known:
        return str(count)
    return f"{count} ({human_duration((now - max(known)).total_seconds())} ago)"


def _or_none(*path: str) -> Callable[[Object, datetime], Cell]:
    def read(obj: Object, _now: datetime) -> Cell:
        return dig(obj, *path) or "<none>"

    return read


def _readiness_gates(pod: Object, _now: datetime) -> str:
    gates = dig(pod, "spec", "readinessGates") or []
    if not gates:
        return "<none>"
    passed = sum(1 for gate in gates if _has_condition(pod, gate.get("conditionType", "")))
    return f"{passed}/{len(gates)}"


def _count(*path: str) -> Callable[[Object, datetime], Cell]:
    def read(obj: Object, _now: datetime) -> Cell:
        return dig(obj, *path) or 0

    return read


def _ready_of_replicas(obj: Object, _now: datetime) -> str:
    return f"{dig(obj, 'status', 'readyReplicas') or 0}/{dig(obj, 'spec', 'replicas') or 0}"


def _each_container(name: str, *place: str) -> Callable[[Object, datetime], Cell]:
    template = (*place, "spec", "template")

    def read(obj: Object, _now: datetime) -> Cell:
        containers = dig(obj, *template, "spec", "containers") or []
        return ",".join(container.get(name, "") for container in containers)

    return read


def _node_selector(obj: Object, _now: datetime) -> str:
    return labels(dig(obj, "spec", "template", "spec", "nodeSelector"))


def _completions(job: Object, _now: datetime) -> str:
    done = dig(job, "status", "succeeded") or 0
    wanted = dig(job, "spec", "completions")
    if wanted is not None:
        return f"{done}/{wanted}"
    parallelism = dig(job, "spec", "parallelism") or 0
    return f"{done}/1 of {parallelism}" if parallelism > 1 else f"{done}/1"


def _job_duration(job: Object, now: datetime) -> str:
    started = parse_time(dig(job, "status", "startTime"))
    if started is None:
        return ""
    ended = parse_time(dig(job, "status", "completionTime")) or now
    return human_duration((ended - started).total_seconds())


def _last_schedule(cron_job: Object, now: datetime) -> str:
    last = dig(cron_job, "status", "lastScheduleTime")
    return since(last, now) if last else "<none>"


_TEMPLATE = (
    Column("Containers", _each_container("name"), wide=True),
    Column("Images", _each_container("image"), wide=True),
)
_TEMPLATE_AND_SELECTOR = (*_TEMPLATE, Column("Selector", selector, wide=True))

COLUMNS = {
    ("", "pods"): (
        NAME,
        Column("Ready", _pod_ready),
        Column("Status", _pod_status),
        Column("Restarts", _pod_restarts),
        AGE,
        Column("IP", _or_none("status", "podIP"), wide=True),
        Column("Node", _or_none("spec", "nodeName"), wide=True),
        Column("Nominated Node", _or_none("status", "nominatedNodeName"), wide=True),
        Column("Readiness Gates", _readiness_gates, wide=True),
    ),
    ("apps", "deployments"): (
        NAME,
        Column("Ready", _ready_of_replicas),
        Column("Up-to-date", _count("status", "updatedReplicas")),
        Column("Available", _count("status", "availableReplicas")),
        AGE,
        *_TEMPLATE_AND_SELECTOR,
    ),
    ("apps", "replicasets"): (
        NAME,
        Column("Desired", _count("spec", "replicas"), type="integer"),
        Column("Current", _count("status", "replicas"), type="integer"),
        Column("Ready", _count("status", "readyReplicas"), type="integer"),
        AGE,
        *_TEMPLATE_AND_SELECTOR,
    ),
    ("apps", "daemonsets"): (
        NAME,
        Column("Desired", _count("status", "desiredNumberScheduled"), type="integer"),
        Column("Current", _count("status", "currentNumberScheduled"), type="integer"),
        Column("Ready", _count("status", "numberReady"), type="integer"),
        Column("Up-to-date", _count("status", "updatedNumberScheduled"), type="integer"),
        Column("Available", _count("status", "numberAvailable"), type="integer"),
        Column("Node Selector", _node_selector),
        AGE,
        *_TEMPLATE_AND_SELECTOR,
    ),
    ("apps", "statefulsets"): (NAME, Column("Ready", _ready_of_replicas), AGE, *_TEMPLATE),
    ("batch", "jobs"): (
        NAME,
        Column("Completions", _completions),
        Column("Duration", _job_duration),
        AGE,
        *_TEMPLATE_AND_SELECTOR,
    ),
    ("batch", "cronjobs"): (
        NAME,
        Column("Schedule", _or_none("spec", "schedule")),
        Column("Suspend", lambda obj, _: str(bool(dig(obj, "spec", "suspend")))),
        Column("Active", lambda obj, _: len(dig(obj, "status", "active") or []), type="integer"),
        Column("Last Schedule", _last_schedule),
        AGE,
        Column("Containers", _each_container("name", "spec", "jobTemplate"), wide=True),
        Column("Images", _each_container("image", "spec", "jobTemplate"), wide=True),
        Column("Selector", lambda _obj, _now: "<none>", wide=True),
    ),
}
"""The columns of each kind, by API group and plural name."""
