"""What every API server puts into its cluster: its roles, priorities and APIServices.

Facts: Kubernetes 1.27's bootstrap policy (plugin/pkg/auth/authorizer/rbac/bootstrappolicy), without
the roles of its many controllers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from meshpeek.rehearsal.installations.shapes import RBAC, config_map, metadata, rule
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types.objects import Object

_LABELS = {"kubernetes.io/bootstrapping": "rbac-defaults"}
_UPDATED = {"rbac.authorization.kubernetes.io/autoupdate": "true"}
_READ = "get list watch"
_WRITE = "create delete deletecollection patch update"
_SCALED = "deployments deployments/scale replicasets replicasets/scale"
_OLD = f"daemonsets {_SCALED} replicationcontrollers/scale ingresses networkpolicies"
_EDITED = (
    ("core", "pods pods/attach pods/exec pods/portforward pods/proxy"),
    (
        "core",
        "configmaps events persistentvolumeclaims replicationcontrollers "
        "replicationcontrollers/scale secrets serviceaccounts services services/proxy",
    ),
    ("apps", f"daemonsets deployments/rollback {_SCALED} statefulsets statefulsets/scale"),
    ("autoscaling", "horizontalpodautoscalers"),
    ("batch", "cronjobs jobs"),
    ("extensions", f"{_OLD} deployments/rollback"),
    ("policy", "poddisruptionbudgets"),
    ("networking.k8s.io", "ingresses networkpolicies"),
)
_VIEWED = (
    (
        "core",
        "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods "
        "replicationcontrollers replicationcontrollers/scale serviceaccounts services "
        "services/status",
    ),
    (
        "core",
        "bindings events limitranges namespaces/status pods/log pods/status "
        "replicationcontrollers/status resourcequotas resourcequotas/status",
    ),
    ("core", "namespaces"),
    ("discovery.k8s.io", "endpointslices"),
    (
        "apps",
        f"controllerrevisions daemonsets daemonsets/status {_SCALED} deployments/status "
        "replicasets/status statefulsets statefulsets/scale statefulsets/status",
    ),
    ("autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status"),
    ("batch", "cronjobs cronjobs/status jobs jobs/status"),
    ("extensions", f"{_OLD} daemonsets/status deployments/status ingresses/status"),
    ("policy", "poddisruptionbudgets poddisruptionbudgets/status"),
    ("networking.k8s.io", "ingresses ingresses/status networkpolicies"),
)
_ADMIN_RULES = (
    rule("authorization.k8s.io", "localsubjectaccessreviews", "create"),
    rule(RBAC, "rolebindings roles", f"create delete deletecollection {_READ} patch update"),
)
_EDIT_RULES = (
    rule("core", "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy", _READ),
    rule("core", "serviceaccounts", "impersonate"),
    *(rule(group, resources, _WRITE) for group, resources in _EDITED),
    rule("core", "pods/eviction serviceaccounts/token", "create"),
    rule("coordination.k8s.io", "leases", f"{_WRITE} {_READ}"),
)
_VIEW_RULES = tuple(rule(group, resources, _READ) for group, resources in _VIEWED)
_EVERYTHING: tuple[Object, ...] = (
    rule("*", "*", "*"),
    {"nonResourceURLs": ["*"], "verbs": ["*"]},
)
_PUBLIC = ["/healthz", "/livez", "/readyz", "/version", "/version/"]
_DISCOVERED = ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*"]
_ROLES: dict[str, tuple[Object, ...]] = {
    "cluster-admin": _EVERYTHING,
    "admin": (*_ADMIN_RULES, *_EDIT_RULES, *_VIEW_RULES),
    "edit": (*_EDIT_RULES, *_VIEW_RULES),
    "view": _VIEW_RULES,
    "system:aggregate-to-admin": _ADMIN_RULES,
    "system:aggregate-to-edit": _EDIT_RULES,
    "system:aggregate-to-view": _VIEW_RULES,
    "system:basic-user": (
        rule("authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews", "create"),
        rule("authentication.k8s.io", "selfsubjectreviews", "create"),
    ),
    "system:discovery": (
        {
            "nonResourceURLs": [*_DISCOVERED, "/readyz", "/version", "/version/"],
            "verbs": ["get"],
        },
    ),
    "system:public-info-viewer": ({"nonResourceURLs": _PUBLIC, "verbs": ["get"]},),
    "system:node-proxier": (
        rule("core", "endpoints services", "list watch"),
        rule("core", "nodes", _READ),
        rule("discovery.k8s.io", "endpointslices", "list watch"),
    ),
    "system:kube-dns": (rule("core", "endpoints services", "list watch"),),
    "system:node-problem-detector": (
        rule("core", "nodes", "get"),
        rule("core", "nodes/status", "patch"),
        rule("core events.k8s.io", "events", "create patch update"),
    ),
    "system:monitoring": (
        {
            "nonResourceURLs": ["/healthz", "/livez", "/metrics", "/metrics/slis", "/readyz"],
            "verbs": ["get"],
        },
    ),
}
# Who is bound to a role of that name: groups and users.
_BOUND = {
    "cluster-admin": ("Group system:masters",),
    "system:basic-user": ("Group system:authenticated",),
    "system:discovery": ("Group system:authenticated",),
    "system:public-info-viewer": ("Group system:authenticated", "Group system:unauthenticated"),
    "system:node-proxier": ("User system:kube-proxy",),
    "system:monitoring": ("Group system:monitoring",),
}
_AGGREGATE = f"{RBAC}/aggregate-to-"
_AGGREGATED = ("admin", "edit", "view")
# The role that takes in another one, by its label.
_WITHIN = {"edit": "admin", "view": "edit"}
_PRIORITIES = (
    (
        "system-cluster-critical",
        2_000_000_000,
        "Used for system critical pods that must run in the cluster, but can be moved to another "
        "node if necessary.",
    ),
    (
        "system-node-critical",
        2_000_001_000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
)


def bootstrap_objects(cluster: Cluster, moment: str) -> Iterator[Object]:
    """Yield the objects; APIServices are available since `moment`."""
    for name, rules in _ROLES.items():
        yield _cluster_role(name, rules)
    for name, subjects in _BOUND.items():
        yield _binding(name, subjects)
    for name, value, description in _PRIORITIES:
        yield {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": metadata(name),
            "value": value,
            "description": description,
            "preemptionPolicy": "PreemptLowerPriority",
        }
    yield config_map(metadata("extension-apiserver-authentication", "kube-system"), {})
    versions = {
        (resource.key.group, version)
        for resource in cluster.resources
        for version in resource.versions
        if resource.definition is None
    }
    for group, version in sorted(versions):
        yield _api_service(group, version, moment)


def _cluster_role(name: str, rules: Iterable[Object]) -> Object:
    labels = dict(_LABELS)
    aggregated = name.removeprefix("system:aggregate-to-")
    if aggregated != name:
        labels[f"{_AGGREGATE}{aggregated}"] = "true"
    role: Object = {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": metadata(name, "", labels, _UPDATED),
        "rules": list(rules),
    }
    if name in _AGGREGATED:
        above = _WITHIN.get(name)
        if above:
            role["metadata"]["labels"][f"{_AGGREGATE}{above}"] = "true"
        chosen = {"matchLabels": {f"{_AGGREGATE}{name}": "true"}}
        role["aggregationRule"] = {"clusterRoleSelectors": [chosen]}
    return role


def _binding(name: str, subjects: Iterable[str]) -> Object:
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": metadata(name, "", _LABELS, _UPDATED),
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": name},
        "subjects": [
            {"apiGroup": RBAC, "kind": kind, "name": subject}
            for kind, _, subject in (each.partition(" ") for each in subjects)
        ],
    }


def _api_service(group: str, version: str, moment: str) -> Object:
    condition = {
        "type": "Available",
        "status": "True",
        "lastTransitionTime": moment,
        "reason": "Local",
        "message": "Local APIServices are always available",
    }
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": metadata(
            f"{version}.{group}", "", {"kube-aggregator.kubernetes.io/automanaged": "onstart"}
        ),
        "spec": {
            **({"group": group} if group else {}),
            "groupPriorityMinimum": 17800 if group else 18000,
            "version": version,
            "versionPriority": 15 if group else 1,
        },
        "status": {"conditions": [condition]},
    }
