"""Who may do what in Linkerd's control plane: its roles, their bindings, its accounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from meshpeek.rehearsal.installations.linkerd.names import HOME, control_plane_labels
from meshpeek.rehearsal.installations.shapes import (
    RBAC,
    cluster_access,
    metadata,
    rule,
    service_account,
)
from meshpeek.rehearsal.types.objects import Object

_READ = "list get watch"
_RULES: Mapping[str, Sequence[Object]] = {
    "identity": (
        rule("authentication.k8s.io", "tokenreviews", "create"),
        rule("apps", "deployments", "get"),
        rule("core", "events", "create patch"),
    ),
    "destination": (
        rule("apps", "replicasets", _READ),
        rule("batch", "jobs", _READ),
        rule("core", "pods endpoints services nodes", _READ),
        rule("linkerd.io", "serviceprofiles", _READ),
        rule("discovery.k8s.io", "endpointslices", _READ),
    ),
    "proxy-injector": (
        rule("core", "events", "create patch"),
        rule("core", "namespaces replicationcontrollers", _READ),
        rule("core", "pods", "list watch"),
        rule("apps", "deployments replicasets daemonsets statefulsets", _READ),
        rule("batch", "cronjobs jobs", _READ),
    ),
}


def of_component(component: str) -> Iterator[Object]:
    """Yield a component's ClusterRole, binding and ServiceAccount."""
    labels = control_plane_labels(component)
    account = f"linkerd-{component}"
    about = metadata(f"linkerd-{HOME}-{component}", labels=labels)
    yield from cluster_access(about, account, HOME, _RULES[component])
    yield service_account(metadata(account, HOME, labels))


def of_policy() -> Iterator[Object]:
    """Yield what lets the policy controller read routes and servers, and links' credentials."""
    labels = control_plane_labels("destination") | {
        "app.kubernetes.io/part-of": "Linkerd",
    }
    rules = [
        rule("core", "pods", _READ),
        rule("core", "nodes", "get list watch"),
        rule("apps", "deployments", "get"),
        rule(
            "policy.linkerd.io",
            "authorizationpolicies httproutes meshtlsauthentications networkauthentications "
            "servers serverauthorizations",
            _READ,
        ),
        rule("gateway.networking.k8s.io", "httproutes", _READ),
        rule("policy.linkerd.io", "httproutes/status", "patch"),
        rule("gateway.networking.k8s.io", "httproutes/status", "patch"),
        rule("coordination.k8s.io", "leases", "create get patch"),
    ]
    role, binding = cluster_access(
        metadata("linkerd-policy", labels=labels), "linkerd-destination", HOME, rules
    )
    binding["metadata"] = metadata("linkerd-destination-policy", labels=labels)
    yield role
    yield binding
    yield _role("remote-discovery", labels, [rule("core", "secrets", _READ)])
    yield _binding(
        "linkerd-destination-remote-discovery", "remote-discovery", labels, "linkerd-destination"
    )


def of_heartbeat() -> Iterator[Object]:
    """Yield what the heartbeat, a CronJob, would need."""
    name = "linkerd-heartbeat"
    labels = {"linkerd.io/control-plane-ns": HOME}
    reading = rule("core", "configmaps", "get") | {"resourceNames": ["linkerd-config"]}
    yield _role(name, labels, [reading])
    yield _binding(name, name, labels, name)
    yield from cluster_access(
        metadata(name, labels=labels),
        name,
        HOME,
        [rule("core", "namespaces", "list"), rule("linkerd.io", "serviceprofiles", "list")],
    )
    yield service_account(metadata(name, HOME, control_plane_labels("heartbeat")))


def to_configuration() -> Object:
    """Return the Role by which extensions read the control plane's configuration."""
    reading = rule("core", "configmaps", "get") | {"resourceNames": ["linkerd-config"]}
    return _role("ext-namespace-metadata-linkerd-config", {}, [reading])


def _role(name: str, labels: Mapping[str, str], rules: Sequence[Object]) -> Object:
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "Role",
        "metadata": metadata(name, HOME, labels),
        "rules": list(rules),
    }


def _binding(name: str, role: str, labels: Mapping[str, str], account: str) -> Object:
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": metadata(name, HOME, labels),
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": HOME}],
    }
