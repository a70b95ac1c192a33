"""The multicluster extension, as `linkerd multicluster install --gateway=false` leaves it."""

from __future__ import annotations

from meshpeek.rehearsal.installations.workloads import (
    cluster_access,
    metadata,
    namespace,
    rule,
    service_account,
)
from meshpeek.rehearsal.links import EXTENSION_NAMESPACE as HOME
from meshpeek.rehearsal.links import LINKERD_VERSION, REMOTE_ACCESS_ACCOUNT
from meshpeek.rehearsal.store import Object

_LABELS = {"linkerd.io/extension": "multicluster"}
_CREATED_BY = {"linkerd.io/created-by": f"linkerd/cli {LINKERD_VERSION}"}
_POLICY = "policy.linkerd.io"
_MIRRORS = {"component": "linkerd-service-mirror"}


def extension() -> list[Object]:
    """Return the objects of the extension but for the Link CRD, the Namespace first."""
    account = service_account(
        metadata(REMOTE_ACCESS_ACCOUNT, HOME, _LABELS, _CREATED_BY),
    )
    token = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata(
            f"{REMOTE_ACCESS_ACCOUNT}-token",
            HOME,
            _LABELS,
            {**_CREATED_BY, "kubernetes.io/service-account.name": REMOTE_ACCESS_ACCOUNT},
        ),
        "type": "kubernetes.io/service-account-token",
    }
    read = "get list watch"
    return [
        namespace(HOME, {**_LABELS, "pod-security.kubernetes.io/enforce": "privileged"}),
        account,
        token,
        *cluster_access(
            metadata(REMOTE_ACCESS_ACCOUNT, labels=_LABELS, annotations=_CREATED_BY),
            REMOTE_ACCESS_ACCOUNT,
            HOME,
            [
                rule("apps", "replicasets", read),
                rule("batch", "jobs", read),
                rule("core", "pods endpoints services nodes namespaces", read),
                rule("discovery.k8s.io", "endpointslices", read),
                rule(_POLICY, "servers", read),
                rule("core", "events", "create patch"),
            ],
        ),
        {
            "apiVersion": f"{_POLICY}/v1beta1",
            "kind": "Server",
            "metadata": metadata("service-mirror", HOME, _LABELS),
            "spec": {
                "podSelector": {"matchLabels": dict(_MIRRORS)},
                "port": "admin-http",
                "proxyProtocol": "HTTP/1",
            },
        },
        {
            "apiVersion": f"{_POLICY}/v1alpha1",
            "kind": "AuthorizationPolicy",
            "metadata": metadata("service-mirror", HOME, _LABELS),
            "spec": {
                "requiredAuthenticationRefs": [
                    {"group": _POLICY, "kind": "NetworkAuthentication", "name": "kubelet"}
                ],
                "targetRef": {"group": _POLICY, "kind": "Server", "name": "service-mirror"},
            },
        },
    ]
