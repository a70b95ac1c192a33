"""Pods get a node, an address of its range, and are ready after a moment."""

from __future__ import annotations

import pytest

from meshpeek.rehearsal.api.tables import render
from meshpeek.rehearsal.controllers.kubelet import START_SECONDS
from meshpeek.rehearsal.types.keys import DEPLOYMENTS, EVENTS, NODES, PODS
from meshpeek.rehearsal.types.resources import Resource
from tests.rehearsal.simulated_clusters import Simulation, deployment


@pytest.fixture
def simulation() -> Simulation:
    return Simulation("north", "east")


def states(simulation: Simulation, name: str = "north") -> list[str]:
    cluster = simulation.clusters[name]
    kind = cluster.resources.get(PODS)
    assert isinstance(kind, Resource)
    table = render(kind, "v1", cluster.store.list(PODS, "faces"), simulation.clock.now())
    return [f"{row['cells'][1]} {row['cells'][2]}" for row in table["rows"]]


def addresses(simulation: Simulation, name: str = "north") -> list[str]:
    return [pod["status"]["podIP"] for pod in simulation.clusters[name].store.list(PODS, "faces")]


def test_a_pod_is_created_and_then_runs(simulation: Simulation) -> None:
    simulation.apply("north", deployment("face", replicas=1))
    simulation.advance()
    assert states(simulation) == ["0/1 ContainerCreating"]
    simulation.advance(START_SECONDS)
    assert states(simulation) == ["1/1 Running"]


def test_a_pod_with_init_containers_says_so_while_it_starts(simulation: Simulation) -> None:
    given = deployment("face", replicas=1)
    given["spec"]["template"]["spec"]["initContainers"] = [{"name": "i", "image": "i:1"}]
    simulation.apply("north", given)
    simulation.advance()
    assert states(simulation) == ["0/1 Init:0/1"]
    simulation.advance(START_SECONDS)
    assert states(simulation) == ["1/1 Running"]


def test_addresses_are_of_the_cluster_s_own_range_and_differ(simulation: Simulation) -> None:
    for name in ("north", "east"):
        simulation.apply(name, deployment("face", replicas=5))
    simulation.advance(2)
    for name, prefix in (("north", "10.23.0."), ("east", "10.23.1.")):
        found = addresses(simulation, name)
        assert len(set(found)) == 5
        assert all(address.startswith(prefix) for address in found)


def test_addresses_are_not_used_again_at_once(simulation: Simulation) -> None:
    simulation.apply("north", deployment("face", replicas=1))
    simulation.advance(2)
    (before,) = addresses(simulation)
    (name,) = simulation.names("north", PODS)
    simulation.north.store.delete(PODS, "faces", name)
    simulation.advance(2)
    (after,) = addresses(simulation)
    assert before != after


def test_addresses_still_differ_when_the_range_has_been_gone_through(
    simulation: Simulation,
) -> None:
    simulation.apply("north", deployment("stays", replicas=3), deployment("goes", replicas=0))
    simulation.advance(2)
    for _ in range(3):
        simulation.change("north", DEPLOYMENTS, "faces/goes", replicas=100)
        simulation.advance(2)
        assert len(set(addresses(simulation))) == 103
        simulation.change("north", DEPLOYMENTS, "faces/goes", replicas=0)
        simulation.advance(2)


def test_a_pod_of_the_host_network_has_the_node_s_address(simulation: Simulation) -> None:
    given = deployment("face", replicas=1)
    given["spec"]["template"]["spec"]["hostNetwork"] = True
    simulation.apply("north", given)
    simulation.advance(2)
    assert addresses(simulation) == ["172.18.0.2"]


def test_a_full_node_takes_no_more_pods_until_one_goes(simulation: Simulation) -> None:
    simulation.apply("north", deployment("face", replicas=111))
    simulation.advance(3)
    assert states(simulation).count("1/1 Running") == 110
    assert states(simulation).count("0/1 Pending") == 1
    waiting = [
        pod for pod in simulation.north.store.list(PODS, "faces") if "nodeName" not in pod["spec"]
    ]
    assert len(waiting) == 1
    assert waiting[0]["status"]["conditions"][0]["reason"] == "Unschedulable"
    assert scheduling_failures(simulation) == [
        "0/1 nodes are available: 1 Too many pods. preemption: 0/1 nodes are available: "
        "1 No preemption victims found for incoming pod.."
    ]
    simulation.change("north", DEPLOYMENTS, "faces/face", replicas=110)
    simulation.advance(3)
    assert states(simulation) == ["1/1 Running"] * 110


def change_node(simulation: Simulation, **spec: object) -> None:
    (node,) = simulation.north.store.list(NODES)
    simulation.north.store.update(NODES, {**node, "spec": {**node["spec"], **spec}})


def scheduling_failures(simulation: Simulation) -> list[str]:
    events = simulation.north.store.list(EVENTS, "faces")
    return [each["message"] for each in events if each["reason"] == "FailedScheduling"]


def test_a_cordoned_node_takes_no_pods_until_it_is_uncordoned(simulation: Simulation) -> None:
    change_node(simulation, unschedulable=True)
    simulation.apply("north", deployment("face", replicas=1))
    simulation.advance(3)
    assert states(simulation) == ["0/1 Pending"]
    assert scheduling_failures(simulation) == [
        "0/1 nodes are available: 1 node(s) were unschedulable. preemption: 0/1 nodes are "
        "available: 1 Preemption is not helpful for scheduling.."
    ]
    change_node(simulation, unschedulable=False)
    simulation.advance(3)
    assert states(simulation) == ["1/1 Running"]


def test_a_tainted_node_takes_only_pods_that_tolerate_it(simulation: Simulation) -> None:
    change_node(simulation, taints=[{"key": "a", "value": "b", "effect": "NoSchedule"}])
    for name, toleration in {
        "by-value": {"key": "a", "value": "b"},
        "by-key": {"key": "a", "operator": "Exists"},
        "of-all": {"operator": "Exists"},
        "other-value": {"key": "a", "value": "c"},
        "other-effect": {"key": "a", "operator": "Exists", "effect": "NoExecute"},
        "other-key": {"key": "c", "operator": "Exists"},
    }.items():
        given = deployment(name, replicas=1)
        given["spec"]["template"]["spec"]["tolerations"] = [toleration]
        simulation.apply("north", given)
    simulation.advance(3)
    running = [
        pod["metadata"]["labels"]["app"]
        for pod in simulation.north.store.list(PODS, "faces")
        if pod["status"]["phase"] == "Running"
    ]
    assert running == ["by-key", "by-value", "of-all"]
    assert set(scheduling_failures(simulation)) == {
        "0/1 nodes are available: 1 node(s) had untolerated taint {a: b}. preemption: 0/1 nodes "
        "are available: 1 Preemption is not helpful for scheduling.."
    }
    change_node(simulation, taints=[])
    simulation.advance(3)
    assert states(simulation) == ["1/1 Running"] * 6


def test_a_pod_waits_for_a_node_with_the_labels_it_selects(simulation: Simulation) -> None:
    given = deployment("face", replicas=1)
    given["spec"]["template"]["spec"]["nodeSelector"] = {"disk": "ssd"}
    simulation.apply("north", given)
    simulation.advance(3)
    assert scheduling_failures(simulation) == [
        "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. "
        "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.."
    ]
    (node,) = simulation.north.store.list(NODES)
    labels = {**node["metadata"]["labels"], "disk": "ssd"}
    simulation.north.store.update(
        NODES, {**node, "metadata": {**node["metadata"], "labels": labels}}
    )
    simulation.advance(3)
    assert states(simulation) == ["1/1 Running"]


def test_a_pod_of_another_scheduler_waits_for_it(simulation: Simulation) -> None:
    given = deployment("face", replicas=1)
    given["spec"]["template"]["spec"]["schedulerName"] = "mine"
    simulation.apply("north", given)
    simulation.advance(10)
    assert states(simulation) == ["0/1 Pending"]
    assert not [
        event
        for event in simulation.north.store.list(EVENTS, "faces")
        if event["involvedObject"]["kind"] == "Pod"
    ]


def test_a_pod_deleted_while_it_starts_does_not_come_back(simulation: Simulation) -> None:
    simulation.apply(
        "north",
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "p", "namespace": "faces"},
            "spec": {"containers": [{"name": "a", "image": "a:1"}]},
        },
    )
    simulation.advance(START_SECONDS / 2)
    simulation.north.store.delete(PODS, "faces", "p")
    simulation.advance(5)
    assert simulation.names("north", PODS) == []


def test_pods_that_wait_take_the_places_of_those_that_go(simulation: Simulation) -> None:
    store = simulation.north.store
    node = store.list(NODES)[0]
    allocatable = {**node["status"]["allocatable"], "pods": "20"}
    store.update(NODES, {**node, "status": {**node["status"], "allocatable": allocatable}})
    simulation.apply("north", deployment("face", replicas=30))
    simulation.advance(2)

    def running() -> list[str]:
        pods = store.list(PODS, "faces")
        return [pod["metadata"]["name"] for pod in pods if pod["spec"].get("nodeName")]

    first = running()
    assert len(first) == 20
    simulation.change("north", DEPLOYMENTS, "faces/face", replicas=25)
    simulation.advance(2)
    assert (len(running()), len(store.list(PODS, "faces"))) == (20, 25)
    for name in first[:4]:
        store.delete(PODS, "faces", name)
    simulation.advance(2)
    assert len(running()) == 20
    assert not set(first[:4]) & set(running())
