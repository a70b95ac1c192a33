"""Pods that controllers make of a template, and revisions of such templates."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from meshpeek.rehearsal.controllers.deployments import template_hash
from meshpeek.rehearsal.controllers.replicasets import is_ready
from meshpeek.rehearsal.controllers.runtime import Runtime, nonzero, owned_by
from meshpeek.rehearsal.types.keys import CONTROLLER_REVISIONS, PODS, ResourceKey
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.status import ApiError

HASH_LABEL = "controller-revision-hash"


def make_pod(
    runtime: Runtime,
    owner: Object,
    template: Object,
    name: Mapping[str, str],
    labels: Mapping[str, str] | None = None,
    spec: Mapping[str, Any] | None = None,
    *,
    source: str,
) -> Object | None:
    """Store a Pod of `template`, managed by `owner`; `name` is its `name` or `generateName`.

    `labels` and `spec` are set beside what the template has. Where admission refuses the Pod, an
    Event of `source` says so, and None is returned.
    """
    copied = json.loads(json.dumps(template))
    given = copied.get("metadata") or {}
    merged = {**(given.get("labels") or {}), **(labels or {})}
    pod: Object = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **nonzero({"labels": merged, "annotations": given.get("annotations")}),
            **name,
            "namespace": owner["metadata"]["namespace"],
            "ownerReferences": owned_by(owner),
        },
        "spec": {**copied["spec"], **(spec or {})},
    }
    try:
        return runtime.create(PODS, pod)
    except ApiError as error:
        message = f"Error creating: {error.message}"
        runtime.record(owner, "FailedCreate", message, source=source, kind="Warning")
        return None


def is_running(pod: Object) -> bool:
    """Return whether a Pod runs and is ready, and is not being deleted."""
    is_live = "deletionTimestamp" not in pod["metadata"]
    return is_live and pod["status"].get("phase") == "Running" and is_ready(pod)


class Revisions:
    """The ControllerRevisions of the templates that objects of the kind `key` have had."""

    def __init__(self, runtime: Runtime, key: ResourceKey) -> None:
        self._runtime = runtime
        self._key = key

    def newest(self, owner: Object) -> str:
        """Return the hash of the owner's present template, whose revision is stored with it."""
        hashed = template_hash(owner["spec"]["template"])
        name = f"{owner['metadata']['name']}-{hashed}"
        present = self._owned(owner)
        number = max((each["revision"] for each in present), default=0)
        for each in present:
            if each["metadata"]["name"] == name:
                if each["revision"] != number:
                    store = self._runtime.store
                    store.update(CONTROLLER_REVISIONS, {**each, "revision": number + 1})
                return hashed
        self._runtime.create(
            CONTROLLER_REVISIONS,
            {
                "apiVersion": "apps/v1",
                "kind": "ControllerRevision",
                "metadata": {
                    "name": name,
                    "namespace": owner["metadata"]["namespace"],
                    "labels": {
                        **(owner["spec"]["template"].get("metadata", {}).get("labels") or {}),
                        HASH_LABEL: hashed,
                    },
                    "ownerReferences": owned_by(owner),
                },
                "data": {"spec": {"template": {**owner["spec"]["template"], "$patch": "replace"}}},
                "revision": number + 1,
            },
        )
        return hashed

    def forget(self, owner: Object, used: Sequence[str]) -> None:
        """Delete the oldest revisions beyond the owner's limit, but for those `used` (hashes)."""
        idle = [
            each
            for each in self._owned(owner)
            if each["metadata"]["labels"].get(HASH_LABEL) not in used
        ]
        idle.sort(key=lambda each: int(each["revision"]))
        for each in idle[: max(len(idle) - owner["spec"]["revisionHistoryLimit"], 0)]:
            self._runtime.delete(CONTROLLER_REVISIONS, each)

    def _owned(self, owner: Object) -> list[Object]:
        metadata = owner["metadata"]
        return [
            each
            for each in self._runtime.store.list(CONTROLLER_REVISIONS, metadata["namespace"])
            if any(
                reference["uid"] == metadata["uid"]
                for reference in each["metadata"].get("ownerReferences", ())
            )
        ]
