"""What the kubelet writes into the status of a Pod: its containers and its conditions."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import Any

from meshpeek.rehearsal.controllers.image_pulls import PullFault
from meshpeek.rehearsal.controllers.runtime import with_condition
from meshpeek.rehearsal.types.objects import Object

_KILLED = 137
"""The exit code of a container that is killed."""


def with_containers(
    spec: Object, status: Object, faults: Mapping[str, PullFault], moment: str
) -> Object:
    """Return a Pod's status in which every container runs but those with faults."""
    initializers = spec.get("initContainers", ())
    blocked = any(each["name"] in faults for each in initializers)
    before = {
        each["name"]: each
        for kind in ("initContainerStatuses", "containerStatuses")
        for each in status.get(kind, ())
    }

    def shown(container: Object, state: Object) -> Object:
        """Leave what runs already as it is."""
        present = before.get(container["name"], {})
        return present if present.get("state", {}).keys() == state["state"].keys() else state

    running = []
    for each in spec["containers"]:
        if each["name"] in faults:
            running.append(_refused(each, faults[each["name"]]))
        elif blocked:
            running.append(waiting(each, "PodInitializing"))
        else:
            running.append(shown(each, _running(each, moment)))
    status = {**status, "containerStatuses": running}
    if initializers:
        completed = []
        for each in initializers:
            if each["name"] in faults:
                completed.append(_refused(each, faults[each["name"]]))
            elif blocked and any(one["state"].get("waiting") for one in completed):
                completed.append(waiting(each, "PodInitializing"))
            else:
                completed.append(shown(each, _completed(each, moment)))
        status["initContainerStatuses"] = completed
    return {
        **status,
        "phase": "Pending" if faults else "Running",
        "conditions": _conditions(spec, status, faults, moment, blocked=blocked),
    }


def _conditions(
    spec: Object, status: Object, faults: Mapping[str, PullFault], moment: str, *, blocked: bool
) -> list[Any]:
    incomplete = [each["name"] for each in spec.get("initContainers", ()) if blocked]
    unready = [each["name"] for each in spec["containers"] if blocked or each["name"] in faults]
    conditions: list[Any] = list(status.get("conditions", ()))
    for kind, lacking, what, reason in (
        ("Initialized", incomplete, "incomplete", "ContainersNotInitialized"),
        ("Ready", unready, "unready", "ContainersNotReady"),
        ("ContainersReady", unready, "unready", "ContainersNotReady"),
    ):
        condition: Object = {"type": kind, "status": "True", "lastProbeTime": None}
        if lacking:
            names = " ".join(lacking)
            message = f"containers with {what} status: [{names}]"
            condition |= {"status": "False", "reason": reason, "message": message}
        conditions = with_condition(conditions, condition, moment)
    # The kubelet lists the conditions of its own before the scheduler's.
    return sorted(conditions, key=lambda each: bool(each["type"] == "PodScheduled"))


def ended(pod: Object, code: int, moment: str) -> Object:
    """Return the status of a Pod whose containers have ended for good."""
    phase, reason = ("Failed", "PodFailed") if code else ("Succeeded", "PodCompleted")
    conditions: list[Any] = list(pod["status"].get("conditions", ()))
    for kind in ("Initialized", "Ready", "ContainersReady"):
        is_over = kind != "Initialized"
        condition: Object = {
            "type": kind,
            "status": "False" if is_over else "True",
            "lastProbeTime": None,
        }
        if is_over or not code:
            condition["reason"] = reason
        conditions = with_condition(conditions, condition, moment)
    statuses = [_terminated(each, code, moment) for each in pod["status"]["containerStatuses"]]
    return {
        **pod["status"],
        "phase": phase,
        "conditions": conditions,
        "containerStatuses": statuses,
    }


def backing_off(pod: Object, code: int, seconds: int, moment: str) -> Object:
    """Return the status of a Pod whose containers have ended and wait to be started again."""
    statuses = []
    for each in pod["status"]["containerStatuses"]:
        name = f"{each['name']} pod={pod['metadata']['name']}_{pod['metadata']['namespace']}"
        message = f"back-off {seconds}s restarting failed container={name}"
        waits = {"reason": "CrashLoopBackOff", "message": message}
        ended_state = _terminated(each, code, moment)["state"]
        statuses.append(
            {
                **each,
                "ready": False,
                "started": False,
                "lastState": ended_state,
                "state": {"waiting": waits},
            }
        )
    status = {**pod["status"], "containerStatuses": statuses}
    names = [each["name"] for each in statuses]
    return {**status, "conditions": _readiness(status, names, moment)}


def restarted(pod: Object, moment: str, only: str = "") -> Object:
    """Return the status of a Pod whose containers, or `only` one of them, have been restarted."""
    statuses = []
    for each in pod["status"]["containerStatuses"]:
        if only and each["name"] != only:
            statuses.append(each)
            continue
        state = each["state"]
        last = _terminated(each, _KILLED, moment)["state"] if "running" in state else {}
        statuses.append(
            {
                **each,
                "ready": True,
                "started": True,
                "restartCount": each["restartCount"] + 1,
                "lastState": last or each["lastState"],
                "state": {"running": {"startedAt": moment}},
            }
        )
    status = {**pod["status"], "containerStatuses": statuses}
    return {**status, "conditions": _readiness(status, [], moment)}


def with_unready(pod: Object, unready: Collection[str], moment: str) -> Object:
    """Return the status of a Pod whose readiness probes fail for the containers `unready`."""
    statuses = [
        {**each, "ready": "running" in each["state"] and each["name"] not in unready}
        for each in pod["status"]["containerStatuses"]
    ]
    status = {**pod["status"], "containerStatuses": statuses}
    names = [each["name"] for each in statuses if not each["ready"]]
    return {**status, "conditions": _readiness(status, names, moment)}


def _readiness(status: Object, unready: Collection[str], moment: str) -> list[Any]:
    conditions: list[Any] = list(status.get("conditions", ()))
    for kind in ("Ready", "ContainersReady"):
        condition: Object = {"type": kind, "status": "True", "lastProbeTime": None}
        if unready:
            message = f"containers with unready status: [{' '.join(unready)}]"
            condition |= {"status": "False", "reason": "ContainersNotReady", "message": message}
        conditions = with_condition(conditions, condition, moment)
    return conditions


def _terminated(status: Object, code: int, moment: str) -> Object:
    running = status["state"].get("running") or {}
    state = {
        "containerID": status.get("containerID", ""),
        "exitCode": code,
        "finishedAt": moment,
        "reason": "Error" if code else "Completed",
        "startedAt": running.get("startedAt", moment),
    }
    return {**status, "ready": False, "started": False, "state": {"terminated": state}}


def was_running(pod: Object, name: str) -> bool:
    """Return whether a container of a Pod has been started."""
    statuses = (
        *pod["status"].get("initContainerStatuses", ()),
        *pod["status"].get("containerStatuses", ()),
    )
    return any(each["name"] == name and "waiting" not in each["state"] for each in statuses)


def _refused(container: Object, fault: PullFault) -> Object:
    message = fault.message
    if fault.reason == "ImagePullBackOff":
        message = f'Back-off pulling image "{fault.image}"'
    state = {"reason": fault.reason, "message": message}
    return {**waiting(container, ""), "state": {"waiting": state}}


def waiting(container: Object, reason: str) -> Object:
    """Return the status of a container that has not been started, for a `reason`."""
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": "",
        "lastState": {},
        "ready": False,
        "restartCount": 0,
        "started": False,
        "state": {"waiting": {"reason": reason}},
    }


def _running(container: Object, moment: str) -> Object:
    return {
        **_started(container),
        "ready": True,
        "started": True,
        "state": {"running": {"startedAt": moment}},
    }


def _completed(container: Object, moment: str) -> Object:
    started = _started(container)
    ended = {
        "containerID": started["containerID"],
        "exitCode": 0,
        "finishedAt": moment,
        "reason": "Completed",
        "startedAt": moment,
    }
    return {**started, "ready": True, "started": False, "state": {"terminated": ended}}


def _started(container: Object) -> Object:
    name, _, _ = container["image"].partition("@")
    return {
        "name": container["name"],
        "containerID": f"containerd://{os.urandom(32).hex()}",
        "image": name,
        "imageID": f"{name.rpartition(':')[0] or name}@sha256:{os.urandom(32).hex()}",
        "lastState": {},
        "restartCount": 0,
    }
