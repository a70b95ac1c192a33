"""Objects that are allowed but odd upset no controller: nothing is reported on stderr."""

from __future__ import annotations

import pytest

from meshpeek.rehearsal.api import tables
from meshpeek.rehearsal.types.keys import PODS
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.status import ApiError
from tests.rehearsal.simulated_clusters import Simulation, define, deployment, namespace, service

CONTAINERS = [{"name": "a", "image": "a"}]


def obj(api_version: str, kind: str, **content: object) -> Object:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "odd", "namespace": "faces"},
        **content,
    }


FOR_NOBODY = {
    "name": "odd",
    "namespace": "faces",
    "annotations": {"kubernetes.io/service-account.name": "nobody"},
}

ODD = [
    obj("v1", "Service", spec={"clusterIP": "None"}),
    obj("v1", "Service", spec={"clusterIP": "None", "selector": {}, "ports": [{"port": 1}]}),
    obj("v1", "Service", spec={"ports": [{"port": 1, "targetPort": ""}], "selector": {"a": ""}}),
    obj(
        "v1", "Service", spec={"type": "ExternalName", "externalName": "x", "selector": {"a": "b"}}
    ),
    obj("v1", "Pod", spec={"containers": CONTAINERS, "nodeName": "elsewhere"}),
    obj("v1", "Pod", spec={"containers": CONTAINERS, "nodeName": "elsewhere", "hostNetwork": True}),
    obj("v1", "Pod", spec={"containers": CONTAINERS}, status={"phase": "Succeeded"}),
    obj("v1", "Pod", spec={"containers": CONTAINERS}, status={}),
    obj("v1", "Endpoints"),
    obj(
        "v1",
        "Endpoints",
        subsets=[{}, {"addresses": [{"ip": "1.2.3.4"}]}, {"ports": [{"port": 1}]}],
    ),
    obj("v1", "Node"),
    obj("v1", "Node", status={"allocatable": {"pods": "5"}}),
    obj("v1", "Event", involvedObject={}),
    obj("v1", "Secret", type="kubernetes.io/service-account-token", metadata=FOR_NOBODY),
    obj("v1", "ConfigMap", data=None),
    obj("discovery.k8s.io/v1", "EndpointSlice", addressType="IPv4", endpoints=[]),
    obj(
        "apps/v1",
        "ReplicaSet",
        spec={
            "selector": {"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]},
            "template": {"spec": {"containers": CONTAINERS}},
        },
    ),
    obj(
        "apps/v1",
        "Deployment",
        spec={
            "selector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]},
            "template": {"metadata": {"labels": {"a": ""}}, "spec": {"containers": CONTAINERS}},
            "strategy": {"type": "Recreate"},
        },
    ),
    deployment("odd", replicas=0, revisionHistoryLimit=0, minReadySeconds=1),
    deployment("odd", strategy={"rollingUpdate": {"maxSurge": "0%", "maxUnavailable": "150%"}}),
    obj("multicluster.linkerd.io/v1alpha1", "Link"),
    obj("multicluster.linkerd.io/v1alpha1", "Link", spec={}),
    obj("policy.linkerd.io/v1beta3", "HTTPRoute", spec={}),
    obj("policy.linkerd.io/v1beta3", "HTTPRoute", spec={"rules": [{"backendRefs": []}, {}]}),
    obj("policy.linkerd.io/v1beta3", "HTTPRoute", spec={"parentRefs": [{"name": "x"}]}),
    obj("gateway.networking.k8s.io/v1beta1", "HTTPRoute", spec={}),
]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd["kind"])
def test_odd_objects_do_no_harm(odd: Object, capsys: pytest.CaptureFixture[str]) -> None:
    simulation = Simulation("north", "east")
    groups = ("multicluster.linkerd.io", "policy.linkerd.io", "gateway.networking.k8s.io")
    define(simulation, "north", *groups)
    destination = deployment("linkerd-destination", replicas=1)
    destination["metadata"]["namespace"] = "linkerd"
    simulation.apply("north", namespace("linkerd"), destination)
    try:
        simulation.apply("north", odd)
    except ApiError as error:
        pytest.fail(f"the object should be valid: {error.message}")
    simulation.apply("north", deployment("face"), service("face"))
    simulation.advance(5)
    store = simulation.north.store
    for resource in simulation.north.resources:
        tables.render(
            resource, resource.versions[0], store.list(resource.key), simulation.clock.now()
        )
    running = [
        pod
        for pod in store.list(PODS, "faces")
        if pod["metadata"]["name"].startswith("face-") and pod["status"]["phase"] == "Running"
    ]
    key = simulation.north.resources.of_kind(odd["apiVersion"], odd["kind"])
    assert key is not None
    store.delete(key.key, "faces" if key.namespaced else None, "odd")
    simulation.advance(5)
    assert len(running) == 2
    assert capsys.readouterr().err == ""
