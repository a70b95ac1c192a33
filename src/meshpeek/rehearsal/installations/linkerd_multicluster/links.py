"""The objects that `linkerd multicluster link` prints, as Linkerd stable-2.14.10 has them.

Pure: the command-line stand-in prints them, and the seeding of the clusters stores them, so a
link that was there from the start and one made by hand are the same.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from meshpeek.rehearsal.installations.linkerd.names import HOME as CONTROL_PLANE_NAMESPACE
from meshpeek.rehearsal.installations.linkerd.names import LINKERD_VERSION
from meshpeek.rehearsal.kubeconfig_format import KubeconfigContext, dump_kubeconfig
from meshpeek.rehearsal.types.objects import Object

EXTENSION_NAMESPACE = "linkerd-multicluster"
REMOTE_ACCESS_ACCOUNT = "linkerd-service-mirror-remote-access-default"
EXPORTED_LABEL = "mirror.linkerd.io/exported"


class Gateway(NamedTuple):
    """The target cluster's gateway: where mirrored traffic goes, and how it is probed.

    `address` is a comma-separated list of addresses. `probe_period` is in seconds.
    """

    address: str
    identity: str
    port: int = 4143
    probe_path: str = "/ready"
    probe_period: int = 3
    probe_port: int = 4191


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """What a link is made from.

    `cluster_name` names the link and the target cluster. `server` is the URL at which the
    consumer reaches the target's API server, and `token` is what it shows there. `context` is
    the kubeconfig context that the embedded kubeconfig is cut from (an empty string: named like
    the cluster), `kubeconfig_cluster` the cluster entry of that context. `gateway` is None for
    `--gateway=false`. Selectors are LabelSelector objects.
    """

    cluster_name: str
    server: str
    token: str = "rehearsal"  # noqa: S105 - the rehearsal server asks for no credentials
    context: str = ""
    kubeconfig_cluster: str = ""
    gateway: Gateway | None = None
    namespace: str = EXTENSION_NAMESPACE
    control_plane_namespace: str = CONTROL_PLANE_NAMESPACE
    service_account: str = REMOTE_ACCESS_ACCOUNT
    cluster_domain: str = "cluster.local"
    trust_domain: str = "cluster.local"
    selector: Mapping[str, Any] = field(
        default_factory=lambda: {"matchLabels": {EXPORTED_LABEL: "true"}}
    )
    remote_discovery_selector: Mapping[str, Any] = field(
        default_factory=lambda: {"matchLabels": {EXPORTED_LABEL: "remote-discovery"}}
    )
    retry_limit: int = 3
    log_level: str = "info"
    log_format: str = "plain"
    registry: str = "cr.l5d.io/linkerd"
    version: str = LINKERD_VERSION


def link_objects(request: LinkRequest) -> list[Object]:
    """Return the objects in the order in which 2.14.10 prints them, fresh at each call.

    Two credentials Secrets, the Link, the service mirror's RBAC objects and ServiceAccount, its
    Deployment, and `probe-gateway-NAME` only where there is a gateway.
    """
    objects = [
        _extension_credentials(request),
        _control_plane_credentials(request),
        _link(request),
        *_access(request),
        _service_mirror(request),
    ]
    if request.gateway is not None:
        objects.append(_probe_service(request))
    return objects


def credentials_kubeconfig(request: LinkRequest) -> str:
    """Return the kubeconfig (YAML text) with which the consumer reaches the target cluster."""
    name = request.context or request.cluster_name
    context = KubeconfigContext(
        name,
        request.kubeconfig_cluster or name,
        request.server,
        request.service_account,
        request.token,
    )
    return dump_kubeconfig([context], name)


def _extension_credentials(request: LinkRequest) -> Object:
    return _credentials(
        request, {"name": _credentials_name(request), "namespace": request.namespace}
    )


def _control_plane_credentials(request: LinkRequest) -> Object:
    return _credentials(
        request,
        {
            "annotations": {
                "multicluster.linkerd.io/cluster-domain": request.cluster_domain,
                "multicluster.linkerd.io/trust-domain": request.trust_domain,
            },
            "labels": {"multicluster.linkerd.io/cluster-name": request.cluster_name},
            "name": _credentials_name(request),
            "namespace": request.control_plane_namespace,
        },
    )


def _credentials(request: LinkRequest, metadata: Object) -> Object:
    kubeconfig = base64.b64encode(credentials_kubeconfig(request).encode()).decode()
    return {
        "apiVersion": "v1",
        "data": {"kubeconfig": kubeconfig},
        "kind": "Secret",
        "metadata": metadata,
        "type": "mirror.linkerd.io/remote-kubeconfig",
    }


def _credentials_name(request: LinkRequest) -> str:
    return f"cluster-credentials-{request.cluster_name}"


def _link(request: LinkRequest) -> Object:
    gateway = request.gateway
    return {
        "apiVersion": "multicluster.linkerd.io/v1alpha1",
        "kind": "Link",
        "metadata": {"name": request.cluster_name, "namespace": request.namespace},
        "spec": {
            "clusterCredentialsSecret": _credentials_name(request),
            "gatewayAddress": gateway.address if gateway else "",
            "gatewayIdentity": gateway.identity if gateway else "",
            "gatewayPort": str(gateway.port) if gateway else "0",
            "probeSpec": {
                "path": gateway.probe_path if gateway else "",
                "period": f"{gateway.probe_period}s" if gateway else "0s",
                "port": str(gateway.probe_port) if gateway else "0",
            },
            "remoteDiscoverySelector": _copy(request.remote_discovery_selector),
            "selector": _copy(request.selector) if gateway else {},
            "targetClusterDomain": request.cluster_domain,
            "targetClusterLinkerdNamespace": request.control_plane_namespace,
            "targetClusterName": request.cluster_name,
        },
    }


def _copy(selector: Mapping[str, Any]) -> Object:
    copied: Object = json.loads(json.dumps(selector))
    return copied


def _mirror_labels(request: LinkRequest, component: str = "service-mirror") -> dict[str, str]:
    return {
        "linkerd.io/extension": "multicluster",
        "component": component,
        "mirror.linkerd.io/cluster-name": request.cluster_name,
    }


def _access(request: LinkRequest) -> list[Object]:
    local = f"linkerd-service-mirror-access-local-resources-{request.cluster_name}"
    remote = f"linkerd-service-mirror-read-remote-creds-{request.cluster_name}"
    account = {
        "kind": "ServiceAccount",
        "name": _mirror_name(request),
        "namespace": request.namespace,
    }
    return [
        {
            "kind": "ClusterRole",
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "metadata": {"name": local, "labels": _mirror_labels(request)},
            "rules": [
                _rule(
                    "",
                    ["endpoints", "services"],
                    ["list", "get", "watch", "create", "delete", "update"],
                ),
                _rule("", ["namespaces"], ["list", "get", "watch"]),
            ],
        },
        {
            "kind": "ClusterRoleBinding",
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "metadata": {"name": local, "labels": _mirror_labels(request)},
            "roleRef": _role_reference("ClusterRole", local),
            "subjects": [dict(account)],
        },
        {
            "kind": "Role",
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "metadata": _namespaced(request, remote),
            "rules": [
                {
                    "apiGroups": [""],
                    "resources": ["secrets"],
                    "resourceNames": [_credentials_name(request)],
                    "verbs": ["list", "get", "watch"],
                },
                _rule("multicluster.linkerd.io", ["links"], ["list", "get", "watch"]),
                _rule("coordination.k8s.io", ["leases"], ["create", "get", "update", "patch"]),
            ],
        },
        {
            "kind": "RoleBinding",
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "metadata": _namespaced(request, remote),
            "roleRef": _role_reference("Role", remote),
            "subjects": [dict(account)],
        },
        {
            "kind": "ServiceAccount",
            "apiVersion": "v1",
            "metadata": _namespaced(request, _mirror_name(request)),
        },
    ]


def _mirror_name(request: LinkRequest) -> str:
    return f"linkerd-service-mirror-{request.cluster_name}"


def _namespaced(request: LinkRequest, name: str) -> Object:
    return {"name": name, "namespace": request.namespace, "labels": _mirror_labels(request)}


def _rule(group: str, resources: list[str], verbs: list[str]) -> Object:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}


def _role_reference(kind: str, name: str) -> Object:
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}


def _service_mirror(request: LinkRequest) -> Object:
    selected = {
        "component": "linkerd-service-mirror",
        "mirror.linkerd.io/cluster-name": request.cluster_name,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "labels": _mirror_labels(request),
            "name": _mirror_name(request),
            "namespace": request.namespace,
        },
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": selected},
            "template": {
                "metadata": {
                    "annotations": {
                        "linkerd.io/inject": "enabled",
                        "cluster-autoscaler.kubernetes.io/safe-to-evict": "true",
                        "config.alpha.linkerd.io/proxy-wait-before-exit-seconds": "0",
                    },
                    "labels": _mirror_labels(request, "linkerd-service-mirror"),
                },
                "spec": {
                    "containers": [_service_mirror_container(request)],
                    "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
                    "serviceAccountName": _mirror_name(request),
                },
            },
        },
    }


def _service_mirror_container(request: LinkRequest) -> Object:
    return {
        "args": [
            "service-mirror",
            f"-log-level={request.log_level}",
            f"-log-format={request.log_format}",
            f"-event-requeue-limit={request.retry_limit}",
            f"-namespace={request.namespace}",
            "-enable-pprof=false",
            request.cluster_name,
        ],
        "image": f"{request.registry}/controller:{request.version}",
        "name": "service-mirror",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": 2103,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "ports": [{"containerPort": 9999, "name": "admin-http"}],
    }


def _probe_service(request: LinkRequest) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": f"probe-gateway-{request.cluster_name}",
            "namespace": request.namespace,
            "labels": {
                "linkerd.io/extension": "multicluster",
                "mirror.linkerd.io/mirrored-gateway": "true",
                "mirror.linkerd.io/cluster-name": request.cluster_name,
            },
        },
        "spec": {"ports": [{"name": "mc-probe", "port": 4191, "protocol": "TCP"}]},
    }
