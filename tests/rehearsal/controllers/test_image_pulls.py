"""Images that cannot be pulled, and what becomes of their Pods and of a rollout."""

from __future__ import annotations

from typing import Any

import pytest

from meshpeek.rehearsal.controllers.image_pulls import find_fault
from meshpeek.rehearsal.controllers.kubelet import START_SECONDS
from meshpeek.rehearsal.types.keys import DEPLOYMENTS, ENDPOINTS, EVENTS, NODES, PODS, REPLICA_SETS
from meshpeek.rehearsal.types.objects import Object
from tests.rehearsal.simulated_clusters import Simulation, deployment, service, template

ABSENT = "registry.invalid/faces:2"
MOMENT = START_SECONDS + 0.01


@pytest.mark.parametrize(
    "image",
    [
        "nginx",
        "nginx:1.25",
        "library/nginx",
        "localhost:5000/a/b:c",
        "ghcr.io/buoyantio/faces-gui:1.0.0",
        f"a@sha256:{64 * 'a'}",
        "invalid/web",
        "invalid:1",
        "notinvalid/web",
    ],
)
def test_nearly_every_image_is_there(image: str) -> None:
    assert find_fault(image) is None


@pytest.mark.parametrize("image", ["Faces", "a b", "a:", "a//b", ":1", "", "a:b:c", "http://a/b"])
def test_what_is_no_name_of_an_image(image: str) -> None:
    fault = find_fault(image)
    assert fault is not None
    assert (fault.reason, fault.reason_later) == ("InvalidImageName", "InvalidImageName")
    assert "invalid reference format" in fault.message


@pytest.mark.parametrize(
    ("image", "asked"),
    [
        ("a.invalid/web", 'Head "https://a.invalid/v2/web/manifests/latest": dial tcp: lookup a'),
        ("A.INVALID:5000/web:1", 'Head "https://A.INVALID:5000/v2/web/manifests/1": dial tcp'),
    ],
)
def test_a_registry_that_never_exists(image: str, asked: str) -> None:
    fault = find_fault(image)
    assert fault is not None
    assert (fault.reason, fault.reason_later) == ("ErrImagePull", "ImagePullBackOff")
    assert asked in fault.message


@pytest.fixture
def simulation() -> Simulation:
    return Simulation("north")


def pod(simulation: Simulation) -> Object:
    (found,) = simulation.north.store.list(PODS, "faces")
    return found


def waiting(simulation: Simulation) -> str:
    (container,) = pod(simulation)["status"]["containerStatuses"]
    reason: str = container["state"].get("waiting", {}).get("reason", "")
    return reason


def events(simulation: Simulation) -> list[tuple[str, str]]:
    found = simulation.north.store.list(EVENTS, "faces")
    return [
        (each["type"], each["reason"]) for each in found if "Pod" in each["involvedObject"]["kind"]
    ]


def test_the_pod_waits_and_its_image_is_tried_ever_more_rarely(simulation: Simulation) -> None:
    simulation.apply("north", deployment("face", replicas=1, image=ABSENT))
    simulation.advance(MOMENT)
    assert waiting(simulation) == "ErrImagePull"
    assert events(simulation)[-3:] == [
        ("Normal", "Pulling"),
        ("Warning", "Failed"),
        ("Warning", "Failed"),
    ]
    simulation.advance(START_SECONDS)
    assert waiting(simulation) == "ImagePullBackOff"
    assert ("Normal", "BackOff") in events(simulation)

    def attempts() -> int:
        return events(simulation).count(("Normal", "Pulling"))

    seen = []
    for _ in range(5):
        simulation.advance(11)
        seen.append(attempts())
    assert seen == [2, 2, 3, 3, 3]
    simulation.advance(3600)
    assert waiting(simulation) in ("ErrImagePull", "ImagePullBackOff")


def test_the_pod_is_not_ready_but_has_its_address(simulation: Simulation) -> None:
    simulation.apply("north", service("face"), deployment("face", replicas=1, image=ABSENT))
    simulation.advance(3)
    status = pod(simulation)["status"]
    assert status["phase"] == "Pending"
    conditions = {each["type"]: each for each in status["conditions"]}
    assert conditions["Initialized"]["status"] == "True"
    for kind in ("Ready", "ContainersReady"):
        assert conditions[kind]["status"] == "False"
        assert conditions[kind]["message"] == "containers with unready status: [face]"
    endpoints = simulation.north.store.get(ENDPOINTS, "faces", "face")
    assert endpoints is not None
    (subset,) = endpoints["subsets"]
    assert [each["ip"] for each in subset["notReadyAddresses"]] == [status["podIP"]]


def test_containers_beside_it_run(simulation: Simulation) -> None:
    made = deployment("face", replicas=1)
    made["spec"]["template"]["spec"]["containers"].append({"name": "bad", "image": ABSENT})
    simulation.apply("north", made)
    simulation.advance(20)
    good, bad = pod(simulation)["status"]["containerStatuses"]
    assert (good["ready"], bad["ready"]) == (True, False)
    assert good["restartCount"] == 0
    assert events(simulation).count(("Normal", "Started")) == 1, "and are started once"


def test_an_initializer_holds_everything_up(simulation: Simulation) -> None:
    made = deployment("face", replicas=1)
    made["spec"]["template"]["spec"]["initContainers"] = [
        {"name": "first", "image": "init:1"},
        {"name": "second", "image": "Not An Image"},
        {"name": "third", "image": "init:1"},
    ]
    simulation.apply("north", made)
    simulation.advance(3)
    status = pod(simulation)["status"]
    assert waiting(simulation) == "PodInitializing"
    first, second, third = (each["state"] for each in status["initContainerStatuses"])
    assert first["terminated"]["reason"] == "Completed"
    assert second["waiting"]["reason"] == "InvalidImageName"
    assert third["waiting"]["reason"] == "PodInitializing"
    conditions = {each["type"]: each for each in status["conditions"]}
    assert conditions["Initialized"]["message"] == (
        "containers with incomplete status: [first second third]"
    )


def test_a_pod_that_is_deleted_is_not_tried_again(simulation: Simulation) -> None:
    simulation.apply("north", deployment("face", replicas=1, image=ABSENT))
    simulation.advance(3)
    simulation.change("north", DEPLOYMENTS, "faces/face", replicas=0)
    simulation.advance(1)
    before = len(events(simulation))
    simulation.advance(100)
    assert len(events(simulation)) == before


class TestRollout:
    def conditions(self, simulation: Simulation) -> dict[str, tuple[str, str]]:
        found = simulation.north.store.get(DEPLOYMENTS, "faces", "face")
        assert found is not None
        return {
            each["type"]: (each["status"], each["reason"]) for each in found["status"]["conditions"]
        }

    def start(self, simulation: Simulation, **spec: Any) -> None:
        simulation.apply("north", deployment("face", replicas=2, **spec))
        simulation.advance(5)
        changed = template("face", ABSENT)
        simulation.change("north", DEPLOYMENTS, "faces/face", template=changed)

    def test_the_old_pods_stay_and_the_deadline_passes(self, simulation: Simulation) -> None:
        self.start(simulation, progressDeadlineSeconds=60)
        simulation.advance(50)
        assert self.conditions(simulation)["Progressing"] == ("True", "ReplicaSetUpdated")
        simulation.advance(15)
        assert self.conditions(simulation) == {
            "Available": ("True", "MinimumReplicasAvailable"),
            "Progressing": ("False", "ProgressDeadlineExceeded"),
        }
        replicas = [
            each["spec"]["replicas"] for each in simulation.north.store.list(REPLICA_SETS, "faces")
        ]
        assert sorted(replicas) == [1, 2]

    def test_going_back_ends_well(self, simulation: Simulation) -> None:
        self.start(simulation, progressDeadlineSeconds=60)
        simulation.advance(100)
        simulation.change("north", DEPLOYMENTS, "faces/face", template=template("face"))
        simulation.advance(5)
        assert self.conditions(simulation)["Progressing"] == ("True", "NewReplicaSetAvailable")
        assert len(simulation.names("north", PODS)) == 2

    def test_each_step_forward_gives_it_the_whole_time_again(self, simulation: Simulation) -> None:
        simulation.apply(
            "north",
            deployment("face", replicas=3, progressDeadlineSeconds=20, minReadySeconds=15),
        )
        simulation.advance(20)
        changed = template("face", "faces:2")
        simulation.change("north", DEPLOYMENTS, "faces/face", template=changed)
        simulation.advance(40)
        assert self.conditions(simulation)["Progressing"][0] == "True"
        simulation.advance(30)
        assert self.conditions(simulation)["Progressing"] == ("True", "NewReplicaSetAvailable")

    def test_a_lost_pod_of_an_old_rollout_is_no_failure(self, simulation: Simulation) -> None:
        simulation.apply("north", deployment("face", replicas=1, progressDeadlineSeconds=60))
        simulation.advance(5)
        (node,) = simulation.north.store.list(NODES)
        simulation.north.store.update(
            NODES, {**node, "spec": {**node["spec"], "unschedulable": True}}
        )
        (name,) = simulation.names("north", PODS)
        simulation.north.store.delete(PODS, "faces", name)
        simulation.advance(200)
        assert self.conditions(simulation)["Progressing"] == ("True", "NewReplicaSetAvailable")
