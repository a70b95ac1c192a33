"""The service mirror does what the objects of a link, and the labels of Services, tell it to."""

from __future__ import annotations

from typing import Any

import pytest

from meshpeek.rehearsal.installations.linkerd_multicluster.links import (
    Gateway,
    LinkRequest,
    link_objects,
)
from meshpeek.rehearsal.installations.linkerd_multicluster.mirror import LINKS, MIRROR_SECONDS
from meshpeek.rehearsal.types.keys import (
    DEPLOYMENTS,
    ENDPOINTS,
    EVENTS,
    LEASES,
    NAMESPACES,
    PODS,
    SECRETS,
    SERVICES,
    ResourceKey,
)
from meshpeek.rehearsal.types.objects import Object
from tests.rehearsal.simulated_clusters import Simulation, define, namespace, service

EXPORTED = "mirror.linkerd.io/exported"
EXTENSION = "linkerd-multicluster"
SOON = MIRROR_SECONDS + 0.01


def link(
    simulation: Simulation, target: str = "east", gateway: Gateway | None = None, server: str = ""
) -> None:
    request = LinkRequest(
        cluster_name=target, server=server or simulation.clusters[target].server, gateway=gateway
    )
    simulation.apply("north", *link_objects(request))
    simulation.advance(5)


@pytest.fixture
def simulation() -> Simulation:
    made = Simulation("north", "east", "west")
    define(made, "north", "multicluster.linkerd.io")
    made.apply("north", namespace("linkerd"), namespace(EXTENSION))
    made.advance()
    return made


@pytest.fixture
def linked(simulation: Simulation) -> Simulation:
    link(simulation)
    return simulation


def exported(name: str, value: str = "remote-discovery", **spec: Any) -> Object:
    return service(name, {EXPORTED: value, "app": name}, **spec)


def mirror(simulation: Simulation, name: str = "smiley-east") -> Object | None:
    return simulation.north.store.get(SERVICES, "faces", name)


def test_a_labelled_service_appears_within_a_second_and_goes_with_its_label(
    linked: Simulation,
) -> None:
    linked.apply("east", service("smiley"))
    linked.advance(5)
    assert mirror(linked) is None
    linked.label("east", SERVICES, "faces/smiley", {EXPORTED: "enabled"})
    linked.advance(5)
    assert mirror(linked) is None
    linked.label("east", SERVICES, "faces/smiley", {EXPORTED: "remote-discovery"})
    linked.advance(0.2)
    assert mirror(linked) is None, "the real one takes a moment too"
    linked.advance(0.8)
    assert mirror(linked) is not None
    linked.label("east", SERVICES, "faces/smiley", {EXPORTED: None})
    linked.advance(1)
    assert mirror(linked) is None


@pytest.mark.parametrize(
    ("server", "found"),
    [
        ("https://172.18.0.4:6443", ["smiley-east"]),
        ("https://172.18.0.4:6443/", ["smiley-east"]),
        ("https://172.18.0.4", []),
        ("http://172.18.0.4:6443", []),
        ("https://172.18.0.99:6443", []),
        ("https://0.0.0.0:6443", []),
        ("https://[:6443", []),
    ],
)
def test_credentials_may_lead_to_a_node_of_the_cluster(
    simulation: Simulation, server: str, found: list[str]
) -> None:
    simulation.apply("east", exported("smiley"))
    link(simulation, server=server)
    assert simulation.names("north", SERVICES) == found


def test_a_pod_of_the_mirror_holds_its_lease(linked: Simulation) -> None:
    def holder() -> tuple[str, int]:
        lease = linked.north.store.get(LEASES, EXTENSION, "service-mirror-write-east")
        assert lease is not None
        assert lease["spec"]["leaseDurationSeconds"] == 30
        return lease["spec"]["holderIdentity"], lease["spec"]["leaseTransitions"]

    (first,) = linked.names("north", PODS, EXTENSION)
    assert holder() == (first, 0)
    linked.north.store.delete(PODS, EXTENSION, first)
    linked.advance(5)
    (second,) = linked.names("north", PODS, EXTENSION)
    assert holder() == (second, 1)


def test_a_mirror_has_exactly_the_facts(linked: Simulation) -> None:
    given = exported("smiley")
    given["metadata"]["labels"]["mirror.linkerd.io/other"] = "left-out"
    given["metadata"]["annotations"] = {
        "kept": "yes",
        "service.kubernetes.io/topology-mode": "Auto",
    }
    (remote,) = linked.apply("east", given)
    linked.advance(SOON)
    made = mirror(linked)
    assert made is not None
    assert made["metadata"]["labels"] == {
        "app": "smiley",
        "mirror.linkerd.io/mirrored-service": "true",
        "mirror.linkerd.io/cluster-name": "east",
        "multicluster.linkerd.io/remote-discovery": "east",
        "multicluster.linkerd.io/remote-service": "smiley",
    }
    assert made["metadata"]["annotations"] == {
        "kept": "yes",
        "mirror.linkerd.io/remote-resource-version": remote["metadata"]["resourceVersion"],
        "mirror.linkerd.io/remote-svc-fq-name": "smiley.faces.svc.cluster.local",
    }
    assert made["spec"]["type"] == "ClusterIP"
    assert "selector" not in made["spec"]
    assert made["spec"]["ports"] == [
        {"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http"}
    ]


def test_a_discovered_mirror_has_no_endpoints(linked: Simulation) -> None:
    linked.apply("east", exported("smiley"))
    linked.advance(5)
    assert linked.names("north", ENDPOINTS) == []


def test_changes_are_followed(linked: Simulation) -> None:
    linked.apply("east", exported("smiley", type="NodePort"))
    linked.advance(SOON)
    before = mirror(linked)
    assert before is not None
    ports = [{"name": "other", "port": 81, "targetPort": 8001}]
    changed = linked.change("east", SERVICES, "faces/smiley", ports=ports)
    linked.advance(SOON)
    after = mirror(linked)
    assert after is not None
    assert after["spec"]["ports"] == [
        {"name": "other", "port": 81, "protocol": "TCP", "targetPort": 8001}
    ]
    assert after["spec"]["clusterIP"] == before["spec"]["clusterIP"]
    version = after["metadata"]["annotations"]["mirror.linkerd.io/remote-resource-version"]
    assert version == changed["metadata"]["resourceVersion"]


def test_a_deleted_remote_service_takes_its_mirror_along(linked: Simulation) -> None:
    linked.apply("east", exported("smiley"))
    linked.advance(SOON)
    linked.clusters["east"].store.delete(SERVICES, "faces", "smiley")
    linked.advance(SOON)
    assert mirror(linked) is None


def test_services_that_are_there_when_the_link_is_made_are_mirrored(
    simulation: Simulation,
) -> None:
    simulation.apply("east", exported("smiley"))
    link(simulation)
    assert mirror(simulation) is not None


def test_each_link_mirrors_its_own_cluster(linked: Simulation) -> None:
    link(linked, "west")
    linked.apply("east", exported("color"))
    linked.apply("west", exported("color"))
    linked.advance(SOON)
    assert linked.names("north", SERVICES) == ["color-east", "color-west"]
    assert linked.names("east", SERVICES) == ["color"], "links have a direction"


@pytest.mark.parametrize(
    ("key", "place"),
    [
        (LINKS, f"{EXTENSION}/east"),
        (SECRETS, f"{EXTENSION}/cluster-credentials-east"),
        (DEPLOYMENTS, f"{EXTENSION}/linkerd-service-mirror-east"),
    ],
)
def test_without_one_of_the_link_s_objects_nothing_is_mirrored_and_mirrors_stay(
    linked: Simulation, key: ResourceKey, place: str
) -> None:
    linked.apply("east", exported("smiley"))
    linked.advance(SOON)
    linked.north.store.delete(key, *place.split("/"))
    linked.advance(SOON)
    linked.apply("east", exported("smiley2"))
    linked.clusters["east"].store.delete(SERVICES, "faces", "smiley")
    linked.advance(5)
    assert linked.names("north", SERVICES) == ["smiley-east"]


def test_the_mirror_catches_up_when_it_is_there_again(linked: Simulation) -> None:
    linked.change("north", DEPLOYMENTS, f"{EXTENSION}/linkerd-service-mirror-east", replicas=0)
    linked.advance(5)
    linked.apply("east", exported("smiley"))
    linked.advance(5)
    assert mirror(linked) is None
    linked.change("north", DEPLOYMENTS, f"{EXTENSION}/linkerd-service-mirror-east", replicas=1)
    linked.advance(5)
    assert mirror(linked) is not None


@pytest.mark.parametrize("kubeconfig", ["", "bm90IGEga3ViZWNvbmZpZw==", "!", "LS0tCi0tLQo="])
def test_credentials_that_cannot_be_used_lead_nowhere(
    simulation: Simulation, kubeconfig: str, capsys: pytest.CaptureFixture[str]
) -> None:
    simulation.apply("east", exported("smiley"))
    request = LinkRequest("east", simulation.clusters["east"].server)
    for obj in link_objects(request):
        if obj["kind"] == "Secret":
            obj["data"] = {"kubeconfig": kubeconfig} if kubeconfig != "!" else {}
        simulation.apply("north", obj)
    simulation.advance(5)
    assert mirror(simulation) is None
    assert capsys.readouterr().err == ""


def test_a_service_of_a_namespace_that_is_not_here_waits_for_it(linked: Simulation) -> None:
    linked.apply("east", namespace("else"))
    given = exported("smiley")
    given["metadata"]["namespace"] = "else"
    linked.apply("east", given)
    linked.advance(5)
    linked.label("east", SERVICES, "else/smiley", {"touched": "yes"})
    linked.advance(5)
    assert linked.north.store.get(NAMESPACES, None, "else") is None
    (event,) = (
        each
        for each in linked.clusters["east"].store.list(EVENTS, "else")
        if each["reason"] == "ServiceMirroringSkipped"
    )
    assert event["message"] == "Skipped mirroring service: namespace does not exist"
    assert event["source"] == {"component": "linkerd-service-mirror-remote"}
    assert event["involvedObject"]["name"] == "smiley"
    linked.apply("north", namespace("else"))
    linked.advance(SOON)
    assert linked.names("north", SERVICES, "else") == ["smiley-east"]


def test_a_service_that_has_the_name_already_is_left_alone(linked: Simulation) -> None:
    (mine,) = linked.apply("north", service("smiley-east"))
    linked.apply("east", exported("smiley"))
    linked.advance(5)
    assert mirror(linked) == mine


def test_the_label_for_gateways_means_nothing_to_a_link_without_one(linked: Simulation) -> None:
    linked.apply("east", exported("smiley", "true"))
    linked.advance(5)
    assert mirror(linked) is None


def test_a_gateway_without_a_port_mirrors_nothing(
    simulation: Simulation, capsys: pytest.CaptureFixture[str]
) -> None:
    link(simulation, gateway=Gateway("172.18.0.9", "gateway.example"))
    made = simulation.north.store.get(LINKS, EXTENSION, "east")
    assert made is not None
    spec = {**made["spec"], "gatewayPort": "none"}
    simulation.north.store.update(LINKS, {**made, "spec": spec})
    simulation.apply("east", exported("smiley", "true"))
    simulation.advance(5)
    assert mirror(simulation) is None
    assert capsys.readouterr().err == ""


def test_through_a_gateway(simulation: Simulation) -> None:
    link(simulation, gateway=Gateway("172.18.0.9", "gateway.example"))
    simulation.apply("east", exported("smiley", "true"))
    simulation.advance(SOON)
    made = mirror(simulation)
    assert made is not None
    assert "multicluster.linkerd.io/remote-discovery" not in made["metadata"]["labels"]
    endpoints = simulation.north.store.get(ENDPOINTS, "faces", "smiley-east")
    assert endpoints is not None
    assert endpoints["subsets"] == [
        {
            "addresses": [{"ip": "172.18.0.9"}],
            "ports": [{"name": "http", "port": 4143, "protocol": "TCP"}],
        }
    ]
    simulation.clusters["east"].store.delete(SERVICES, "faces", "smiley")
    simulation.advance(SOON)
    assert simulation.names("north", ENDPOINTS) == []
