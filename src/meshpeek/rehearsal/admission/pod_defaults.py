"""What an API server fills into a Pod's spec, and into those of Pod templates.

Facts: Kubernetes 1.27's defaulting (pkg/apis/core/v1), and the admission plugins ServiceAccount,
DefaultTolerationSeconds and Priority for Pods themselves.
"""

from __future__ import annotations

from typing import Any

from meshpeek.rehearsal.store.store import random_suffix
from meshpeek.rehearsal.types.objects import Object

_TOKEN_DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a path
_VOLUME_MODE = 0o644


def apply_to_spec(spec: Object) -> None:
    """Fill in the defaults of a Pod spec, in place."""
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("securityContext", {})
    spec.setdefault("schedulerName", "default-scheduler")
    if "serviceAccountName" in spec:
        spec.setdefault("serviceAccount", spec["serviceAccountName"])
    for container in (*spec.get("initContainers", ()), *spec.get("containers", ())):
        _container(container)
    for volume in spec.get("volumes", ()):
        _volume(volume)


def apply_to_pod(pod: Object) -> None:
    """Fill in the defaults of a Pod, in place: some of its own beside those of its spec."""
    spec = pod["spec"]
    apply_to_spec(spec)
    spec.setdefault("enableServiceLinks", True)
    for container in (*spec.get("initContainers", ()), *spec.get("containers", ())):
        resources = container["resources"]
        for name, limit in resources.get("limits", {}).items():
            resources.setdefault("requests", {}).setdefault(name, limit)


def admit(pod: Object) -> None:
    """Apply to a new Pod, in place, what admission plugins add: account, token, priority."""
    spec = pod["spec"]
    spec.setdefault("serviceAccountName", "default")
    spec.setdefault("serviceAccount", spec["serviceAccountName"])
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    spec.setdefault("priority", 0)
    if spec.get("automountServiceAccountToken", True):
        _mount_token(spec)
    pod.setdefault("status", {"phase": "Pending"})
    pod["status"]["qosClass"] = quality_of_service(spec)


def add_tolerations(spec: Object) -> None:
    """Let a Pod stay on a node that fails for five minutes, as DefaultTolerationSeconds does."""
    tolerations = spec.setdefault("tolerations", [])
    for reason in ("not-ready", "unreachable"):
        key = f"node.kubernetes.io/{reason}"
        if not any(each.get("key") == key for each in tolerations):
            tolerations.append(
                {
                    "effect": "NoExecute",
                    "key": key,
                    "operator": "Exists",
                    "tolerationSeconds": 300,
                }
            )


def quality_of_service(spec: Object) -> str:
    """Return the QoS class that the containers' requests and limits make."""
    containers = [*spec.get("containers", ()), *spec.get("initContainers", ())]
    resources = [container.get("resources", {}) for container in containers]
    if not any(each.get("requests") or each.get("limits") for each in resources):
        return "BestEffort"
    guaranteed = all(
        set(each.get("limits", {})) >= {"cpu", "memory"}
        and each.get("requests", each["limits"]) == each["limits"]
        for each in resources
    )
    return "Guaranteed" if guaranteed else "Burstable"


def _container(container: Object) -> None:
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    container.setdefault("imagePullPolicy", _pull_policy(container.get("image", "")))
    container.setdefault("resources", {})
    for port in container.get("ports", ()):
        port.setdefault("protocol", "TCP")
    for variable in container.get("env", ()):
        reference = variable.get("valueFrom", {}).get("fieldRef")
        if reference is not None:
            reference.setdefault("apiVersion", "v1")
    for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
        if kind in container:
            _probe(container[kind])


def _pull_policy(image: str) -> str:
    name = image.rpartition("/")[2]
    if "@" in name:
        return "IfNotPresent"
    tag = name.partition(":")[2]
    return "Always" if tag in ("", "latest") else "IfNotPresent"


def _probe(probe: Object) -> None:
    for name, value in (
        ("failureThreshold", 3),
        ("periodSeconds", 10),
        ("successThreshold", 1),
        ("timeoutSeconds", 1),
    ):
        probe.setdefault(name, value)
    if "httpGet" in probe:
        probe["httpGet"].setdefault("path", "/")
        probe["httpGet"].setdefault("scheme", "HTTP")


def _volume(volume: Object) -> None:
    for kind in ("secret", "configMap", "projected", "downwardAPI"):
        source: Any = volume.get(kind)
        if source is None:
            continue
        source.setdefault("defaultMode", _VOLUME_MODE)
        for each in source.get("sources", ()):
            if "serviceAccountToken" in each:
                each["serviceAccountToken"].setdefault("expirationSeconds", 3600)
    if set(volume) <= {"name"}:
        volume["emptyDir"] = {}
    if "hostPath" in volume:
        volume["hostPath"].setdefault("type", "")


def _mount_token(spec: Object) -> None:
    volumes = spec.setdefault("volumes", [])
    if any(volume.get("name", "").startswith("kube-api-access-") for volume in volumes):
        return
    name = f"kube-api-access-{random_suffix()}"
    volumes.append(
        {
            "name": name,
            "projected": {
                "defaultMode": _VOLUME_MODE,
                "sources": [
                    {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                    {
                        "configMap": {
                            "items": [{"key": "ca.crt", "path": "ca.crt"}],
                            "name": "kube-root-ca.crt",
                        }
                    },
                    {
                        "downwardAPI": {
                            "items": [
                                {
                                    "fieldRef": {
                                        "apiVersion": "v1",
                                        "fieldPath": "metadata.namespace",
                                    },
                                    "path": "namespace",
                                }
                            ]
                        }
                    },
                ],
            },
        }
    )
    for container in (*spec.get("initContainers", ()), *spec.get("containers", ())):
        mounts = container.setdefault("volumeMounts", [])
        if not any(mount.get("mountPath") == _TOKEN_DIRECTORY for mount in mounts):
            mounts.append({"mountPath": _TOKEN_DIRECTORY, "name": name, "readOnly": True})
