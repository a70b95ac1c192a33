"""LoadBalancer Services are reached at the node, as k3s has it."""

from __future__ import annotations

from typing import Any

import pytest

from meshpeek.rehearsal.types.keys import SERVICES
from tests.rehearsal.simulated_clusters import Simulation, service


@pytest.fixture
def simulation() -> Simulation:
    return Simulation("north")


def status(simulation: Simulation, name: str) -> dict[str, Any]:
    simulation.advance(1)
    found = simulation.north.store.get(SERVICES, "faces", name)
    assert found is not None
    value: dict[str, Any] = found["status"]["loadBalancer"]
    return value


def test_it_gets_the_node_s_address(simulation: Simulation) -> None:
    simulation.apply("north", service("a", type="LoadBalancer"))
    assert status(simulation, "a") == {"ingress": [{"ip": "172.18.0.2"}]}


def test_a_port_is_given_once_and_again_when_it_is_free(simulation: Simulation) -> None:
    simulation.apply("north", service("a", type="LoadBalancer"))
    simulation.advance(1)
    simulation.apply("north", service("b", type="LoadBalancer"))
    assert status(simulation, "b") == {}
    simulation.north.store.delete(SERVICES, "faces", "a")
    assert status(simulation, "b") == {"ingress": [{"ip": "172.18.0.2"}]}


def test_it_is_taken_away_with_the_type(simulation: Simulation) -> None:
    simulation.apply("north", service("a", type="LoadBalancer"))
    simulation.advance(1)
    simulation.change("north", SERVICES, "faces/a", type="ClusterIP")
    assert status(simulation, "a") == {}
