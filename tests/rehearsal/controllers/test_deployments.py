"""Deployments become ReplicaSets and Pods, roll out, scale and go away as on a real cluster."""

from __future__ import annotations

import re
from typing import Any

import pytest

from meshpeek.rehearsal.controllers.deployments import template_hash
from meshpeek.rehearsal.controllers.kubelet import START_SECONDS
from meshpeek.rehearsal.types.keys import DEPLOYMENTS, EVENTS, PODS, REPLICA_SETS, ResourceKey
from tests.rehearsal.simulated_clusters import Simulation, deployment, template

LETTERS = "[bcdfghjklmnpqrstvwxz2456789]"


@pytest.fixture
def simulation() -> Simulation:
    return Simulation("north")


def status(simulation: Simulation, name: str = "face") -> dict[str, Any]:
    found = simulation.north.store.get(DEPLOYMENTS, "faces", name)
    assert found is not None
    value: dict[str, Any] = found["status"]
    return value


def replicas(simulation: Simulation) -> dict[str, int]:
    """Return the wanted replicas of each ReplicaSet, by its image."""
    return {
        each["spec"]["template"]["spec"]["containers"][0]["image"]: each["spec"]["replicas"]
        for each in simulation.north.store.list(REPLICA_SETS, "faces")
    }


def reasons(simulation: Simulation) -> list[str]:
    return [each["reason"] for each in simulation.north.store.list(EVENTS, "faces")]


def test_a_deployment_gets_its_pods_and_they_become_ready(simulation: Simulation) -> None:
    simulation.apply("north", deployment("face"))
    simulation.advance()
    assert "readyReplicas" not in status(simulation)
    simulation.advance(START_SECONDS)
    conditions = {each["type"]: each["reason"] for each in status(simulation).pop("conditions")}
    assert conditions == {
        "Available": "MinimumReplicasAvailable",
        "Progressing": "NewReplicaSetAvailable",
    }
    assert {k: v for k, v in status(simulation).items() if k != "conditions"} == {
        "observedGeneration": 1,
        "replicas": 2,
        "updatedReplicas": 2,
        "readyReplicas": 2,
        "availableReplicas": 2,
    }


def test_names_are_those_of_a_real_cluster(simulation: Simulation) -> None:
    simulation.apply("north", deployment("face"))
    simulation.advance(2)
    (replica_set,) = simulation.names("north", REPLICA_SETS)
    assert re.fullmatch("face-[456789bcdf]{7,10}", replica_set)
    for name in simulation.names("north", PODS):
        assert re.fullmatch(f"{replica_set}-{LETTERS}{{5}}", name)


def test_the_hash_depends_on_the_template_alone() -> None:
    one, other = template("face"), template("face", "faces:2")
    assert template_hash(one) == template_hash(template("face"))
    assert template_hash(one) != template_hash(other)


def test_owners_lead_from_the_pod_to_the_deployment(simulation: Simulation) -> None:
    (made,) = simulation.apply("north", deployment("face", replicas=1))
    simulation.advance(2)
    (replica_set,) = simulation.north.store.list(REPLICA_SETS, "faces")
    (pod,) = simulation.north.store.list(PODS, "faces")
    (of_pod,) = pod["metadata"]["ownerReferences"]
    (of_set,) = replica_set["metadata"]["ownerReferences"]
    assert of_pod["uid"] == replica_set["metadata"]["uid"]
    assert of_set["uid"] == made["metadata"]["uid"]
    assert of_set["controller"]


def test_scaling_up_and_down(simulation: Simulation) -> None:
    simulation.apply("north", deployment("face"))
    simulation.advance(2)
    first = set(simulation.names("north", PODS))
    simulation.change("north", DEPLOYMENTS, "faces/face", replicas=4)
    simulation.advance(2)
    assert len(simulation.names("north", PODS)) == 4
    simulation.change("north", DEPLOYMENTS, "faces/face", replicas=2)
    simulation.advance(2)
    assert set(simulation.names("north", PODS)) == first, "the newest pods go first"
    simulation.change("north", DEPLOYMENTS, "faces/face", replicas=0)
    simulation.advance(2)
    assert simulation.names("north", PODS) == []
    assert "replicas" not in status(simulation)


def test_a_deleted_pod_is_replaced(simulation: Simulation) -> None:
    simulation.apply("north", deployment("face"))
    simulation.advance(2)
    gone, kept = simulation.names("north", PODS)
    simulation.north.store.delete(PODS, "faces", gone)
    simulation.advance(2)
    names = simulation.names("north", PODS)
    assert len(names) == 2
    assert kept in names
    assert gone not in names


def test_a_new_template_is_rolled_out_within_surge_and_unavailability(
    simulation: Simulation,
) -> None:
    simulation.apply("north", deployment("face", replicas=4))
    simulation.advance(2)
    wanted: list[int] = []
    running: list[int] = []

    def observe(event: Any) -> None:
        if event.key == REPLICA_SETS:
            wanted.append(sum(replicas(simulation).values()))
        if event.key == PODS:
            pods = simulation.north.store.list(PODS, "faces")
            running.append(sum(pod["status"].get("phase") == "Running" for pod in pods))

    simulation.north.store.subscribe(observe)
    new = template("face", "faces:2")
    simulation.change("north", DEPLOYMENTS, "faces/face", template=new)
    simulation.advance(10)
    assert replicas(simulation) == {"faces:1": 0, "faces:2": 4}
    assert status(simulation)["updatedReplicas"] == 4
    assert max(wanted) == 5, "25 % of surge"
    assert min(running) == 3, "25 % may be unavailable"


def test_half_a_pod_of_surge_is_rounded_up_and_half_an_unavailable_one_down(
    simulation: Simulation,
) -> None:
    simulation.apply("north", deployment("face", replicas=2))
    simulation.advance(2)
    new = template("face", "faces:2")
    simulation.change("north", DEPLOYMENTS, "faces/face", template=new)
    simulation.advance()
    assert replicas(simulation) == {"faces:1": 2, "faces:2": 1}
    simulation.advance(START_SECONDS)
    assert replicas(simulation) == {"faces:1": 1, "faces:2": 2}


def test_recreate_waits_until_the_old_pods_have_gone(simulation: Simulation) -> None:
    simulation.apply("north", deployment("face", strategy={"type": "Recreate"}))
    simulation.advance(2)
    totals: set[int] = set()
    simulation.north.store.subscribe(
        lambda event: (
            totals.add(len(simulation.names("north", PODS))) if event.key == PODS else None
        )
    )
    new = template("face", "faces:2")
    simulation.change("north", DEPLOYMENTS, "faces/face", template=new)
    simulation.advance(5)
    assert replicas(simulation) == {"faces:1": 0, "faces:2": 2}
    assert totals == {0, 1, 2}


def test_going_back_uses_the_old_replica_set(simulation: Simulation) -> None:
    simulation.apply("north", deployment("face"))
    simulation.advance(2)
    (first,) = simulation.names("north", REPLICA_SETS)
    for image in ("faces:2", "faces:1"):
        simulation.change("north", DEPLOYMENTS, "faces/face", template=template("face", image))
        simulation.advance(10)
    assert replicas(simulation) == {"faces:1": 2, "faces:2": 0}
    found = simulation.north.store.get(REPLICA_SETS, "faces", first)
    assert found is not None
    revision = "deployment.kubernetes.io/revision"
    assert found["metadata"]["annotations"][revision] == "3"
    made = simulation.north.store.get(DEPLOYMENTS, "faces", "face")
    assert made is not None
    assert made["metadata"]["annotations"][revision] == "3"


def test_old_replica_sets_are_forgotten(simulation: Simulation) -> None:
    simulation.apply("north", deployment("face", revisionHistoryLimit=1))
    for number in range(2, 6):
        new = template("face", f"faces:{number}")
        simulation.change("north", DEPLOYMENTS, "faces/face", template=new)
        simulation.advance(10)
    assert replicas(simulation) == {"faces:4": 0, "faces:5": 2}


def test_a_paused_deployment_scales_but_does_not_roll_out(simulation: Simulation) -> None:
    simulation.apply("north", deployment("face"))
    simulation.advance(2)
    simulation.change(
        "north", DEPLOYMENTS, "faces/face", paused=True, template=template("face", "faces:2")
    )
    simulation.advance(5)
    assert replicas(simulation) == {"faces:1": 2}
    reasons = {each["type"]: each["reason"] for each in status(simulation)["conditions"]}
    assert reasons["Progressing"] == "DeploymentPaused"
    simulation.change("north", DEPLOYMENTS, "faces/face", paused=False)
    simulation.advance(10)
    assert replicas(simulation) == {"faces:1": 0, "faces:2": 2}


def test_pods_count_as_available_after_their_minimum(simulation: Simulation) -> None:
    simulation.apply("north", deployment("face", minReadySeconds=30))
    simulation.advance(20)
    assert status(simulation)["readyReplicas"] == 2
    assert "availableReplicas" not in status(simulation)
    simulation.advance(20)
    assert status(simulation)["availableReplicas"] == 2


def test_the_events_of_a_start(simulation: Simulation) -> None:
    simulation.apply("north", deployment("face", replicas=1))
    simulation.advance(2)
    assert sorted(reasons(simulation)) == sorted(
        ["ScalingReplicaSet", "SuccessfulCreate", "Scheduled", "Pulled", "Created", "Started"]
    )
    scaling = [
        each
        for each in simulation.north.store.list(EVENTS, "faces")
        if each["reason"] == "ScalingReplicaSet"
    ]
    (replica_set,) = simulation.names("north", REPLICA_SETS)
    assert scaling[0]["message"] == f"Scaled up replica set {replica_set} to 1"


def test_nothing_more_is_written_when_all_is_well(simulation: Simulation) -> None:
    simulation.apply("north", deployment("face"))
    simulation.advance(5)
    version = simulation.north.store.resource_version
    simulation.label("north", DEPLOYMENTS, "faces/face", {"touched": "yes"})
    simulation.advance(60)
    assert simulation.north.store.resource_version == version + 1


def owners_of(simulation: Simulation, key: ResourceKey, name: str) -> list[str]:
    found = simulation.north.store.get(key, "faces", name)
    assert found is not None
    return [each["kind"] for each in found["metadata"].get("ownerReferences", ())]


def test_a_relabelled_pod_is_released_and_replaced(simulation: Simulation) -> None:
    simulation.apply("north", deployment("face"))
    simulation.advance(2)
    pods = simulation.names("north", PODS)
    simulation.label("north", PODS, f"faces/{pods[0]}", {"app": "aside"})
    simulation.advance(2)
    assert owners_of(simulation, PODS, pods[0]) == []
    assert len(simulation.names("north", PODS)) == 3
    assert status(simulation)["readyReplicas"] == 2
    # Its deletion concerns nobody, and neither does that of the Deployment concern it.
    simulation.north.store.delete(DEPLOYMENTS, "faces", "face")
    simulation.advance(2)
    assert simulation.names("north", PODS) == [pods[0]]


def test_a_pod_that_matches_again_is_taken_back(simulation: Simulation) -> None:
    simulation.apply("north", deployment("face"))
    simulation.advance(2)
    pods = simulation.names("north", PODS)
    for label in ("aside", "face"):
        simulation.label("north", PODS, f"faces/{pods[0]}", {"app": label})
        simulation.advance(2)
    assert len(simulation.names("north", PODS)) == 2
    assert status(simulation)["readyReplicas"] == 2


def test_a_relabelled_replica_set_is_released_and_replaced_or_taken_back(
    simulation: Simulation,
) -> None:
    simulation.apply("north", deployment("face"))
    simulation.advance(2)
    (name,) = simulation.names("north", REPLICA_SETS)
    simulation.label("north", REPLICA_SETS, f"faces/{name}", {"app": "aside"})
    simulation.advance(2)
    assert owners_of(simulation, REPLICA_SETS, name) == []
    simulation.label("north", REPLICA_SETS, f"faces/{name}", {"app": "face"})
    simulation.advance(2)
    assert owners_of(simulation, REPLICA_SETS, name) == ["Deployment"]


def test_a_revision_that_comes_back_says_what_it_was(simulation: Simulation) -> None:
    simulation.apply("north", deployment("face", image="faces:1"))
    simulation.advance(5)
    for image in ("faces:2", "faces:1", "faces:2", "faces:1"):
        simulation.change("north", DEPLOYMENTS, "faces/face", template=template("face", image))
        simulation.advance(5)
    history = "deployment.kubernetes.io/revision-history"
    found = {
        each["spec"]["template"]["spec"]["containers"][0]["image"]: each["metadata"]["annotations"]
        for each in simulation.north.store.list(REPLICA_SETS, "faces")
    }
    assert {image: annotations.get(history) for image, annotations in found.items()} == {
        "faces:1": "1,3",
        "faces:2": "2",
    }


def test_to_annotate_a_deployment_is_a_new_generation_of_it(simulation: Simulation) -> None:
    simulation.apply("north", deployment("face"))
    simulation.advance(5)
    found = simulation.north.store.get(DEPLOYMENTS, "faces", "face")
    assert found is not None
    assert found["metadata"]["generation"] == 1
    annotations = {**found["metadata"]["annotations"], "example.com/a": "b"}
    metadata = {**found["metadata"], "annotations": annotations}
    changed = simulation.north.store.update(DEPLOYMENTS, {**found, "metadata": metadata})
    assert changed["metadata"]["generation"] == 2
    simulation.advance(5)
    assert status(simulation)["observedGeneration"] == 2
    assert len(simulation.names("north", REPLICA_SETS)) == 1
