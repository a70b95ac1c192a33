"""Endpoints and EndpointSlices follow the Pods that a Service selects."""

from __future__ import annotations

import pytest

from meshpeek.rehearsal.installations import k3s
from meshpeek.rehearsal.types.keys import DEPLOYMENTS, ENDPOINT_SLICES, ENDPOINTS, PODS, SERVICES
from meshpeek.rehearsal.types.objects import Object
from tests.rehearsal.simulated_clusters import Simulation, deployment, service


@pytest.fixture
def simulation() -> Simulation:
    made = Simulation("north")
    made.apply("north", deployment("face"), service("face"))
    return made


def endpoints(simulation: Simulation, name: str = "face") -> Object:
    found = simulation.north.store.get(ENDPOINTS, "faces", name)
    assert found is not None
    return found


def sockets(simulation: Simulation, name: str = "face") -> list[str]:
    return [
        f"{address['ip']}:{port['port']}"
        for subset in endpoints(simulation, name).get("subsets", ())
        for address in subset.get("addresses", ())
        for port in subset["ports"]
    ]


def test_ready_pods_are_listed_with_their_named_port(simulation: Simulation) -> None:
    simulation.advance()
    assert sockets(simulation) == []
    simulation.advance(2)
    assert sockets(simulation) == ["10.23.0.2:8000", "10.23.0.3:8000"]
    (subset,) = endpoints(simulation)["subsets"]
    assert subset["ports"] == [{"name": "http", "port": 8000, "protocol": "TCP"}]
    assert {each["targetRef"]["name"] for each in subset["addresses"]} == set(
        simulation.names("north", PODS)
    )
    assert endpoints(simulation)["metadata"]["labels"] == {"part": "faces"}


def test_the_slice_says_the_same(simulation: Simulation) -> None:
    simulation.advance(2)
    (found,) = simulation.north.store.list(ENDPOINT_SLICES, "faces")
    assert [each["addresses"] for each in found["endpoints"]] == [["10.23.0.2"], ["10.23.0.3"]]
    assert found["endpoints"][0]["conditions"] == {
        "ready": True,
        "serving": True,
        "terminating": False,
    }
    labels = found["metadata"]["labels"]
    assert labels["kubernetes.io/service-name"] == "face"
    assert found["metadata"]["ownerReferences"][0]["kind"] == "Service"


def test_scaling_to_nothing_empties_them(simulation: Simulation) -> None:
    simulation.advance(2)
    simulation.change("north", DEPLOYMENTS, "faces/face", replicas=0)
    simulation.advance(2)
    assert "subsets" not in endpoints(simulation)
    (found,) = simulation.north.store.list(ENDPOINT_SLICES, "faces")
    assert found["endpoints"] is None


def test_a_pod_that_loses_its_label_is_taken_out(simulation: Simulation) -> None:
    simulation.advance(2)
    name = simulation.names("north", PODS)[0]
    simulation.label("north", PODS, f"faces/{name}", {"app": "other"})
    simulation.advance()
    assert len(sockets(simulation)) == 1


def test_another_selector_finds_other_pods(simulation: Simulation) -> None:
    simulation.apply("north", deployment("color", replicas=1))
    simulation.advance(2)
    simulation.change("north", SERVICES, "faces/face", selector={"app": "color"})
    simulation.advance()
    assert sockets(simulation) == ["10.23.0.4:8000"]


def test_they_go_with_their_service(simulation: Simulation) -> None:
    simulation.advance(2)
    simulation.north.store.delete(SERVICES, "faces", "face")
    simulation.advance()
    assert simulation.names("north", ENDPOINTS) == []
    assert simulation.names("north", ENDPOINT_SLICES) == []


def test_a_service_without_a_selector_has_none(simulation: Simulation) -> None:
    given = service("smiley")
    del given["spec"]["selector"]
    simulation.apply("north", given)
    simulation.advance(2)
    assert simulation.names("north", ENDPOINTS) == ["face"]


def test_endpoints_written_by_hand_are_left_alone(simulation: Simulation) -> None:
    given = service("mine")
    del given["spec"]["selector"]
    simulation.apply(
        "north",
        given,
        {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {"name": "mine", "namespace": "faces"},
            "subsets": [{"addresses": [{"ip": "1.2.3.4"}], "ports": [{"port": 1}]}],
        },
    )
    simulation.advance(2)
    simulation.north.store.delete(SERVICES, "faces", "mine")
    simulation.advance(2)
    assert sockets(simulation, "mine") == ["1.2.3.4:1"]


@pytest.mark.parametrize(("target", "expected"), [(9000, 9000), ("9000", 9000), ("absent", None)])
def test_target_ports(simulation: Simulation, target: int | str, expected: int | None) -> None:
    ports = [{"name": "x", "port": 80, "targetPort": target}]
    given = service("other", ports=ports)
    given["spec"]["selector"] = {"app": "face"}
    simulation.apply("north", given)
    simulation.advance(2)
    (subset,) = endpoints(simulation, "other")["subsets"]
    assert [port["port"] for port in subset.get("ports", ())] == ([expected] if expected else [])


def test_deleted_endpoints_are_written_again(simulation: Simulation) -> None:
    simulation.advance(2)
    simulation.north.store.delete(ENDPOINTS, "faces", "face")
    simulation.advance()
    assert len(sockets(simulation)) == 2


def test_the_api_server_s_own_service_comes_back(simulation: Simulation) -> None:
    for key, obj in zip(
        (SERVICES, ENDPOINTS, ENDPOINT_SLICES), k3s.api_server(simulation.north), strict=True
    ):
        simulation.runtimes[0].create(key, obj)
        simulation.advance()
        simulation.north.store.delete(key, "default", "kubernetes")
        simulation.advance()
        assert simulation.names("north", key, "default") == ["kubernetes"]
    (service,) = simulation.north.store.list(SERVICES, "default")
    assert service["spec"]["clusterIP"] == "10.43.0.1"
