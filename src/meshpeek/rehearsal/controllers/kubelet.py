"""The kubelet: Pods that have a node get an address, and are ready after a moment.

Nothing runs: every image is present except those of `image_pulls`, and every container starts.
Facts: k3s 1.27, one node.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from meshpeek.rehearsal.controllers.image_pulls import BACK_OFF_SECONDS, PullFault, find_faults
from meshpeek.rehearsal.controllers.pod_status import waiting, was_running, with_containers
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
        self._last_host = _FIRST_HOST - 1

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:
        """Return the Pod of an event."""
        if event.type == "DELETED":
            self._starting.discard(event.object["metadata"]["uid"])
        else:
            yield object_key(PODS, event.object)

    def reconcile(self, key: ObjectKey) -> None:
        """Bring a Pod to its next state when it is due."""
        pod = self._runtime.get(key)
        if pod is None or not is_active(pod) or pod["status"].get("phase") == "Running":
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
