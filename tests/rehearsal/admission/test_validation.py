"""What an API server refuses is refused, in its words; what it takes is taken."""

from __future__ import annotations

from typing import Any

import pytest

from meshpeek.rehearsal.types.keys import DEPLOYMENTS, PODS, SERVICES, ResourceKey
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.status import ApiError
from tests.rehearsal.simulated_clusters import Simulation, deployment, namespace, service


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    made = Simulation("north")
    made.apply("north", service("taken", clusterIP="10.43.0.77"), deployment("there"))
    made.apply("north", service("ported", type="NodePort", ports=[{"port": 1, "nodePort": 30001}]))
    return made


def refusal(simulation: Simulation, obj: Object) -> list[str]:
    """Return what is said about an object that is refused, a line per field."""
    with pytest.raises(ApiError) as caught:
        simulation.apply("north", obj)
    assert caught.value.code == 422
    assert caught.value.details is not None
    return [f"{each['field']}: {each['message']}" for each in caught.value.details["causes"]]


def pod(*containers: dict[str, Any], **spec: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "faces"},
        "spec": {"containers": list(containers), **spec},
    }


def named(name: str, obj: Object) -> Object:
    return {**obj, "metadata": {**obj["metadata"], "name": name}}


A = {"name": "a", "image": "a:1"}


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (service("x", ports=[]), "spec.ports: Required value"),
        (
            service("x", ports=[{"port": 0}]),
            "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
        ),
        (
            service("x", ports=[{"port": 80, "protocol": "ICMP"}]),
            'spec.ports[0].protocol: Unsupported value: "ICMP": '
            'supported values: "SCTP", "TCP", "UDP"',
        ),
        (
            service("x", type="Magic"),
            'spec.type: Unsupported value: "Magic": supported values: '
            '"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
        ),
        (service("x", type="ExternalName"), "spec.externalName: Required value"),
        (
            service("x", clusterIP="10.43.0.77"),
            'spec.clusterIPs: Invalid value: []string{"10.43.0.77"}: failed to allocate IP '
            "10.43.0.77: provided IP is already allocated",
        ),
        (
            service("x", clusterIP="192.168.0.1"),
            'spec.clusterIPs: Invalid value: []string{"192.168.0.1"}: failed to allocate IP '
            "192.168.0.1: the provided IP (192.168.0.1) is not in the valid range. "
            "The range of valid IPs is 10.43.0.0/16",
        ),
        (
            service("x", clusterIP="nowhere"),
            'spec.clusterIPs[0]: Invalid value: "nowhere": must be a valid IP address, '
            "(e.g. 10.9.8.7 or 2001:db8::ffff)",
        ),
        (
            service("x", type="NodePort", ports=[{"port": 2, "nodePort": 30001}]),
            "spec.ports[0].nodePort: Invalid value: 30001: provided port is already allocated",
        ),
        (
            service("x", type="NodePort", ports=[{"port": 2, "nodePort": 80}]),
            "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. "
            "The range of valid ports is 30000-32767",
        ),
        (pod(), "spec.containers: Required value"),
        (pod({"name": "a"}), "spec.containers[0].image: Required value"),
        (pod({"image": "a"}), "spec.containers[0].name: Required value"),
        (pod(A, A), 'spec.containers[1].name: Duplicate value: "a"'),
        (
            pod(A, restartPolicy="Sometimes"),
            'spec.restartPolicy: Unsupported value: "Sometimes": '
            'supported values: "Always", "OnFailure", "Never"',
        ),
        (
            pod({**A, "ports": [{"containerPort": 70000}]}),
            "spec.containers[0].ports[0].containerPort: Invalid value: 70000: "
            "must be between 1 and 65535, inclusive",
        ),
        (
            pod({**A, "volumeMounts": [{"name": "v", "mountPath": "/v"}]}),
            'spec.containers[0].volumeMounts[0].name: Not found: "v"',
        ),
        (
            deployment("d", replicas=-1),
            "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
        ),
        (
            deployment("d", selector={"matchLabels": {"app": "other"}}),
            'spec.template.metadata.labels: Invalid value: map[string]string{"app":"d"}: '
            "`selector` does not match template `labels`",
        ),
        (
            deployment("d", strategy={"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}),
            "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: "
            "may not be 0 when `maxSurge` is 0",
        ),
        (
            deployment("d", strategy={"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}),
            "spec.strategy.rollingUpdate: Forbidden: "
            "may not be specified when strategy `type` is 'Recreate'",
        ),
        (
            deployment("d", strategy={"type": "Sideways"}),
            'spec.strategy.type: Unsupported value: "Sideways": '
            'supported values: "Recreate", "RollingUpdate"',
        ),
        (
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRoleBinding",
                "metadata": {"name": "b"},
                "roleRef": {
                    "apiGroup": "rbac.authorization.k8s.io",
                    "kind": "ClusterRole",
                    "name": "",
                },
            },
            "roleRef.name: Required value",
        ),
    ],
)
def test_fields_that_are_wrong(simulation: Simulation, obj: Object, expected: str) -> None:
    assert refusal(simulation, obj) == [expected]


def test_a_deployment_without_anything(simulation: Simulation) -> None:
    obj = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d", "namespace": "faces"},
    }
    assert refusal(simulation, obj) == [
        "spec.selector: Required value",
        "spec.template.spec.containers: Required value",
    ]


def test_several_ports_need_names_and_may_not_be_the_same(simulation: Simulation) -> None:
    ports = [{"port": 80}, {"name": "b", "port": 80}]
    assert refusal(simulation, service("x", ports=ports)) == [
        "spec.ports[0].name: Required value",
        'spec.ports[1]: Duplicate value: core.ServicePort{Name:"", Protocol:"TCP", Port:80}',
    ]


@pytest.mark.parametrize(
    ("obj", "start"),
    [
        (named("Faces", deployment("x")), "a lowercase RFC 1123 subdomain must consist of"),
        (named("9lives", service("x")), "a DNS-1035 label must consist of"),
        (named("a.b", service("x")), "a DNS-1035 label must consist of"),
        (namespace("a.b"), "a lowercase RFC 1123 label must consist of"),
        (named("n" * 64, service("x")), "must be no more than 63 characters"),
    ],
)
def test_names(simulation: Simulation, obj: Object, start: str) -> None:
    (cause,) = refusal(simulation, obj)
    name = obj["metadata"]["name"]
    assert cause.startswith(f'metadata.name: Invalid value: "{name}": {start}')


@pytest.mark.parametrize(
    ("labels", "start"),
    [
        ({"a b": "c"}, 'metadata.labels: Invalid value: "a b": name part must consist of'),
        ({"a": "b c"}, 'metadata.labels: Invalid value: "b c": a valid label must be an empty'),
        ({"Up/a": "b"}, 'metadata.labels: Invalid value: "Up/a": prefix part a lowercase RFC'),
        ({"/a": "b"}, 'metadata.labels: Invalid value: "/a": prefix part must be non-empty'),
        ({"a": "b" * 64}, "metadata.labels: Invalid value"),
    ],
)
def test_labels(simulation: Simulation, labels: dict[str, str], start: str) -> None:
    (cause,) = refusal(simulation, service("x", labels))
    assert cause.startswith(start)


def test_what_is_right_is_taken(simulation: Simulation) -> None:
    labels = {"example.org/a": "", "b": "C-d_e.9", "kubernetes.io/cluster-service": "true"}
    simulation.apply("north", service("right", labels, ports=[{"port": 65535}]))
    simulation.apply(
        "north",
        service("headless", clusterIP="None", ports=[]),
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "system:Any_Name"},
        },
    )


@pytest.mark.parametrize(
    ("key", "place", "change", "expected"),
    [
        (
            SERVICES,
            "faces/taken",
            {"clusterIP": "10.43.0.78"},
            'spec.clusterIPs[0]: Invalid value: []string{"10.43.0.78"}: may not change once set',
        ),
        (
            DEPLOYMENTS,
            "faces/there",
            {
                "selector": {"matchLabels": {"app": "x"}},
                "template": {
                    "metadata": {"labels": {"app": "x"}},
                    "spec": {"containers": [A]},
                },
            },
            "spec.selector: Invalid value: v1.LabelSelector{MatchLabels:"
            'map[string]string{"app":"x"}'
            ", MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: field is immutable",
        ),
    ],
)
def test_fields_that_may_not_change(
    simulation: Simulation,
    key: ResourceKey,
    place: str,
    change: dict[str, Any],
    expected: str,
) -> None:
    with pytest.raises(ApiError) as caught:
        simulation.change("north", key, place, **change)
    assert expected in caught.value.message


@pytest.mark.parametrize(
    ("resources", "said"),
    [
        (
            {"requests": {"cpu": "1"}, "limits": {"cpu": "200m"}},
            'spec.containers[0].resources.requests: Invalid value: "1": '
            "must be less than or equal to cpu limit of 200m",
        ),
        (
            {"requests": {"memory": "-1Mi"}},
            'spec.containers[0].resources.requests[memory]: Invalid value: "-1Mi": '
            "must be greater than or equal to 0",
        ),
    ],
)
def test_requests_are_within_limits(simulation: Simulation, resources: Any, said: str) -> None:
    assert refusal(simulation, pod({**A, "resources": resources})) == [said]


def test_a_toleration_of_a_pod_stays(simulation: Simulation) -> None:
    kept = {"key": "a", "operator": "Exists"}
    simulation.apply("north", named("tolerant", pod(A, tolerations=[kept])))
    simulation.change("north", PODS, "faces/tolerant", tolerations=[kept, {"key": "b"}])
    with pytest.raises(ApiError, match="existing toleration can not be modified"):
        simulation.change("north", PODS, "faces/tolerant", tolerations=[kept])
