"""`linkerd install` and `linkerd multicluster install`: the objects to apply.

Wordings are those of stable-2.14.10 (cli/cmd/install.go, options.go). Certificates are put where
they belong and are not looked into.
"""

from __future__ import annotations

from pathlib import Path

from meshpeek.rehearsal.installations.linkerd.cli.api_client import ApiClient, LinkerdError
from meshpeek.rehearsal.installations.linkerd.cli.arguments import Invocation
from meshpeek.rehearsal.installations.linkerd.cli.helm_values import merge, read_values
from meshpeek.rehearsal.installations.linkerd.control_plane import Identity, InstallOptions
from meshpeek.rehearsal.installations.linkerd.crds import definitions

_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_CREDENTIALS = {
    "identity-trust-anchors-file": "a trust anchors file",
    "identity-issuer-certificate-file": "a certificate file",
    "identity-issuer-key-file": "a private key file",
}


def explain_refusal(cluster: ApiClient, namespace: str) -> str:
    """Return why the control plane cannot be installed in a cluster, or an empty string."""
    present = {each["metadata"]["name"] for each in cluster.items(_DEFINITIONS)}
    if any(each["metadata"]["name"] not in present for each in definitions()):
        return "Linkerd CRDs must be installed first. Run linkerd install with the --crds flag."
    if cluster.find(f"/api/v1/namespaces/{namespace}/configmaps/linkerd-config"):
        return (
            f"Can't install the Linkerd control plane in the '{namespace}' namespace. "
            "Reason: ConfigMap/linkerd-config already exists.\n"
            "Run the command `linkerd upgrade`, if you are looking to upgrade Linkerd."
        )
    return ""


def read_installation(invocation: Invocation) -> InstallOptions:
    """Gather what the command line says; raises LinkerdError where the real command does."""
    overrides: dict[str, object] = {}
    if domain := invocation.text("identity-trust-domain"):
        overrides["identityTrustDomain"] = domain
    if replicas := invocation.number("controller-replicas"):
        overrides["controllerReplicas"] = replicas
    merge(overrides, read_values(invocation))
    return InstallOptions(_identity(invocation), invocation.truth("ha"), overrides)


def _identity(invocation: Invocation) -> Identity:
    paths = {name: invocation.text(name) for name in _CREDENTIALS}
    if not any(paths.values()):
        return Identity()
    for name, what in _CREDENTIALS.items():
        if not paths[name]:
            raise LinkerdError(f"{what} must be specified if other credentials are provided")
    anchors, certificate, key = (_read_pem(path) for path in paths.values())
    return Identity(anchors, certificate, key)


def _read_pem(path: str) -> str:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LinkerdError(f"open {path}: no such file or directory") from None
    except (OSError, UnicodeDecodeError) as error:
        raise LinkerdError(f"open {path}: {error}") from None
    if "-----BEGIN " not in text:
        raise LinkerdError(f"{path}: not PEM-encoded")
    return text
