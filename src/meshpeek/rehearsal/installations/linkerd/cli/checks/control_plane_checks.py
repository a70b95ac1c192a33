"""Checks that the parts of the control plane are there: objects, readiness, networks."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable

from meshpeek.rehearsal.installations.linkerd.cli.checks.health import Category, Check, Subject
from meshpeek.rehearsal.installations.linkerd.cli.link import linkerd_values
from meshpeek.rehearsal.installations.linkerd.cli.readiness import COMPONENTS, find_unready_pod
from meshpeek.rehearsal.installations.linkerd.crds import definitions
from meshpeek.rehearsal.types.objects import Object

_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_ADMISSION = "/apis/admissionregistration.k8s.io/v1"
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

FindFault = Callable[[Subject], str]


def existence() -> Category:
    """Return what has to be there and to be ready."""
    return Category(
        "linkerd-existence",
        [
            Check(
                "'linkerd-config' config map exists",
                "l5d-existence-linkerd-config",
                find_missing_configuration,
                is_fatal=True,
            ),
            Check(
                "heartbeat ServiceAccount exist",
                "l5d-existence-sa",
                lambda subject: missing(
                    subject, "ServiceAccounts", _accounts(subject), ["linkerd-heartbeat"]
                ),
                is_fatal=True,
            ),
            Check(
                "control plane replica sets are ready",
                "l5d-existence-replicasets",
                _find_failed_replica_set,
                is_fatal=True,
                retries=True,
            ),
            Check(
                "no unschedulable pods",
                "l5d-existence-unschedulable-pods",
                _find_unschedulable,
                is_fatal=True,
                retries=True,
            ),
            Check(
                "control plane pods are ready",
                "l5d-api-control-ready",
                lambda subject: find_unready_pod(subject.cluster, subject.namespace),
                is_fatal=True,
                retries=True,
            ),
            Check(
                "cluster networks contains all node podCIDRs",
                "l5d-cluster-networks-cidr",
                _find_outer_node,
            ),
            Check(
                "cluster networks contains all pods",
                "l5d-cluster-networks-pods",
                lambda subject: _find_outer_address(
                    subject, "/api/v1/pods", "Pod", lambda pod: pod.get("status", {}).get("podIP")
                ),
            ),
            Check(
                "cluster networks contains all services",
                "l5d-cluster-networks-pods",
                lambda subject: _find_outer_address(
                    subject,
                    "/api/v1/services",
                    "Service",
                    lambda each: each["spec"].get("clusterIP"),
                ),
            ),
        ],
    )


def configuration() -> Category:
    """Return what `linkerd install` has to have made."""
    roles = ["linkerd-linkerd-identity", "linkerd-linkerd-proxy-injector"]
    crds = [each["metadata"]["name"] for each in definitions()]
    accounts = [f"linkerd-{component}" for component in COMPONENTS]
    expected = (
        ("ClusterRoles", "l5d-existence-cr", f"{_RBAC}/clusterroles", roles),
        ("ClusterRoleBindings", "l5d-existence-crb", f"{_RBAC}/clusterrolebindings", roles),
        ("ServiceAccounts", "l5d-existence-sa", "", accounts),
        ("CustomResourceDefinitions", "l5d-existence-crd", _DEFINITIONS, crds),
        (
            "MutatingWebhookConfigurations",
            "l5d-existence-mwc",
            f"{_ADMISSION}/mutatingwebhookconfigurations",
            ["linkerd-proxy-injector-webhook-config"],
        ),
        (
            "ValidatingWebhookConfigurations",
            "l5d-existence-vwc",
            f"{_ADMISSION}/validatingwebhookconfigurations",
            ["linkerd-policy-validator-webhook-config", "linkerd-sp-validator-webhook-config"],
        ),
    )

    def finder(kind: str, path: str, names: list[str]) -> FindFault:
        return lambda subject: missing(subject, kind, path or _accounts(subject), names)

    return Category(
        "linkerd-config",
        [
            Check(
                "control plane Namespace exists",
                "l5d-existence-ns",
                _find_missing_namespace,
                is_fatal=True,
            ),
            *(
                Check(
                    f"control plane {kind} exist", anchor, finder(kind, path, names), is_fatal=True
                )
                for kind, anchor, path, names in expected
            ),
            Check(
                "proxy-init container runs as root user if docker container runtime is used",
                "l5d-proxy-init-run-as-root",
            ),
        ],
    )


def missing(subject: Subject, kind: str, path: str, names: Iterable[str]) -> str:
    """Return which of `names` the list at `path` lacks, in Linkerd's words."""
    absent = sorted(set(names) - subject.names(path))
    return f"missing {kind}: {', '.join(absent)}" if absent else ""


def find_missing_configuration(subject: Subject) -> str:
    """Raise LinkerdError where the control plane's configuration is not there."""
    installed_values(subject)
    return ""


def installed_values(subject: Subject) -> Object:
    """Return the Helm values that Linkerd was installed with; raises LinkerdError."""
    path = f"/api/v1/namespaces/{subject.namespace}/configmaps/linkerd-config"
    return linkerd_values(subject.cluster.get(path))


def server_version(subject: Subject) -> str:
    """Return the version of the control plane; raises LinkerdError."""
    return str(installed_values(subject).get("linkerdVersion") or "")


def _accounts(subject: Subject) -> str:
    return f"/api/v1/namespaces/{subject.namespace}/serviceaccounts"


def _find_failed_replica_set(subject: Subject) -> str:
    path = f"/apis/apps/v1/namespaces/{subject.namespace}/replicasets"
    for each in subject.items(path):
        for condition in each.get("status", {}).get("conditions", ()):
            if condition["type"] == "ReplicaFailure" and condition["status"] == "True":
                return f"{condition['reason']}: {condition['message']}"
    return ""


def _find_unschedulable(subject: Subject) -> str:
    for pod in subject.items(f"/api/v1/namespaces/{subject.namespace}/pods"):
        for condition in pod.get("status", {}).get("conditions", ()):
            if condition.get("reason") == "Unschedulable":
                return f"{pod['metadata']['name']}: {condition['message']}"
    return ""


def _networks(subject: Subject) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    texts = str(installed_values(subject).get("clusterNetworks", "")).split(",")
    return [ipaddress.ip_network(text.strip()) for text in texts if text.strip()]


def _find_outer_node(subject: Subject) -> str:
    networks = _networks(subject)
    lacking = []
    for node in subject.items("/api/v1/nodes"):
        text = node.get("spec", {}).get("podCIDR")
        if text and not any(_contains(outer, ipaddress.ip_network(text)) for outer in networks):
            lacking.append(text)
    if not lacking:
        return ""
    return (
        "node has podCIDR(s) ["
        + " ".join(lacking)
        + "] which are not contained in the "
        + (
            "Linkerd clusterNetworks.\n\tTry installing linkerd via --set "
            f'clusterNetworks="{",".join(lacking)}"'
        )
    )


def _contains(outer: object, inner: object) -> bool:
    if isinstance(outer, ipaddress.IPv4Network) and isinstance(inner, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(outer, ipaddress.IPv6Network) and isinstance(inner, ipaddress.IPv6Network):
        return inner.subnet_of(outer)
    return False


def _find_outer_address(
    subject: Subject, path: str, kind: str, address_of: Callable[[Object], str | None]
) -> str:
    networks = _networks(subject)
    for each in subject.items(path):
        address = address_of(each)
        if not address or address == "None" or each["spec"].get("hostNetwork"):
            continue
        if not any(ipaddress.ip_address(address) in network for network in networks):
            metadata = each["metadata"]
            configured = installed_values(subject)["clusterNetworks"]
            return (
                f"the Linkerd clusterNetworks [{configured}] do not "
                f"include {kind.lower() if kind == 'Pod' else 'svc'} "
                f"{metadata['namespace']}/{metadata['name']} ({address})"
            )
    return ""


def _find_missing_namespace(subject: Subject) -> str:
    exists = subject.cluster.find(f"/api/v1/namespaces/{subject.namespace}")
    return "" if exists else f'The "{subject.namespace}" namespace does not exist'
