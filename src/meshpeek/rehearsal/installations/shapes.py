"""The shapes that installations are made of: Deployments, Services, accounts, access."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from meshpeek.rehearsal.types.objects import Object

RBAC = "rbac.authorization.k8s.io"


def metadata(
    name: str,
    namespace: str = "",
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Object:
    """Make an object's metadata, without what is empty."""
    made: Object = {"name": name}
    if namespace:
        made["namespace"] = namespace
    if labels:
        made["labels"] = dict(labels)
    if annotations:
        made["annotations"] = dict(annotations)
    return made


def namespace(
    name: str,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Object:
    """Make a Namespace."""
    about = metadata(name, "", labels, annotations)
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": about}


def container(name: str, image: str, ports: Mapping[str, int], **more: object) -> Object:
    """Make a container with TCP ports by name."""
    opened = [{"containerPort": number, "name": port} for port, number in ports.items()]
    return {"name": name, "image": image, **({"ports": opened} if opened else {}), **more}


def deployment(
    about: Object,
    selector: Mapping[str, str],
    containers: Sequence[Object],
    *,
    annotations: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    **spec: object,
) -> Object:
    """Make a Deployment of one replica; `about` is its metadata, the rest is its Pods'."""
    pods: Object = {"labels": {**(labels or {}), **selector}}
    if annotations:
        pods["annotations"] = dict(annotations)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": about,
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": dict(selector)},
            "template": {"metadata": pods, "spec": {"containers": list(containers), **spec}},
        },
    }


def service(
    about: Object,
    selector: Mapping[str, str] | None,
    ports: Sequence[tuple[str, int, int | str]],
    **spec: Any,  # noqa: ANN401 - any JSON
) -> Object:
    """Make a Service; each of `ports` is its name, its number and its target port (TCP)."""
    made: Object = {
        "ports": [
            {"name": name, "port": number, "targetPort": target} for name, number, target in ports
        ],
        **spec,
    }
    if selector:
        made["selector"] = dict(selector)
    return {"apiVersion": "v1", "kind": "Service", "metadata": about, "spec": made}


def service_account(about: Object) -> Object:
    """Make a ServiceAccount."""
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": about}


def config_map(about: Object, data: Mapping[str, str]) -> Object:
    """Make a ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": about, "data": dict(data)}


def cluster_access(about: Object, account: str, home: str, rules: Sequence[Object]) -> list[Object]:
    """Make a ClusterRole and its binding to the ServiceAccount `account` in namespace `home`."""
    name = about["name"]
    return [
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "ClusterRole",
            "metadata": about,
            "rules": list(rules),
        },
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": dict(about),
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": home}],
        },
    ]


def rule(groups: str, resources: str, verbs: str) -> Object:
    """Make an RBAC rule from space-separated names; `core` is the group without a name."""
    return {
        "apiGroups": ["" if group == "core" else group for group in groups.split()],
        "resources": resources.split(),
        "verbs": verbs.split(),
    }
