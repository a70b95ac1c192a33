"""Linkerd's proxy injector: which new Pods get the sidecar, and what is added to them.

Facts: linkerd2 stable-2.14.10, controller/proxy-injector and charts/partials. The proxy's
configuration variables are left out, but for those that people look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshpeek.rehearsal.installations.linkerd.names import HOME, LINKERD_VERSION
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types.keys import NAMESPACES
from meshpeek.rehearsal.types.objects import Object

PROXY = "linkerd-proxy"
INJECT_ANNOTATION = "linkerd.io/inject"

_PROXY_IMAGE = f"cr.l5d.io/linkerd/proxy:{LINKERD_VERSION}"
_INIT_IMAGE = "cr.l5d.io/linkerd/proxy-init:v2.2.3"


def inject(cluster: Cluster, pod: Object) -> None:
    """Add the sidecar to a new Pod, in place, where it is asked for."""
    if not _is_wanted(cluster, pod):
        return
    metadata, spec = pod["metadata"], pod["spec"]
    metadata.setdefault("annotations", {}).update(
        {
            "linkerd.io/created-by": f"linkerd/proxy-injector {LINKERD_VERSION}",
            INJECT_ANNOTATION: "enabled",
            "linkerd.io/proxy-version": LINKERD_VERSION,
        }
    )
    labels = metadata.setdefault("labels", {})
    labels["linkerd.io/control-plane-ns"] = HOME
    labels["linkerd.io/workload-ns"] = metadata["namespace"]
    owner = _owner_deployment(metadata)
    if owner:
        labels["linkerd.io/proxy-deployment"] = owner
    add_proxy(spec)


def add_proxy(spec: Object) -> None:
    """Add the proxy, its initializer and their volumes to a Pod spec, in place.

    The proxy comes first among the containers, so that the others wait for it to be ready.
    """
    spec.setdefault("initContainers", []).append(_initializer())
    spec["containers"].insert(0, _proxy())
    spec.setdefault("volumes", []).extend(_volumes())


def _is_wanted(cluster: Cluster, pod: Object) -> bool:
    namespace = cluster.store.get(NAMESPACES, None, pod["metadata"].get("namespace", "")) or {}
    if _is_exempt(namespace):
        return False
    spec = pod["spec"]
    if spec.get("hostNetwork") or any(each.get("name") == PROXY for each in spec["containers"]):
        return False
    asked = _annotation(pod) or _annotation(namespace)
    return asked in ("enabled", "ingress")


def _is_exempt(namespace: Mapping[str, Any]) -> bool:
    metadata = namespace.get("metadata", {})
    disabled = metadata.get("labels", {}).get("config.linkerd.io/admission-webhooks") == "disabled"
    return disabled or metadata.get("name") in ("kube-system", "cert-manager")


def _annotation(obj: Mapping[str, Any]) -> str:
    annotations: Mapping[str, str] = obj.get("metadata", {}).get("annotations") or {}
    return annotations.get(INJECT_ANNOTATION, "")


def _owner_deployment(metadata: Mapping[str, Any]) -> str:
    """Return the name of the Deployment behind a ReplicaSet's Pod, or an empty string."""
    hashed: str = metadata.get("labels", {}).get("pod-template-hash", "")
    for owner in metadata.get("ownerReferences", ()):
        if owner["kind"] == "ReplicaSet" and hashed and owner["name"].endswith(f"-{hashed}"):
            return str(owner["name"].removesuffix(f"-{hashed}"))
    return ""


def _initializer() -> Object:
    return {
        "args": [
            "--incoming-proxy-port",
            "4143",
            "--outgoing-proxy-port",
            "4140",
            "--proxy-uid",
            "2102",
            "--inbound-ports-to-ignore",
            "4190,4191,4567,4568",
            "--outbound-ports-to-ignore",
            "4567,4568",
        ],
        "image": _INIT_IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "name": "linkerd-init",
        "resources": {
            "limits": {"cpu": "100m", "memory": "20Mi"},
            "requests": {"cpu": "100m", "memory": "20Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"add": ["NET_ADMIN", "NET_RAW"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"mountPath": "/run", "name": "linkerd-proxy-init-xtables-lock"}],
    }


def _proxy() -> Object:
    return {
        "env": [
            _from_field("_pod_name", "metadata.name"),
            _from_field("_pod_ns", "metadata.namespace"),
            _from_field("_pod_nodeName", "spec.nodeName"),
            {"name": "LINKERD2_PROXY_LOG", "value": "warn,linkerd=info"},
            {"name": "LINKERD2_PROXY_LOG_FORMAT", "value": "plain"},
            {
                "name": "LINKERD2_PROXY_DESTINATION_SVC_ADDR",
                "value": "linkerd-dst-headless.linkerd.svc.cluster.local.:8086",
            },
            {
                "name": "LINKERD2_PROXY_DESTINATION_PROFILE_NETWORKS",
                "value": "10.0.0.0/8,100.64.0.0/10,172.16.0.0/12,192.168.0.0/16",
            },
            {
                "name": "LINKERD2_PROXY_POLICY_SVC_ADDR",
                "value": "linkerd-policy.linkerd.svc.cluster.local.:8090",
            },
            {
                "name": "LINKERD2_PROXY_IDENTITY_SVC_ADDR",
                "value": "linkerd-identity-headless.linkerd.svc.cluster.local.:8080",
            },
        ],
        "image": _PROXY_IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "lifecycle": {
            "postStart": {
                "exec": {
                    "command": ["/usr/lib/linkerd/linkerd-await", "--timeout=2m", "--port=4191"]
                }
            }
        },
        "livenessProbe": _probe("/live"),
        "name": PROXY,
        "ports": [
            {"containerPort": 4143, "name": "linkerd-proxy", "protocol": "TCP"},
            {"containerPort": 4191, "name": "linkerd-admin", "protocol": "TCP"},
        ],
        "readinessProbe": _probe("/ready") | {"initialDelaySeconds": 2},
        "resources": {},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": 2102,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            {
                "mountPath": "/var/run/linkerd/identity/end-entity",
                "name": "linkerd-identity-end-entity",
            },
            {"mountPath": "/var/run/secrets/tokens", "name": "linkerd-identity-token"},
        ],
    }


def _from_field(name: str, path: str) -> Object:
    return {"name": name, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": path}}}


def _probe(path: str) -> Object:
    return {"httpGet": {"path": path, "port": 4191}, "initialDelaySeconds": 10}


def _volumes() -> list[Object]:
    return [
        {"emptyDir": {}, "name": "linkerd-proxy-init-xtables-lock"},
        {"emptyDir": {"medium": "Memory"}, "name": "linkerd-identity-end-entity"},
        {
            "name": "linkerd-identity-token",
            "projected": {
                "sources": [
                    {
                        "serviceAccountToken": {
                            "audience": "identity.l5d.io",
                            "expirationSeconds": 86400,
                            "path": "linkerd-identity-token",
                        }
                    }
                ]
            },
        },
    ]
