"""Deployments: a ReplicaSet per template, rolled out within the surge and unavailability allowed.

Facts: kube-controller-manager 1.27's deployment controller, its events and condition texts.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from meshpeek.rehearsal.controllers.deployment_conditions import (
    available_condition,
    progress_condition,
    seconds_left,
    with_replica_failure,
    with_updated,
)
from meshpeek.rehearsal.controllers.rollout import (
    available_of,
    grown,
    replicas_of,
    surge_allowed,
    unavailable_allowed,
)
from meshpeek.rehearsal.controllers.runtime import (
    ObjectKey,
    Runtime,
    controller_of,
    nonzero,
    object_key,
    owned_by,
)
from meshpeek.rehearsal.store.store import NAME_LETTERS, WatchEvent
from meshpeek.rehearsal.types.keys import DEPLOYMENTS, REPLICA_SETS, ResourceKey
from meshpeek.rehearsal.types.objects import LAST_APPLIED, Object

HASH_LABEL = "pod-template-hash"

_REVISION = "deployment.kubernetes.io/revision"
_HISTORY = "deployment.kubernetes.io/revision-history"
_DESIRED = "deployment.kubernetes.io/desired-replicas"
_MAXIMUM = "deployment.kubernetes.io/max-replicas"
_SOURCE = "deployment-controller"


def template_hash(template: Mapping[str, Any]) -> str:
    """Return the hash of a Pod template that names contain: the same for the same template.

    Real hashes are decimal digits written in an alphabet without vowels, and so are these.
    """
    number = zlib.crc32(json.dumps(template, sort_keys=True).encode())
    return "".join(NAME_LETTERS[ord(digit) % len(NAME_LETTERS)] for digit in str(number))


class DeploymentController:
    """Makes and scales the ReplicaSets of Deployments, and reports on them."""

    watches: frozenset[ResourceKey] | None = frozenset({DEPLOYMENTS, REPLICA_SETS})

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._hashes: dict[str, tuple[int, str]] = {}
        self._awaited: set[ObjectKey] = set()

    def concerns(self, event: WatchEvent) -> Iterable[ObjectKey]:
        """Return the Deployments that an event is about, or whose ReplicaSet it is or may be."""
        if event.key == DEPLOYMENTS:
            yield object_key(event.key, event.object)
        elif event.key == REPLICA_SETS:
            owner = controller_of(event.object)
            if owner is None and event.type != "DELETED":
                yield from self._runtime.candidates(DEPLOYMENTS, event.object)
            elif owner is not None and owner["kind"] == "Deployment":
                yield ObjectKey(DEPLOYMENTS, event.object["metadata"]["namespace"], owner["name"])

    def reconcile(self, key: ObjectKey) -> None:
        """Bring the ReplicaSets of a Deployment one step nearer to its template and scale."""
        deployment = self._runtime.get(key)
        if deployment is None or "deletionTimestamp" in deployment["metadata"]:
            return
        owned = self._replica_sets(deployment)
        hashed = self._hash(deployment)
        old = [each for each in owned if _hash_of(each) != hashed]
        new = next((each for each in owned if each not in old), None)
        if not deployment["spec"].get("paused"):
            new = self._roll(deployment, new, old, hashed)
        elif new is not None:
            self._scale(deployment, new, deployment["spec"]["replicas"])
        self._report(key, hashed)

    def _hash(self, deployment: Object) -> str:
        """Return the hash of a Deployment's template, made once per generation of it."""
        metadata = deployment["metadata"]
        generation, hashed = self._hashes.get(metadata["uid"], (0, ""))
        if generation != metadata["generation"]:
            hashed = template_hash(deployment["spec"]["template"])
            self._hashes[metadata["uid"]] = metadata["generation"], hashed
        return hashed

    def _replica_sets(self, deployment: Object) -> list[Object]:
        return self._runtime.dependents(REPLICA_SETS, deployment)

    def _roll(
        self, deployment: Object, new: Object | None, old: list[Object], hashed: str
    ) -> Object | None:
        recreate = deployment["spec"]["strategy"]["type"] == "Recreate"
        if recreate and any(replicas_of(each) or each["status"].get("replicas") for each in old):
            for each in old:
                self._scale(deployment, each, 0)
            return new
        revision = self._revision(new, old)
        if new is None:
            new = self._create(deployment, old, hashed, revision)
        new = self._annotate(deployment, new, revision)
        self._scale(deployment, new, grown(deployment, new, old))
        self._shrink(deployment, new, old)
        self._forget_history(deployment, old)
        return new

    def _revision(self, new: Object | None, old: list[Object]) -> int:
        newest = max(map(_revision_of, old), default=0)
        return max(_revision_of(new) if new else 0, newest + 1)

    def _create(self, deployment: Object, old: list[Object], hashed: str, revision: int) -> Object:
        metadata, spec = deployment["metadata"], deployment["spec"]
        template = spec["template"]
        labels = {**(template["metadata"].get("labels") or {}), HASH_LABEL: hashed}
        template = {**template, "metadata": {**template["metadata"], "labels": labels}}
        wanted = {**(spec["selector"].get("matchLabels") or {}), HASH_LABEL: hashed}
        selector = {**spec["selector"], "matchLabels": wanted}
        nobody = {"metadata": {}, "spec": {"replicas": 0}}
        replicas = grown(deployment, nobody, old)
        created = self._runtime.create(
            REPLICA_SETS,
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "metadata": {
                    "name": f"{metadata['name']}-{hashed}",
                    "namespace": metadata["namespace"],
                    "labels": dict(labels),
                    "annotations": _annotations(deployment, revision),
                    "ownerReferences": owned_by(deployment),
                },
                "spec": {
                    **nonzero({"minReadySeconds": spec.get("minReadySeconds", 0)}),
                    "replicas": replicas,
                    "selector": selector,
                    "template": template,
                },
                "status": {"replicas": 0},
            },
        )
        name = created["metadata"]["name"]
        self._runtime.record(
            deployment,
            "ScalingReplicaSet",
            f"Scaled up replica set {name} to {replicas}",
            source=_SOURCE,
        )
        return created

    def _annotate(self, deployment: Object, new: Object, revision: int) -> Object:
        before = new["metadata"].get("annotations") or {}
        annotations = _annotations(deployment, revision)
        history = before.get(_HISTORY, "").split(",") if _HISTORY in before else []
        if _REVISION in before and int(before[_REVISION]) < revision:
            history.append(before[_REVISION])
        if history:
            annotations[_HISTORY] = ",".join(history)
        if before != annotations:
            metadata = {**new["metadata"], "annotations": annotations}
            new = self._runtime.store.update(REPLICA_SETS, {**new, "metadata": metadata})
        given = deployment["metadata"].get("annotations") or {}
        if given.get(_REVISION) != str(revision):
            annotations = {**given, _REVISION: str(revision)}
            metadata = {**deployment["metadata"], "annotations": annotations}
            self._runtime.store.update(DEPLOYMENTS, {**deployment, "metadata": metadata})
        return new

    def _scale(self, deployment: Object, replica_set: Object, replicas: int) -> None:
        before = replicas_of(replica_set)
        if replicas == before:
            return
        spec = {**replica_set["spec"], "replicas": replicas}
        self._runtime.store.update(REPLICA_SETS, {**replica_set, "spec": spec})
        direction = "up" if replicas > before else "down"
        name = replica_set["metadata"]["name"]
        self._runtime.record(
            deployment,
            "ScalingReplicaSet",
            f"Scaled {direction} replica set {name} to {replicas} from {before}",
            source=_SOURCE,
        )

    def _shrink(self, deployment: Object, new: Object, old: list[Object]) -> None:
        """Take Pods from old ReplicaSets: the unavailable ones first, then those that may go."""
        surplus = [each for each in sorted(old, key=_revision_of) if replicas_of(each)]
        if not surplus:
            return
        present = self._runtime.get(object_key(REPLICA_SETS, new)) or new
        total = replicas_of(present) + sum(map(replicas_of, surplus))
        minimum = deployment["spec"]["replicas"] - unavailable_allowed(deployment)
        may_go = total - minimum - (replicas_of(present) - available_of(present))
        for each in surplus:
            unhealthy = max(replicas_of(each) - available_of(each), 0)
            healthy_to_go = max(may_go - unhealthy, 0)
            going = min(replicas_of(each), max(min(unhealthy, may_go), 0) + healthy_to_go)
            may_go -= going
            self._scale(deployment, each, replicas_of(each) - going)

    def _forget_history(self, deployment: Object, old: list[Object]) -> None:
        limit = deployment["spec"]["revisionHistoryLimit"]
        idle = [
            each for each in old if not replicas_of(each) and not each["status"].get("replicas")
        ]
        for each in sorted(idle, key=_revision_of)[: max(len(idle) - limit, 0)]:
            self._runtime.delete(REPLICA_SETS, each)

    def _report(self, key: ObjectKey, hashed: str) -> None:
        present = self._runtime.get(key)
        if present is None:
            return
        owned = self._replica_sets(present)
        new = next((each for each in owned if _hash_of(each) == hashed), None)
        status = present.get("status", {})
        counts = {
            "replicas": sum(each["status"].get("replicas", 0) for each in owned),
            "updatedReplicas": new["status"].get("replicas", 0) if new else 0,
            "readyReplicas": sum(each["status"].get("readyReplicas", 0) for each in owned),
            "availableReplicas": sum(map(available_of, owned)),
        }
        wanted, available = present["spec"]["replicas"], counts["availableReplicas"]
        enough = available >= wanted - unavailable_allowed(present)
        moment = self._runtime.timestamp()
        conditions = status.get("conditions", ())
        conditions = with_updated(conditions, available_condition(enough), moment)
        now = self._runtime.clock.now()
        progress, has_moved = progress_condition(present, new, counts, now)
        if progress is not None:
            conditions = with_updated(conditions, progress, moment, moved=has_moved)
        conditions = with_replica_failure(conditions, new, owned, moment)
        status = nonzero(
            {
                "observedGeneration": present["metadata"]["generation"],
                **counts,
                "unavailableReplicas": max(max(counts["replicas"], wanted) - available, 0),
                "conditions": conditions,
            }
        )
        self._look_again(key, self._runtime.update_status(DEPLOYMENTS, present, status))

    def _look_again(self, key: ObjectKey, deployment: Object) -> None:
        """Reconcile a rollout again at its deadline: no event may come until then."""
        left = seconds_left(deployment, self._runtime.clock.now())
        if left is None or key in self._awaited:
            return

        def look() -> None:
            self._awaited.discard(key)
            self._runtime.enqueue(self, key)

        self._awaited.add(key)
        # Times are kept in whole seconds, so the deadline has surely passed a second later.
        self._runtime.after(max(left, 0) + 1, look)


def _annotations(deployment: Object, revision: int) -> dict[str, str]:
    given = deployment["metadata"].get("annotations") or {}
    kept = {name: text for name, text in given.items() if name not in (LAST_APPLIED, _REVISION)}
    wanted = deployment["spec"]["replicas"]
    return {
        **kept,
        _DESIRED: str(wanted),
        _MAXIMUM: str(wanted + surge_allowed(deployment)),
        _REVISION: str(revision),
    }


def _hash_of(replica_set: Object) -> str:
    labels: Mapping[str, str] = replica_set["metadata"].get("labels") or {}
    return labels.get(HASH_LABEL, "")


def _revision_of(replica_set: Object) -> int:
    return int(replica_set["metadata"].get("annotations", {}).get(_REVISION, 0))
