"""The multicluster extension, as `linkerd multicluster install` of stable-2.14.10 leaves it."""

from __future__ import annotations

from collections.abc import Iterator

from meshpeek.rehearsal.installations.linkerd.names import LINKERD_VERSION
from meshpeek.rehearsal.installations.linkerd_multicluster.crds import link_definition
from meshpeek.rehearsal.installations.linkerd_multicluster.links import EXTENSION_NAMESPACE as HOME
from meshpeek.rehearsal.installations.linkerd_multicluster.links import REMOTE_ACCESS_ACCOUNT
from meshpeek.rehearsal.installations.shapes import (
    cluster_access,
    container,
    deployment,
    metadata,
    namespace,
    rule,
    service,
    service_account,
)
from meshpeek.rehearsal.types.objects import Object

_LABELS = {"linkerd.io/extension": "multicluster"}
_CREATED_BY = {"linkerd.io/created-by": f"linkerd/cli {LINKERD_VERSION}"}
_POLICY = "policy.linkerd.io"
_MIRRORS = {"component": "linkerd-service-mirror"}
_GATEWAY = "linkerd-gateway"
_GATEWAY_LABELS = {**_LABELS, "app": _GATEWAY}


def extension(*, gateway: bool = False) -> Iterator[Object]:
    """Yield the objects of the extension in the order of `linkerd multicluster install`.

    The gateway is what `--gateway=false` leaves out.
    """
    yield namespace(HOME, {**_LABELS, "pod-security.kubernetes.io/enforce": "privileged"})
    if gateway:
        yield from _gateway()
    role, binding = _remote_access()
    yield role
    yield service_account(metadata(REMOTE_ACCESS_ACCOUNT, HOME, _LABELS, _CREATED_BY))
    yield {
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
    yield binding
    yield link_definition()
    yield {
        "apiVersion": f"{_POLICY}/v1beta1",
        "kind": "Server",
        "metadata": metadata("service-mirror", HOME, {**_LABELS, **_MIRRORS}),
        "spec": {
            "podSelector": {"matchLabels": dict(_MIRRORS)},
            "port": "admin-http",
            "proxyProtocol": "HTTP/1",
        },
    }
    prometheus = {"kind": "ServiceAccount", "name": "prometheus", "namespace": "linkerd-viz"}
    yield _authorization("service-mirror", {**_LABELS, **_MIRRORS}, [prometheus])


def _remote_access() -> list[Object]:
    """Return what lets service mirrors of other clusters read this one."""
    read = "list get watch"
    reading = rule("core", "configmaps", "get") | {"resourceNames": ["linkerd-config"]}
    return cluster_access(
        metadata(REMOTE_ACCESS_ACCOUNT, labels=_LABELS, annotations=_CREATED_BY),
        REMOTE_ACCESS_ACCOUNT,
        HOME,
        [
            rule("apps", "replicasets", read),
            rule("batch", "jobs", read),
            rule("core", "pods endpoints services", read),
            rule("discovery.k8s.io", "endpointslices", read),
            rule(_POLICY, "servers", read),
            reading,
            rule("core", "events", "create patch"),
        ],
    )


def _gateway() -> Iterator[Object]:
    """Yield the gateway, through which links that are not flat come in."""
    about = metadata(_GATEWAY, HOME, {**_GATEWAY_LABELS, "component": "gateway"}, _CREATED_BY)
    yield deployment(
        about,
        {"app": _GATEWAY},
        [container("pause", "gcr.io/google_containers/pause:3.2", {})],
        annotations={
            **_CREATED_BY,
            "cluster-autoscaler.kubernetes.io/safe-to-evict": "true",
            "config.linkerd.io/default-inbound-policy": "all-authenticated",
            "config.linkerd.io/enable-gateway": "true",
            "config.linkerd.io/proxy-require-identity-inbound-ports": "4143",
            "linkerd.io/inject": "enabled",
        },
        labels=_LABELS,
        serviceAccountName=_GATEWAY,
    )
    identity = f"{_GATEWAY}.{HOME}.serviceaccount.identity.linkerd.cluster.local"
    made = service(
        metadata(
            _GATEWAY,
            HOME,
            _LABELS,
            {
                **_CREATED_BY,
                "component": "gateway",
                "mirror.linkerd.io/gateway-identity": identity,
                "mirror.linkerd.io/multicluster-gateway": "true",
                "mirror.linkerd.io/probe-path": "/ready",
                "mirror.linkerd.io/probe-period": "3",
            },
        ),
        {"app": _GATEWAY},
        [("mc-gateway", 4143, 4143), ("mc-probe", 4191, 4191)],
        type="LoadBalancer",
    )
    yield made
    yield service_account(metadata(_GATEWAY, HOME, _LABELS))
    yield {
        "apiVersion": f"{_POLICY}/v1beta1",
        "kind": "Server",
        "metadata": metadata(_GATEWAY, HOME, _GATEWAY_LABELS, _CREATED_BY),
        "spec": {
            "podSelector": {"matchLabels": {"app": _GATEWAY}},
            "port": "linkerd-proxy",
        },
    }
    required = [
        {"group": _POLICY, "kind": kind, "name": name, "namespace": HOME}
        for kind, name in (
            ("MeshTLSAuthentication", "any-meshed"),
            ("NetworkAuthentication", "source-cluster"),
        )
    ]
    yield _authorization(_GATEWAY, _GATEWAY_LABELS, required)
    for kind, name, spec in (
        ("MeshTLSAuthentication", "any-meshed", {"identities": ["*"]}),
        (
            "NetworkAuthentication",
            "source-cluster",
            {"networks": [{"cidr": "0.0.0.0/0"}, {"cidr": "::/0"}]},
        ),
    ):
        yield {
            "apiVersion": f"{_POLICY}/v1alpha1",
            "kind": kind,
            "metadata": metadata(name, HOME, _GATEWAY_LABELS, _CREATED_BY),
            "spec": spec,
        }


def _authorization(name: str, labels: dict[str, str], required: list[Object]) -> Object:
    return {
        "apiVersion": f"{_POLICY}/v1alpha1",
        "kind": "AuthorizationPolicy",
        "metadata": metadata(name, HOME, labels),
        "spec": {
            "requiredAuthenticationRefs": required,
            "targetRef": {"group": _POLICY, "kind": "Server", "name": name},
        },
    }
