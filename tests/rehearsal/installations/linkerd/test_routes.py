"""HTTPRoutes get the status that Linkerd's policy controller would write."""

from __future__ import annotations

from typing import Any

import pytest

from meshpeek.rehearsal.installations.linkerd.routes import GATEWAY_ROUTES, POLICY_ROUTES
from meshpeek.rehearsal.types.keys import DEPLOYMENTS, SERVICES, ResourceKey
from meshpeek.rehearsal.types.objects import Object
from tests.rehearsal.simulated_clusters import Simulation, define, deployment, namespace, service

POLICY = "policy.linkerd.io"
GATEWAY = "gateway.networking.k8s.io"


@pytest.fixture
def simulation() -> Simulation:
    made = Simulation("north")
    define(made, "north", POLICY, GATEWAY)
    destination = deployment("linkerd-destination", replicas=1)
    destination["metadata"]["namespace"] = "linkerd"
    made.apply("north", namespace("linkerd"), destination, service("smiley"))
    made.advance(2)
    return made


def route(
    *backends: dict[str, Any], parent: dict[str, Any] | None = None, version: str = "v1beta3"
) -> Object:
    group = GATEWAY if version == "v1beta1" else POLICY
    spec: dict[str, Any] = {
        "parentRefs": [parent or {"group": "core", "kind": "Service", "name": "smiley", "port": 80}]
    }
    if backends:
        spec["rules"] = [{"backendRefs": list(backends)}]
    return {
        "apiVersion": f"{group}/{version}",
        "kind": "HTTPRoute",
        "metadata": {"name": "r", "namespace": "faces"},
        "spec": spec,
    }


def parents(simulation: Simulation, key: ResourceKey = POLICY_ROUTES) -> list[Any]:
    simulation.advance(1)
    found = simulation.north.store.get(key, "faces", "r")
    assert found is not None
    value: list[Any] = found.get("status", {}).get("parents", [])
    return value


def conditions(simulation: Simulation, key: ResourceKey = POLICY_ROUTES) -> dict[str, Any]:
    (parent,) = parents(simulation, key)
    return {each["type"]: (each["status"], each["reason"]) for each in parent["conditions"]}


SMILEY = {"name": "smiley", "port": 80}
ABSENT = {"name": "absent", "port": 80}
FOREIGN = {"name": "x", "kind": "Lamp", "group": "example.org", "port": 80}


@pytest.mark.parametrize(
    ("backends", "resolved"),
    [
        ((SMILEY,), ("True", "ResolvedRefs")),
        ((ABSENT,), ("False", "BackendNotFound")),
        ((SMILEY, ABSENT), ("True", "ResolvedRefs")),
        ((SMILEY, FOREIGN), ("False", "InvalidKind")),
        ((), ("False", "BackendNotFound")),
    ],
)
def test_backends(simulation: Simulation, backends: Any, resolved: tuple[str, str]) -> None:
    simulation.apply("north", route(*backends))
    assert conditions(simulation) == {"Accepted": ("True", "Accepted"), "ResolvedRefs": resolved}


def test_the_status_names_its_parent(simulation: Simulation) -> None:
    simulation.apply("north", route(SMILEY))
    (parent,) = parents(simulation)
    assert parent["controllerName"] == "linkerd.io/policy-controller"
    assert parent["parentRef"] == {
        "group": "core",
        "kind": "Service",
        "name": "smiley",
        "namespace": "faces",
    }
    assert [each["message"] for each in parent["conditions"]] == ["", ""]


@pytest.mark.parametrize(
    "spec",
    [{"type": "ExternalName", "externalName": "example.org"}, {"clusterIP": "None"}],
)
def test_services_without_an_address_accept_no_routes(
    simulation: Simulation, spec: dict[str, str]
) -> None:
    simulation.apply("north", service("odd", **spec))
    parent = {"group": "core", "kind": "Service", "name": "odd"}
    simulation.apply("north", route(SMILEY, parent=parent))
    assert conditions(simulation)["Accepted"] == ("False", "NoMatchingParent")


def test_a_parent_that_comes_later_accepts_the_route(simulation: Simulation) -> None:
    parent = {"group": "core", "kind": "Service", "name": "late"}
    simulation.apply("north", route(SMILEY, parent=parent))
    assert conditions(simulation)["Accepted"] == ("False", "NoMatchingParent")
    simulation.apply("north", service("late"))
    assert conditions(simulation)["Accepted"] == ("True", "Accepted")
    simulation.north.store.delete(SERVICES, "faces", "late")
    assert conditions(simulation)["Accepted"] == ("False", "NoMatchingParent")


def test_a_time_changes_only_with_what_it_is_the_time_of(simulation: Simulation) -> None:
    simulation.apply("north", route(ABSENT))
    before = {
        each["type"]: each["lastTransitionTime"] for each in parents(simulation)[0]["conditions"]
    }
    simulation.advance(60)
    simulation.apply("north", service("absent"))
    after = {
        each["type"]: each["lastTransitionTime"] for each in parents(simulation)[0]["conditions"]
    }
    assert after["Accepted"] == before["Accepted"]
    assert after["ResolvedRefs"] > before["ResolvedRefs"]


def test_routes_of_the_gateway_api_are_followed_too(simulation: Simulation) -> None:
    simulation.apply("north", route(SMILEY, version="v1beta1"))
    (parent,) = parents(simulation, GATEWAY_ROUTES)
    assert parent["parentRef"]["port"] == 80
    assert conditions(simulation, GATEWAY_ROUTES)["Accepted"] == ("True", "Accepted")


def test_a_server_is_a_parent_of_inbound_routes(simulation: Simulation) -> None:
    parent = {"group": POLICY, "kind": "Server", "name": "s"}
    simulation.apply("north", route(parent=parent))
    assert conditions(simulation) == {"Accepted": ("False", "NoMatchingParent")}
    simulation.apply(
        "north",
        {
            "apiVersion": f"{POLICY}/v1beta1",
            "kind": "Server",
            "metadata": {"name": "s", "namespace": "faces"},
            "spec": {"podSelector": {}, "port": 80},
        },
    )
    assert conditions(simulation) == {"Accepted": ("True", "Accepted")}


def test_other_parents_are_none_of_linkerd_s_business(simulation: Simulation) -> None:
    simulation.apply("north", route(SMILEY, parent={"name": "some-gateway"}))
    assert parents(simulation) == []


def test_what_other_controllers_wrote_stays(simulation: Simulation) -> None:
    (made,) = simulation.apply("north", route(SMILEY))
    other = {"controllerName": "example.org/c", "parentRef": {"name": "x"}, "conditions": []}
    simulation.north.store.update(
        POLICY_ROUTES, {**made, "status": {"parents": [other]}}, subresource="status"
    )
    assert [each["controllerName"] for each in parents(simulation)] == [
        "example.org/c",
        "linkerd.io/policy-controller",
    ]


def test_without_linkerd_s_controller_nothing_is_written(simulation: Simulation) -> None:
    simulation.north.store.delete(DEPLOYMENTS, "linkerd", "linkerd-destination")
    simulation.apply("north", route(SMILEY))
    assert parents(simulation) == []
