"""The kubelet: Pods that have a node get an address, and are ready after a moment.

Nothing runs: every image is present except those of `image_pulls`, every container starts, and ends
as `pod_endings` says.
Facts: k3s 1.27, one node.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from meshpeek.rehearsal.controllers.image_pulls import BACK_OFF_SECONDS, PullFault, find_faults
from meshpeek.rehearsal.controllers.on_demand.pod_endings import (
    FAILING_PROBES,
    ending_of,
    failing_probes,
)
from meshpeek.rehearsal.controllers.pod_status import (
    backing_off,
    ended,
    restarted,
    waiting,
    was_running,
    with_containers,
    with_unready,
)
from meshpeek.rehearsal.controllers.replicasets import is_active
from meshpeek.rehearsal.controllers.runtime import ObjectKey, Runtime, object_key
from meshpeek.rehearsal.store.store import WatchEvent
from meshpeek.rehearsal.types.keys import NODES, PODS, ResourceKey
from meshpeek.rehearsal.types.objects import Object

START_SECONDS = 1.0
"""How long a Pod takes from its node to being ready."""

_FIRST_HOST, _LAST_HOST = 2, 254


class Kubelet:
    """Brings Pods to Running and ready."""

    watches: frozenset[ResourceKey] | None = frozenset({PODS})

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._starting: set[str] = set()
        self._unready: set[str] = set()
        self._killing: set[str] = set()
        self._last_host = _FIRST_HOST - 1

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:
        """Return the Pod of an event."""
        if event.type == "DELETED":
            for known in (self._starting, self._unready, self._killing):
                known.discard(event.object["metadata"]["uid"])
        else:
            yield object_key(PODS, event.object)

    def reconcile(self, key: ObjectKey) -> None:
        """Bring a Pod to its next state when it is due."""
        pod = self._runtime.get(key)
        if pod is None or not is_active(pod):
            return
        if pod["status"].get("phase") == "Running":
            if pod["metadata"].get("annotations") or pod["metadata"]["uid"] in self._unready:
                self._probe(pod)
            return
        uid = pod["metadata"]["uid"]
        if pod["spec"].get("nodeName") and uid not in self._starting:
            self._starting.add(uid)
            self._prepare(key)
            self._runtime.after(START_SECONDS, lambda: self._run(key, uid))

    def _prepare(self, key: ObjectKey) -> None:
        pod = self._runtime.get(key)
        if pod is None:
            return
        moment = self._runtime.timestamp()
        spec = pod["spec"]
        waits_for = "PodInitializing" if spec.get("initContainers") else "ContainerCreating"
        status = {
            **pod["status"],
            "phase": "Pending",
            "hostIP": self._host_address(pod),
            "startTime": moment,
            "containerStatuses": [waiting(each, waits_for) for each in spec["containers"]],
        }
        if spec.get("initContainers"):
            status["initContainerStatuses"] = [
                waiting(each, "PodInitializing") for each in spec["initContainers"]
            ]
        self._runtime.update_status(PODS, pod, status)

    def _run(self, key: ObjectKey, uid: str, attempt: int = 0) -> None:
        pod = self._runtime.get(key)
        if pod is None or pod["metadata"]["uid"] != uid or not is_active(pod):
            return
        spec, status = pod["spec"], dict(pod["status"])
        address = status.get("podIP") or (
            status["hostIP"] if spec.get("hostNetwork") else self._free_address(pod)
        )
        if not address:
            return
        faults = find_faults(spec)
        status |= {"podIP": address, "podIPs": [{"ip": address}]}
        status = with_containers(spec, status, faults, self._runtime.timestamp())
        self._runtime.update_status(PODS, pod, status)
        self._record_attempt(pod, faults, attempt)
        if faults:
            self._runtime.after(START_SECONDS, lambda: self._back_off(key, uid, faults, attempt))
        else:
            self._await_end(key, uid)

    def _await_end(self, key: ObjectKey, uid: str, restarts: int = 0) -> None:
        """Have the containers of a Pod end when that is due."""
        pod = self._runtime.get(key)
        ending = ending_of(pod) if pod and pod["metadata"]["uid"] == uid else None
        if ending is not None:
            code = ending.code
            self._runtime.after(ending.seconds, lambda: self._end(key, uid, code, restarts))

    def _end(self, key: ObjectKey, uid: str, code: int, restarts: int) -> None:
        """End the containers of a Pod; start them again after a while, if that is its policy."""
        pod = self._runtime.get(key)
        if pod is None or pod["metadata"]["uid"] != uid or not is_active(pod):
            return
        policy = pod["spec"].get("restartPolicy", "Always")
        moment = self._runtime.timestamp()
        if policy == "Never" or (policy == "OnFailure" and not code):
            self._runtime.update_status(PODS, pod, ended(pod, code, moment))
            return
        wait = BACK_OFF_SECONDS[min(restarts, len(BACK_OFF_SECONDS) - 1)]
        status = backing_off(pod, code, wait, moment)
        self._runtime.update_status(PODS, pod, status)
        for each in pod["spec"]["containers"]:
            message = (
                f"Back-off restarting failed container {each['name']} in pod "
                f"{key.name}_{key.namespace}({uid})"
            )
            self._record(pod, each["name"], "BackOff", message, kind="Warning")
        self._runtime.after(wait, lambda: self._restart(key, uid, restarts))

    def _restart(self, key: ObjectKey, uid: str, restarts: int) -> None:
        pod = self._runtime.get(key)
        if pod is None or pod["metadata"]["uid"] != uid or not is_active(pod):
            return
        self._runtime.update_status(PODS, pod, restarted(pod, self._runtime.timestamp()))
        for each in pod["spec"]["containers"]:
            self._record_start(pod, f"spec.containers{{{each['name']}}}", each)
        self._await_end(key, uid, restarts + 1)

    def _probe(self, pod: Object) -> None:
        """Let the probes of a Pod fail, or succeed again, as its annotations say."""
        failing = failing_probes(pod)
        uid, metadata = pod["metadata"]["uid"], pod["metadata"]
        unready = [
            each["name"]
            for each in pod["spec"]["containers"]
            if "readiness" in failing and "readinessProbe" in each
        ]
        if unready or uid in self._unready:
            if unready and uid not in self._unready:
                self._unready.add(uid)
                for name in unready:
                    message = f"Readiness probe failed: {FAILING_PROBES} says so"
                    self._record(pod, name, "Unhealthy", message, kind="Warning")
            if not unready:
                self._unready.discard(uid)
            status = with_unready(pod, unready, self._runtime.timestamp())
            self._runtime.update_status(PODS, pod, status)
        if "liveness" in failing and uid not in self._killing:
            for each in pod["spec"]["containers"]:
                if "livenessProbe" in each:
                    self._killing.add(uid)
                    probe = each["livenessProbe"]
                    delay = probe["periodSeconds"] * probe["failureThreshold"]
                    key = ObjectKey(PODS, metadata["namespace"], metadata["name"])
                    self._runtime.after(delay, partial(self._kill, key, uid, each["name"]))
                    return

    def _kill(self, key: ObjectKey, uid: str, name: str) -> None:
        """Restart a container whose liveness probe fails still."""
        self._killing.discard(uid)
        pod = self._runtime.get(key)
        if pod is None or pod["metadata"]["uid"] != uid or "liveness" not in failing_probes(pod):
            return
        message = f"Liveness probe failed: {FAILING_PROBES} says so"
        self._record(pod, name, "Unhealthy", message, kind="Warning")
        message = f"Container {name} failed liveness probe, will be restarted"
        self._record(pod, name, "Killing", message)
        self._runtime.update_status(PODS, pod, restarted(pod, self._runtime.timestamp(), name))

    def _back_off(
        self, key: ObjectKey, uid: str, faults: Mapping[str, PullFault], attempt: int
    ) -> None:
        """Record that the kubelet backs off, and try again after that."""
        pod = self._runtime.get(key)
        if pod is None or pod["metadata"]["uid"] != uid or not is_active(pod):
            return
        later = {name: fault._replace(reason=fault.reason_later) for name, fault in faults.items()}
        status = with_containers(pod["spec"], pod["status"], later, self._runtime.timestamp())
        self._runtime.update_status(PODS, pod, status)
        for name, fault in later.items():
            if not fault.is_of_name:
                message = f'Back-off pulling image "{fault.image}"'
                self._record(pod, name, "BackOff", message)
                self._record(pod, name, "Failed", f"Error: {fault.reason}", kind="Warning")
        wait = BACK_OFF_SECONDS[min(attempt, len(BACK_OFF_SECONDS) - 1)]
        self._runtime.after(wait, lambda: self._run(key, uid, attempt + 1))

    def _record_attempt(self, pod: Object, faults: Mapping[str, PullFault], attempt: int) -> None:
        """Record an Event for each container; for one that runs, only the first time."""
        spec = pod["spec"]
        for kind in ("initContainers", "containers"):
            for container in spec.get(kind, ()):
                fault = faults.get(container["name"])
                if fault:
                    self._record_fault(pod, container["name"], fault)
                    if kind == "initContainers":
                        return
                elif attempt == 0 or not was_running(pod, container["name"]):
                    self._record_start(pod, f"spec.{kind}{{{container['name']}}}", container)

    def _record_fault(self, pod: Object, name: str, fault: PullFault) -> None:
        if fault.is_of_name:
            self._record(pod, name, "InspectFailed", fault.message, kind="Warning")
        else:
            self._record(pod, name, "Pulling", f'Pulling image "{fault.image}"')
            self._record(pod, name, "Failed", fault.message, kind="Warning")
        self._record(pod, name, "Failed", f"Error: {fault.reason}", kind="Warning")

    def _record(
        self, pod: Object, name: str, reason: str, message: str, kind: str = "Normal"
    ) -> None:
        initializers = {each["name"] for each in pod["spec"].get("initContainers", ())}
        path = f"spec.{'initContainers' if name in initializers else 'containers'}{{{name}}}"
        self._runtime.record(pod, reason, message, source="kubelet", kind=kind, path=path)

    def _record_start(self, pod: Object, path: str, container: Object) -> None:
        name = container["name"]
        for reason, message in (
            ("Pulled", f'Container image "{container["image"]}" already present on machine'),
            ("Created", f"Created container {name}"),
            ("Started", f"Started container {name}"),
        ):
            self._runtime.record(pod, reason, message, source="kubelet", path=path)

    def _host_address(self, pod: Object) -> str:
        node = self._runtime.store.get(NODES, None, pod["spec"]["nodeName"])
        for each in (node or {}).get("status", {}).get("addresses", ()):
            if each["type"] == "InternalIP":
                return str(each["address"])
        return ""

    def _free_address(self, pod: Object) -> str:
        """Return the next address of the node's range after the last one given out, as CNI does."""
        node = self._runtime.store.get(NODES, None, pod["spec"]["nodeName"])
        prefix = (node or {}).get("spec", {}).get("podCIDR", "").rpartition(".")[0]
        if not prefix:
            return ""
        used = {each["status"].get("podIP") for each in self._runtime.store.list(PODS)}
        size = _LAST_HOST - _FIRST_HOST + 1
        for step in range(1, size + 1):
            host = _FIRST_HOST + (self._last_host - _FIRST_HOST + step) % size
            if f"{prefix}.{host}" not in used:
                self._last_host = host
                return f"{prefix}.{host}"
        return ""
