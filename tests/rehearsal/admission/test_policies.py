"""What is refused in placement, access, networks, budgets and nodes, in the API server's words."""

from __future__ import annotations

from typing import Any

import pytest

from meshpeek.rehearsal.admission.placement_validation import check_placement
from meshpeek.rehearsal.admission.policy_validation import check_policy
from meshpeek.rehearsal.types.keys import DISRUPTION_BUDGETS, ENDPOINTS, NODES, ResourceKey
from tests.rehearsal.in_memory import InMemory

RBAC = "rbac.authorization.k8s.io"
ROLES = ResourceKey(RBAC, "roles")
CLUSTER_ROLES = ResourceKey(RBAC, "clusterroles")
ROLE_BINDINGS = ResourceKey(RBAC, "rolebindings")
INGRESSES = ResourceKey("networking.k8s.io", "ingresses")
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"

Value = dict[str, Any]


def probed(**probe: Any) -> Value:
    return {"containers": [{"name": "c", "livenessProbe": probe}]}


def tolerating(**toleration: Any) -> Value:
    return {"containers": [], "tolerations": [toleration]}


def selecting(**expression: Any) -> Value:
    terms = {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
    return {"containers": [], "affinity": {"nodeAffinity": {REQUIRED: terms}}}


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        (
            probed(exec={}, httpGet={"port": 1}),
            "containers[0].livenessProbe.httpGet: Forbidden: may not specify more than 1 handler",
        ),
        (probed(), "containers[0].livenessProbe: Required value: must specify a handler type"),
        (probed(exec={}, periodSeconds=-1), "periodSeconds: Invalid value: -1: must be greater"),
        (probed(exec={}, successThreshold=2), "successThreshold: Invalid value: 2: must be 1"),
        (
            {"containers": [{"ports": [{"hostPort": 80}]}, {"ports": [{"hostPort": 80}]}]},
            'containers[1].ports[0].hostPort: Duplicate value: "TCP//80"',
        ),
        ({"nodeSelector": {"a b": "c"}}, 'nodeSelector: Invalid value: "a b": name part must'),
        (tolerating(operator="Equal"), "operator must be Exists when `key` is empty"),
        (tolerating(key="a", operator="In"), 'Unsupported value: "In": supported values: "Equal"'),
        (tolerating(key="a", effect="Never"), 'effect: Unsupported value: "Never": supported'),
        (tolerating(key="a", operator="Exists", value="b"), "value must be empty when `operator`"),
        (tolerating(key="a", tolerationSeconds=5), "effect must be 'NoExecute' when"),
        (selecting(key="a", operator="In"), "values: Required value: must be specified when"),
        (selecting(key="a", operator="Exists", values=["b"]), "values: Forbidden: may not be"),
        (selecting(key="a", operator="Gt", values=["1", "2"]), "must be specified single value"),
        (selecting(key="a", operator="Is"), 'Invalid value: "Is": not a valid selector operator'),
        (
            {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": []}}}},
            "Required value: must have at least one node selector term",
        ),
        (
            {"affinity": {"podAffinity": {REQUIRED: [{}]}}},
            f"podAffinity.{REQUIRED}[0].topologyKey: Required value: can not be empty",
        ),
        (
            {"affinity": {"podAntiAffinity": {PREFERRED: [{"weight": 500}]}}},
            "weight: Invalid value: 500: must be in the range 1-100",
        ),
    ],
)
def test_pods_that_cannot_be_placed_or_probed(spec: Value, problem: str) -> None:
    said = "\n".join(map(str, check_placement(spec, "spec")))
    assert problem in said


@pytest.mark.parametrize(
    "spec",
    [
        probed(httpGet={"port": 1}, successThreshold=1),
        tolerating(operator="Exists"),
        tolerating(key="a", effect="NoExecute", tolerationSeconds=5),
        selecting(key="a/b", operator="In", values=["c"]),
        {"containers": [{"ports": [{"hostPort": 80}, {"hostPort": 80, "protocol": "UDP"}]}]},
    ],
)
def test_pods_that_can(spec: Value) -> None:
    assert check_placement(spec, "spec") == []


def path(**more: Any) -> Value:
    return {"spec": {"rules": [{"http": {"paths": [{"backend": {}, **more}]}}]}}


def bound(role: str, **subject: Any) -> Value:
    return {"roleRef": {"apiGroup": RBAC, "kind": role, "name": "r"}, "subjects": [subject]}


@pytest.mark.parametrize(
    ("key", "obj", "problem"),
    [
        (ROLES, {"rules": [{"resources": ["x"], "apiGroups": [""]}]}, "verbs must contain at"),
        (ROLES, {"rules": [{"verbs": ["get"], "resources": ["x"]}]}, "at least one api group"),
        (ROLES, {"rules": [{"verbs": ["get"], "apiGroups": [""]}]}, "at least one resource"),
        (ROLES, {"rules": [{"verbs": ["get"], "nonResourceURLs": ["/x"]}]}, "cannot apply to non"),
        (
            CLUSTER_ROLES,
            {"rules": [{"verbs": ["get"], "nonResourceURLs": ["/x"], "resources": ["x"]}]},
            "rules cannot apply to both regular resources and non-resource URLs",
        ),
        (ROLE_BINDINGS, bound("Pod"), 'roleRef.kind: Unsupported value: "Pod"'),
        (ROLE_BINDINGS, bound("Role", kind="User"), "subjects[0].name: Required value"),
        (ROLE_BINDINGS, bound("Role", kind="Robot", name="x"), 'kind: Unsupported value: "Robot"'),
        (INGRESSES, {"spec": {}}, "either `defaultBackend` or `rules` must be specified"),
        (INGRESSES, path(), "pathType must be specified"),
        (INGRESSES, path(pathType="Prefix", path="x"), "must be an absolute path"),
        (INGRESSES, path(pathType="Near"), 'pathType: Unsupported value: "Near"'),
        (DISRUPTION_BUDGETS, {"spec": {"minAvailable": 1, "maxUnavailable": 1}}, "be both set"),
        (DISRUPTION_BUDGETS, {"spec": {"minAvailable": "half"}}, "a valid percent string must"),
        (NODES, {"spec": {"taints": [{"key": "a", "effect": "Some"}]}}, 'value: "Some": supported'),
        (NODES, {"spec": {"taints": [{"key": "a"}]}}, "spec.taints[0].effect: Required value"),
        (ENDPOINTS, {"subsets": [{"addresses": [{"ip": "x"}]}]}, "must be a valid IP address"),
        (ENDPOINTS, {"subsets": [{"addresses": [{"ip": "127.0.0.1"}]}]}, "the loopback range"),
        (ENDPOINTS, {"subsets": [{"ports": [{"port": 0}]}]}, "must be between 1 and 65535"),
    ],
)
def test_objects_that_are_refused(key: ResourceKey, obj: Value, problem: str) -> None:
    said = "\n".join(map(str, check_policy(key, obj)))
    assert problem in said


def test_a_definition_that_waits_for_its_objects_says_so() -> None:
    north = InMemory()
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object"}},
    }
    names = {"plural": "tunes", "kind": "Tune"}
    spec = {"group": "ex.io", "scope": "Cluster", "names": names, "versions": [version]}
    north.ok("POST", definitions, {"metadata": {"name": "tunes.ex.io"}, "spec": spec})
    tune = {"metadata": {"name": "a", "finalizers": ["ex.io/f"]}}
    north.ok("POST", "/apis/ex.io/v1/tunes", tune)
    north.ok("DELETE", f"{definitions}/tunes.ex.io")
    conditions = north.ok("GET", f"{definitions}/tunes.ex.io")["status"]["conditions"]
    assert conditions[-1]["type"] == "Terminating"
    assert conditions[-1]["reason"] == "InstanceDeletionInProgress"
    patch = {"metadata": {"finalizers": None}}
    north.ok("PATCH", "/apis/ex.io/v1/tunes/a", patch, "application/merge-patch+json")
    north.refused(404, "GET", f"{definitions}/tunes.ex.io")


def test_a_list_of_deleted_objects_has_a_version() -> None:
    deleted = InMemory().ok("DELETE", "/api/v1/namespaces/faces/configmaps")
    assert deleted["metadata"]["resourceVersion"]


def test_a_deployment_has_to_be_able_to_progress() -> None:
    north = InMemory()
    pod = {
        "metadata": {"labels": {"a": "b"}},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    }
    spec: Value = {"selector": {"matchLabels": {"a": "b"}}, "template": pod}
    spec |= {"minReadySeconds": 10, "progressDeadlineSeconds": 10}
    place = "/apis/apps/v1/namespaces/faces/deployments"
    status = north.refused(422, "POST", place, {"metadata": {"name": "d"}, "spec": spec})
    assert "must be greater than minReadySeconds" in status["message"]
