"""StatefulSets: Pods with names that stay, made and changed one after the other.

Facts: kube-controller-manager 1.27's StatefulSet controller. A claim of a template is created;
no storage is provisioned, and no Pod waits for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from meshpeek.rehearsal.controllers.on_demand.pods import (
    HASH_LABEL,
    Revisions,
    is_running,
    make_pod,
)
from meshpeek.rehearsal.controllers.replicasets import Refusals, is_active
from meshpeek.rehearsal.controllers.runtime import (
    ObjectKey,
    Runtime,
    controller_of,
    nonzero,
    object_key,
)
from meshpeek.rehearsal.store.store import WatchEvent
from meshpeek.rehearsal.types.keys import (
    CONTROLLER_REVISIONS,
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    STATEFUL_SETS,
    ResourceKey,
)
from meshpeek.rehearsal.types.objects import Object

_SOURCE = "statefulset-controller"


class StatefulSetController:
    """Makes, replaces and deletes the Pods of StatefulSets in their order."""

    watches: frozenset[ResourceKey] | None = frozenset({STATEFUL_SETS, PODS})

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._revisions = Revisions(runtime, STATEFUL_SETS)
        self._refusals = Refusals(runtime, self)

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:
        """Return the StatefulSet that an event is about, or whose Pod it is."""
        if event.key == STATEFUL_SETS:
            yield object_key(event.key, event.object)
            return
        owner = controller_of(event.object)
        if owner is not None and owner["kind"] == "StatefulSet":
            yield ObjectKey(STATEFUL_SETS, event.object["metadata"]["namespace"], owner["name"])

    def reconcile(self, key: ObjectKey) -> None:
        """Bring the Pods one step nearer to the wanted number and template."""
        owner = self._runtime.get(key)
        if owner is None or "deletionTimestamp" in owner["metadata"]:
            return
        hashed = self._revisions.newest(owner)
        if not self._refusals.reason(key):
            self._step(owner, self._pods(owner), hashed)
        self._report(key, hashed)

    def _pods(self, owner: Object) -> dict[int, Object]:
        """Return the Pods by their ordinals."""
        found = {}
        for pod in self._runtime.dependents(PODS, owner):
            ordinal = re.fullmatch(
                rf"{re.escape(owner['metadata']['name'])}-(\d+)", pod["metadata"]["name"]
            )
            if ordinal:
                found[int(ordinal[1])] = pod
        return found

    def _step(self, owner: Object, pods: dict[int, Object], hashed: str) -> None:
        wanted = owner["spec"]["replicas"]
        is_ordered = owner["spec"]["podManagementPolicy"] == "OrderedReady"
        for ordinal in range(wanted):
            pod = pods.get(ordinal)
            if pod is not None and pod["status"].get("phase") in ("Failed", "Succeeded"):
                self._delete(owner, pod)
                return
            if pod is None:
                self._create(owner, ordinal, self._wanted_hash(owner, ordinal, hashed))
            if is_ordered and (pod is None or not is_running(pod)):
                return
        surplus = [pods[ordinal] for ordinal in sorted(pods, reverse=True) if ordinal >= wanted]
        for pod in surplus[:1] if is_ordered else surplus:
            if is_active(pod):
                self._delete(owner, pod)
        if not surplus:
            self._replace(owner, pods, hashed)

    def _replace(self, owner: Object, pods: dict[int, Object], hashed: str) -> None:
        """Delete the last Pod of an old template, once all behind it are ready."""
        if owner["spec"]["updateStrategy"]["type"] != "RollingUpdate":
            return
        partition = owner["spec"]["updateStrategy"].get("rollingUpdate", {}).get("partition", 0)
        for ordinal in sorted(pods, reverse=True):
            pod = pods[ordinal]
            if ordinal < partition:
                return
            if pod["metadata"]["labels"].get(HASH_LABEL) != self._label(owner, hashed):
                if is_active(pod):
                    self._delete(owner, pod)
                return
            if not is_running(pod):
                return

    def _wanted_hash(self, owner: Object, ordinal: int, hashed: str) -> str:
        """Return the revision of a new Pod: below the partition the present one is kept."""
        strategy = owner["spec"]["updateStrategy"]
        current: str = owner.get("status", {}).get("currentRevision", "")
        if strategy["type"] != "RollingUpdate" or not current:
            return hashed
        partition = strategy.get("rollingUpdate", {}).get("partition", 0)
        return current.rpartition("-")[2] if ordinal < partition else hashed

    def _create(self, owner: Object, ordinal: int, hashed: str) -> None:
        metadata, spec = owner["metadata"], owner["spec"]
        name = f"{metadata['name']}-{ordinal}"
        template = self._template(owner, hashed)
        claims = spec.get("volumeClaimTemplates") or ()
        claimed = {claim["metadata"]["name"] for claim in claims}
        volumes = [
            {
                "name": each,
                "persistentVolumeClaim": {"claimName": f"{each}-{name}"},
            }
            for each in sorted(claimed)
        ]
        given = template["spec"].get("volumes", ())
        volumes += [volume for volume in given if volume["name"] not in claimed]
        for claim in claims:
            self._claim(owner, claim, name)
        own = {"hostname": name, **nonzero({"subdomain": spec.get("serviceName", "")})}
        labels = {
            HASH_LABEL: self._label(owner, hashed),
            "statefulset.kubernetes.io/pod-name": name,
        }
        made = make_pod(
            self._runtime,
            owner,
            template,
            {"name": name},
            labels,
            {**own, **nonzero({"volumes": volumes})},
            source=_SOURCE,
        )
        if made is None:
            self._refusals.wait(object_key(STATEFUL_SETS, owner), name)
            return
        message = f"create Pod {name} in StatefulSet {metadata['name']} successful"
        self._runtime.record(owner, "SuccessfulCreate", message, source=_SOURCE)

    def _template(self, owner: Object, hashed: str) -> Object:
        """Return the template of a revision, the present one if that is not kept."""
        name = self._label(owner, hashed)
        kept = self._runtime.store.get(CONTROLLER_REVISIONS, owner["metadata"]["namespace"], name)
        template: Object = kept["data"]["spec"]["template"] if kept else owner["spec"]["template"]
        return {field: value for field, value in template.items() if field != "$patch"}

    def _claim(self, owner: Object, claim: Object, pod: str) -> None:
        place = owner["metadata"]["namespace"]
        name = f"{claim['metadata']['name']}-{pod}"
        if self._runtime.store.get(PERSISTENT_VOLUME_CLAIMS, place, name) is not None:
            return
        made = json.loads(json.dumps(claim))
        labels = owner["spec"]["selector"].get("matchLabels") or {}
        made["metadata"] = {**made["metadata"], "name": name, "namespace": place}
        made["metadata"]["labels"] = {**(made["metadata"].get("labels") or {}), **labels}
        self._runtime.create(PERSISTENT_VOLUME_CLAIMS, made)
        message = (
            f"create Claim {name} Pod {pod} in StatefulSet {owner['metadata']['name']} success"
        )
        self._runtime.record(owner, "SuccessfulCreate", message, source=_SOURCE)

    def _delete(self, owner: Object, pod: Object) -> None:
        self._runtime.delete(PODS, pod)
        message = (
            f"delete Pod {pod['metadata']['name']} in StatefulSet {owner['metadata']['name']} "
            "successful"
        )
        self._runtime.record(owner, "SuccessfulDelete", message, source=_SOURCE)

    def _report(self, key: ObjectKey, hashed: str) -> None:
        owner = self._runtime.get(key)
        if owner is None:
            return
        pods = list(self._pods(owner).values())
        update = self._label(owner, hashed)
        current = owner.get("status", {}).get("currentRevision") or update
        ready = sum(map(is_running, pods))
        updated = self._count(pods, update)
        wanted = owner["spec"]["replicas"]
        if updated == len(pods) == wanted and ready == wanted:
            current = update
        status = {
            "observedGeneration": owner["metadata"]["generation"],
            "replicas": len(pods),
            **nonzero(
                {
                    "readyReplicas": ready,
                    "currentReplicas": self._count(pods, current),
                    "updatedReplicas": updated,
                }
            ),
            "availableReplicas": ready,
            "currentRevision": current,
            "updateRevision": update,
            "collisionCount": 0,
        }
        self._runtime.update_status(STATEFUL_SETS, owner, status)
        self._revisions.forget(owner, [hashed, current.rpartition("-")[2]])

    def _count(self, pods: Iterable[Object], revision: str) -> int:
        return sum(pod["metadata"]["labels"].get(HASH_LABEL) == revision for pod in pods)

    def _label(self, owner: Object, hashed: str) -> str:
        return f"{owner['metadata']['name']}-{hashed}"
