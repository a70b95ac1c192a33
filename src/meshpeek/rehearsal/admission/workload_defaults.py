"""What an API server fills into workloads and claims.

Facts: Kubernetes 1.27's defaulting of the groups apps and batch and of claims, and the labels that
its strategy gives Jobs.
"""

from __future__ import annotations

from typing import Any

from meshpeek.rehearsal.admission import pod_defaults
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.store.store import new_uid, random_suffix
from meshpeek.rehearsal.types.objects import Object


def deployment(obj: Object) -> None:
    """Fill in the defaults of a Deployment."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    _strategy(spec, "strategy", {"maxSurge": "25%", "maxUnavailable": "25%"})
    _template(spec)
    obj.setdefault("status", {})


def replica_set(obj: Object) -> None:
    """Fill in the defaults of a ReplicaSet."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    _template(spec)
    obj.setdefault("status", {"replicas": 0})


def replication_controller(obj: Object) -> None:
    """Fill in the defaults of a ReplicationController: its selector is its template's labels."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    labels = _labels(spec)
    if labels:
        spec["selector"] = spec.get("selector") or dict(labels)
        obj["metadata"]["labels"] = obj["metadata"].get("labels") or dict(labels)
    _template(spec)


def daemon_set(obj: Object) -> None:
    """Fill in the defaults of a DaemonSet."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("revisionHistoryLimit", 10)
    _strategy(spec, "updateStrategy", {"maxSurge": 0, "maxUnavailable": 1})
    _template(spec)


def stateful_set(obj: Object) -> None:
    """Fill in the defaults of a StatefulSet."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("podManagementPolicy", "OrderedReady")
    retention = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    retention.setdefault("whenDeleted", "Retain")
    retention.setdefault("whenScaled", "Retain")
    _strategy(spec, "updateStrategy", {"partition": 0})
    for claim in spec.get("volumeClaimTemplates", ()):
        claim.setdefault("apiVersion", "v1")
        claim.setdefault("kind", "PersistentVolumeClaim")
        persistent_volume_claim(claim)
    _template(spec)


def job(obj: Object) -> None:
    """Fill in the defaults of a Job."""
    spec = obj.setdefault("spec", {})
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    _template(spec)
    spec.setdefault("parallelism", 1)
    spec.setdefault("backoffLimit", 6)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    labels = _labels(spec)
    if labels and not obj["metadata"].get("labels"):
        obj["metadata"]["labels"] = dict(labels)


def admit_job(_cluster: Cluster, obj: Object, old: Object | None) -> None:
    """Give a new Job the selector and the labels that tell its Pods from others."""
    metadata, spec = obj["metadata"], obj["spec"]
    template = spec.get("template")
    if old is not None or spec.get("manualSelector") or not isinstance(template, dict):
        return
    if not metadata.get("name"):
        metadata["name"] = metadata["generateName"] + random_suffix()
    uid, name = metadata.setdefault("uid", new_uid()), metadata["name"]
    prefix = "batch.kubernetes.io/"
    labels = template.setdefault("metadata", {}).setdefault("labels", {})
    for key, value in (("controller-uid", uid), ("job-name", name)):
        labels.setdefault(key, value)
        labels.setdefault(prefix + key, value)
    matched = spec.setdefault("selector", {}).setdefault("matchLabels", {})
    matched.setdefault(f"{prefix}controller-uid", uid)
    # Reading it back from etcd, the API server defaults its labels once more.
    metadata["labels"] = metadata.get("labels") or dict(labels)


def autoscaler(obj: Object) -> None:
    """Fill in the defaults of a HorizontalPodAutoscaler."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("minReplicas", 1)
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": 80}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    obj.setdefault("status", {"currentMetrics": None, "desiredReplicas": 0})


def cron_job(obj: Object) -> None:
    """Fill in the defaults of a CronJob; those of its Jobs come when they are made."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("concurrencyPolicy", "Allow")
    spec.setdefault("suspend", False)
    spec.setdefault("successfulJobsHistoryLimit", 3)
    spec.setdefault("failedJobsHistoryLimit", 1)
    _template(spec.get("jobTemplate", {}).get("spec", {}))


def persistent_volume_claim(obj: Object) -> None:
    """Fill in the defaults of a PersistentVolumeClaim."""
    obj.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
    obj.setdefault("status", {}).setdefault("phase", "Pending")


def _strategy(spec: Object, field: str, rolling: dict[str, Any]) -> None:
    strategy = spec.setdefault(field, {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        given = strategy.setdefault("rollingUpdate", {})
        for name, value in rolling.items():
            given.setdefault(name, value)


def _labels(spec: Object) -> dict[str, str]:
    template = spec.get("template") or {}
    labels: dict[str, str] = (template.get("metadata") or {}).get("labels") or {}
    return labels


def _template(spec: Object) -> None:
    template = spec.get("template")
    if isinstance(template, dict) and isinstance(template.get("spec"), dict):
        # Go writes the zero time of a template as null; `kubectl get -o yaml` shows it.
        template.setdefault("metadata", {}).setdefault("creationTimestamp", None)
        pod_defaults.apply_to_spec(template["spec"])
