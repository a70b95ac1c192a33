"""Linkerd's control plane, as `linkerd install` of stable-2.14.10 prints it and leaves it.

The objects, their names and their order are the real ones. Of what is in them there is what people
look at and what checks and controllers here read.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from meshpeek.rehearsal.installations.linkerd import access, components
from meshpeek.rehearsal.installations.linkerd.names import (
    CREATED_BY,
    HOME,
    INJECTOR_CONFIGURATION,
    LINKERD_VERSION,
    about_component,
    control_plane_labels,
)
from meshpeek.rehearsal.installations.shapes import config_map, metadata, namespace
from meshpeek.rehearsal.types.objects import Object

PLACEHOLDER = "-----BEGIN CERTIFICATE-----\nrehearsal\n-----END CERTIFICATE-----\n"
"""What stands for every certificate that nobody has given."""

_PLACEHOLDER_KEY = "-----BEGIN EC PRIVATE KEY-----\nrehearsal\n-----END EC PRIVATE KEY-----\n"
_ADMISSION = "admissionregistration.k8s.io/v1"
_HIGHLY_AVAILABLE_REPLICAS = 3


@dataclass(frozen=True, slots=True)
class Identity:
    """The mesh's trust anchors and the issuer's credentials: PEM texts."""

    trust_anchors: str = PLACEHOLDER
    issuer_certificate: str = PLACEHOLDER
    issuer_key: str = _PLACEHOLDER_KEY


@dataclass(frozen=True, slots=True)
class InstallOptions:
    """What `linkerd install` is told: credentials, `--ha`, and Helm values given one by one."""

    identity: Identity = Identity()
    is_highly_available: bool = False
    overrides: Mapping[str, Any] = field(default_factory=dict)


def control_plane(installation: InstallOptions | None = None) -> Iterator[Object]:
    """Yield the objects of the control plane in the order of `linkerd install`."""
    wanted = installation or InstallOptions()
    values = _values(wanted)
    replicas = int(values["controllerReplicas"])
    yield _namespace()
    yield from access.of_component("identity")
    yield from access.of_component("destination")
    yield from _webhook(wanted, "Validating", "sp-validator", "linkerd.io", "serviceprofiles")
    yield from _webhook(
        wanted,
        "Validating",
        "policy-validator",
        "policy.linkerd.io",
        "authorizationpolicies httproutes networkauthentications meshtlsauthentications "
        "serverauthorizations servers",
    )
    yield from access.of_policy()
    yield from access.of_heartbeat()
    yield from access.of_component("proxy-injector")
    yield from _webhook(wanted, "Mutating", "proxy-injector", "", "pods services")
    about_config = about_component("linkerd-config", "controller")
    yield config_map(about_config, {"values": _yaml(values)})
    yield access.to_configuration()
    yield _secret(
        about_component("linkerd-identity-issuer", "identity"),
        {"crt.pem": wanted.identity.issuer_certificate, "key.pem": wanted.identity.issuer_key},
    )
    yield config_map(
        about_component("linkerd-identity-trust-roots", "identity"),
        {"ca-bundle.crt": wanted.identity.trust_anchors},
    )
    yield from components.identity(replicas)
    yield from components.destination(replicas)
    yield components.heartbeat()
    yield from components.proxy_injector(replicas)
    yield _secret(
        metadata("linkerd-config-overrides", HOME, {"linkerd.io/control-plane-ns": HOME}),
        {"linkerd-config-overrides": _yaml(_overrides(wanted))},
    )


def _yaml(values: Mapping[str, Any]) -> str:
    from meshpeek.rehearsal.types.yaml_documents import dump_document

    return dump_document(values)


def _values(wanted: InstallOptions) -> dict[str, Any]:
    """Return the Helm values that the ConfigMap linkerd-config keeps."""
    values: dict[str, Any] = {
        "cliVersion": f"linkerd/cli {LINKERD_VERSION}",
        "clusterDomain": "cluster.local",
        "clusterNetworks": "10.0.0.0/8,100.64.0.0/10,172.16.0.0/12,192.168.0.0/16",
        "cniEnabled": False,
        "controllerReplicas": 1,
        "highAvailability": False,
        "identity": {
            "issuer": {
                "clockSkewAllowance": "20s",
                "issuanceLifetime": "24h0m0s",
                "scheme": "linkerd.io/tls",
            },
        },
        "identityTrustAnchorsPEM": PLACEHOLDER,
        "identityTrustDomain": "cluster.local",
        "linkerdVersion": LINKERD_VERSION,
        "proxyInit": {"runAsRoot": False},
    }
    return _merged(values, _overrides(wanted, with_key=False))


def _overrides(wanted: InstallOptions, *, with_key: bool = True) -> dict[str, Any]:
    """Return the Helm values that differ from the chart's own."""
    identity = wanted.identity
    given: dict[str, Any] = {"identityTrustAnchorsPEM": identity.trust_anchors}
    if with_key:
        tls = {"crtPEM": identity.issuer_certificate, "keyPEM": identity.issuer_key}
        given["identity"] = {"issuer": {"tls": tls}}
    if wanted.is_highly_available:
        given |= {"controllerReplicas": _HIGHLY_AVAILABLE_REPLICAS, "highAvailability": True}
    return _merged(given, wanted.overrides)


def _merged(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` with `changes`, mappings in them merged too."""
    merged = dict(values)
    for name, change in changes.items():
        before = merged.get(name)
        if isinstance(before, Mapping) and isinstance(change, Mapping):
            merged[name] = _merged(before, change)
        else:
            merged[name] = change
    return merged


def _namespace() -> Object:
    labels = {
        "config.linkerd.io/admission-webhooks": "disabled",
        "linkerd.io/control-plane-ns": HOME,
        "linkerd.io/is-control-plane": "true",
        "pod-security.kubernetes.io/enforce": "privileged",
    }
    return namespace(HOME, labels, {"linkerd.io/inject": "disabled"})


def _webhook(
    wanted: InstallOptions, kind: str, name: str, group: str, resources: str
) -> Iterator[Object]:
    """Yield a webhook's certificate and its configuration."""
    server = f"linkerd-{name}"
    yield _secret(
        about_component(f"{server}-k8s-tls", name),
        {"tls.crt": PLACEHOLDER, "tls.key": _PLACEHOLDER_KEY},
        kind="kubernetes.io/tls",
    )
    yield {
        "apiVersion": _ADMISSION,
        "kind": f"{kind}WebhookConfiguration",
        "metadata": metadata(
            INJECTOR_CONFIGURATION if kind == "Mutating" else f"{server}-webhook-config",
            labels=control_plane_labels(name),
        ),
        "webhooks": [
            {
                "admissionReviewVersions": ["v1", "v1beta1"],
                "clientConfig": {
                    "caBundle": _encoded(PLACEHOLDER),
                    "service": {"name": server, "namespace": HOME, "path": "/"},
                },
                "failurePolicy": "Fail" if wanted.is_highly_available else "Ignore",
                "name": f"{server}.linkerd.io",
                "namespaceSelector": {
                    "matchExpressions": [
                        {
                            "key": "config.linkerd.io/admission-webhooks",
                            "operator": "NotIn",
                            "values": ["disabled"],
                        }
                    ]
                },
                "rules": [
                    {
                        "apiGroups": [group],
                        "apiVersions": ["*"],
                        "operations": ["CREATE"] + ["UPDATE"] * (kind == "Validating"),
                        "resources": resources.split(),
                        "scope": "Namespaced",
                    }
                ],
                "sideEffects": "None",
            }
        ],
    }


def _secret(about: Object, texts: Mapping[str, str], kind: str = "Opaque") -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": about | {"annotations": dict(CREATED_BY)},
        "type": kind,
        "data": {name: _encoded(text) for name, text in texts.items()},
    }


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
