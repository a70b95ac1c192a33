"""Linkerd's control plane, as `linkerd install` of stable-2.14.10 leaves it on a cluster."""

from __future__ import annotations

from meshpeek.rehearsal.injection import WEBHOOK, add_proxy
from meshpeek.rehearsal.installations.workloads import (
    cluster_access,
    config_map,
    container,
    deployment,
    metadata,
    namespace,
    rule,
    service,
    service_account,
)
from meshpeek.rehearsal.links import CONTROL_PLANE_NAMESPACE as HOME
from meshpeek.rehearsal.links import LINKERD_VERSION
from meshpeek.rehearsal.store import Object

_CONTROLLER = f"cr.l5d.io/linkerd/controller:{LINKERD_VERSION}"
_POLICY = f"cr.l5d.io/linkerd/policy-controller:{LINKERD_VERSION}"
_COMPONENT = "linkerd.io/control-plane-component"
_CREATED_BY = {"linkerd.io/created-by": f"linkerd/cli {LINKERD_VERSION}"}
_TRUST_ROOTS = "-----BEGIN CERTIFICATE-----\nrehearsal\n-----END CERTIFICATE-----\n"
_ADMISSION = "admissionregistration.k8s.io/v1"
_CONFIG = f"""\
linkerdVersion: {LINKERD_VERSION}
cliVersion: linkerd/cli {LINKERD_VERSION}
clusterDomain: cluster.local
clusterNetworks: 10.0.0.0/8,100.64.0.0/10,172.16.0.0/12,192.168.0.0/16
cniEnabled: false
identity:
  issuer:
    clockSkewAllowance: 20s
    issuanceLifetime: 24h0m0s
    scheme: linkerd.io/tls
identityTrustDomain: cluster.local
"""


def control_plane() -> list[Object]:
    """Return the objects of the control plane, the Namespace first."""
    return [
        namespace(
            HOME,
            {
                "config.linkerd.io/admission-webhooks": "disabled",
                "linkerd.io/control-plane-ns": HOME,
                "linkerd.io/is-control-plane": "true",
                "pod-security.kubernetes.io/enforce": "privileged",
            },
            {"linkerd.io/inject": "disabled"},
        ),
        *_access(),
        *_configuration(),
        *_webhooks(),
        *_services(),
        *_deployments(),
    ]


def _about(name: str, component: str, **labels: str) -> Object:
    made = {_COMPONENT: component, "linkerd.io/control-plane-ns": HOME, **labels}
    return metadata(name, HOME, made, _CREATED_BY)


def _access() -> list[Object]:
    objects: list[Object] = []
    for component, rules in (
        ("identity", [rule("authentication.k8s.io", "tokenreviews", "create")]),
        (
            "destination",
            [
                rule("core", "pods endpoints services nodes namespaces", "list get watch"),
                rule("discovery.k8s.io", "endpointslices", "list get watch"),
                rule("linkerd.io", "serviceprofiles", "list get watch"),
            ],
        ),
        ("proxy-injector", [rule("core", "namespaces pods", "list get watch")]),
    ):
        name = f"linkerd-{component}"
        objects.append(service_account(_about(name, component)))
        about = metadata(
            f"linkerd-{HOME}-{component}",
            labels={_COMPONENT: component, "linkerd.io/control-plane-ns": HOME},
        )
        objects += cluster_access(about, name, HOME, rules)
    return objects


def _configuration() -> list[Object]:
    secrets = ("linkerd-policy-validator", "linkerd-proxy-injector", "linkerd-sp-validator")
    return [
        config_map(_about("linkerd-config", "controller"), {"values": _CONFIG}),
        config_map(
            _about("linkerd-identity-trust-roots", "identity"), {"ca-bundle.crt": _TRUST_ROOTS}
        ),
        *(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": _about(f"{name}-k8s-tls", name.removeprefix("linkerd-")),
                "type": "kubernetes.io/tls",
                "stringData": {"tls.crt": _TRUST_ROOTS, "tls.key": "rehearsal\n"},
            }
            for name in secrets
        ),
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": _about("linkerd-identity-issuer", "identity"),
            "type": "Opaque",
            "stringData": {"crt.pem": _TRUST_ROOTS, "key.pem": "rehearsal\n"},
        },
    ]


def _webhooks() -> list[Object]:
    return [
        _webhook("Mutating", WEBHOOK, "linkerd-proxy-injector", "core", "pods services"),
        _webhook(
            "Validating",
            "linkerd-sp-validator-webhook-config",
            "linkerd-sp-validator",
            "linkerd.io",
            "serviceprofiles",
        ),
        _webhook(
            "Validating",
            "linkerd-policy-validator-webhook-config",
            "linkerd-policy-validator",
            "policy.linkerd.io",
            "authorizationpolicies httproutes networkauthentications meshtlsauthentications "
            "serverauthorizations servers",
        ),
    ]


def _webhook(kind: str, name: str, server: str, group: str, resources: str) -> Object:
    return {
        "apiVersion": _ADMISSION,
        "kind": f"{kind}WebhookConfiguration",
        "metadata": metadata(name, labels={"linkerd.io/control-plane-ns": HOME}),
        "webhooks": [
            {
                "admissionReviewVersions": ["v1", "v1beta1"],
                "clientConfig": {"service": {"name": server, "namespace": HOME, "path": "/"}},
                "failurePolicy": "Ignore",
                "name": f"{server}.linkerd.io",
                "rules": [
                    {
                        "apiGroups": ["" if group == "core" else group],
                        "apiVersions": ["*"],
                        "operations": ["CREATE", "UPDATE"],
                        "resources": resources.split(),
                        "scope": "Namespaced",
                    }
                ],
                "sideEffects": "None",
            }
        ],
    }


def _services() -> list[Object]:
    made = []
    for name, component, port, target, is_headless in (
        ("linkerd-dst", "destination", ("grpc", 8086), 8086, False),
        ("linkerd-dst-headless", "destination", ("grpc", 8086), 8086, True),
        ("linkerd-identity", "identity", ("grpc", 8080), 8080, False),
        ("linkerd-identity-headless", "identity", ("grpc", 8080), 8080, True),
        ("linkerd-policy", "destination", ("grpc", 8090), 8090, True),
        ("linkerd-policy-validator", "destination", ("policy-https", 443), "policy-https", False),
        ("linkerd-proxy-injector", "proxy-injector", ("proxy-injector", 443), 8443, False),
        ("linkerd-sp-validator", "destination", ("sp-validator", 443), "sp-validator", False),
    ):
        spec = {"clusterIP": "None"} if is_headless else {}
        about = _about(name, component)
        made.append(service(about, {_COMPONENT: component}, [(*port, target)], **spec))
    return made


def _deployments() -> list[Object]:
    return [
        _deployment(
            "identity",
            [
                container(
                    "identity",
                    _CONTROLLER,
                    {"ident-grpc": 8080, "ident-admin": 9990},
                    args=["identity"],
                )
            ],
        ),
        _deployment(
            "destination",
            [
                container(
                    "destination",
                    _CONTROLLER,
                    {"dest-grpc": 8086, "dest-admin": 9996},
                    args=["destination"],
                ),
                container(
                    "sp-validator",
                    _CONTROLLER,
                    {"sp-validator": 8443, "spval-admin": 9997},
                    args=["sp-validator"],
                ),
                container(
                    "policy",
                    _POLICY,
                    {"policy-grpc": 8090, "policy-admin": 9990, "policy-https": 9443},
                ),
            ],
        ),
        _deployment(
            "proxy-injector",
            [
                container(
                    "proxy-injector",
                    _CONTROLLER,
                    {"proxy-injector": 8443, "injector-admin": 9995},
                    args=["proxy-injector"],
                )
            ],
        ),
    ]


def _deployment(component: str, containers: list[Object]) -> Object:
    name = f"linkerd-{component}"
    labels = {
        _COMPONENT: component,
        "linkerd.io/control-plane-ns": HOME,
        "linkerd.io/proxy-deployment": name,
    }
    made = deployment(
        _about(
            name,
            component,
            **{
                "app.kubernetes.io/name": component,
                "app.kubernetes.io/part-of": "Linkerd",
                "app.kubernetes.io/version": LINKERD_VERSION,
            },
        ),
        labels,
        containers,
        annotations={**_CREATED_BY, "linkerd.io/proxy-version": LINKERD_VERSION},
        labels={"linkerd.io/workload-ns": HOME},
        serviceAccountName=name,
    )
    # The injector does not inject its own namespace: the chart renders these Pods with the proxy.
    add_proxy(made["spec"]["template"]["spec"])
    return made
