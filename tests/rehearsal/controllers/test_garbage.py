"""What has lost its owner goes, in the background, in the foreground, or not at all."""

from __future__ import annotations

import pytest

from meshpeek.rehearsal.controllers.deployments import DeploymentController
from meshpeek.rehearsal.controllers.garbage import FOREGROUND, ORPHAN
from meshpeek.rehearsal.types.keys import CONFIG_MAPS, DEPLOYMENTS, PODS, REPLICA_SETS
from tests.rehearsal.simulated_clusters import Simulation, deployment


@pytest.fixture
def simulation() -> Simulation:
    made = Simulation("north")
    made.apply("north", deployment("color"))
    made.advance(2)
    return made


def test_in_the_background_replica_sets_and_pods_follow_their_deployment(
    simulation: Simulation,
) -> None:
    simulation.north.store.delete(DEPLOYMENTS, "faces", "color")
    simulation.advance()
    assert simulation.names("north", REPLICA_SETS) == []
    assert simulation.names("north", PODS) == []


def test_in_the_foreground_they_go_first(simulation: Simulation) -> None:
    gone: list[str] = []
    simulation.north.store.subscribe(
        lambda event: gone.append(event.object["kind"]) if event.type == "DELETED" else None
    )
    simulation.north.store.delete(DEPLOYMENTS, "faces", "color", finalizer=FOREGROUND)
    simulation.advance()
    wanted = ["Pod", "Pod", "ReplicaSet", "Deployment"]
    assert [kind for kind in gone if kind in wanted] == wanted


def test_orphans_stay_and_belong_to_nobody(simulation: Simulation) -> None:
    pods = simulation.names("north", PODS)
    simulation.north.store.delete(DEPLOYMENTS, "faces", "color", finalizer=ORPHAN)
    simulation.advance(5)
    assert simulation.names("north", DEPLOYMENTS) == []
    assert simulation.names("north", PODS) == pods
    (replica_set,) = simulation.north.store.list(REPLICA_SETS, "faces")
    assert "ownerReferences" not in replica_set["metadata"]


def test_a_new_deployment_adopts_the_orphans_that_its_selector_finds(
    simulation: Simulation,
) -> None:
    pods = simulation.names("north", PODS)
    simulation.north.store.delete(DEPLOYMENTS, "faces", "color", finalizer=ORPHAN)
    simulation.advance(5)
    (made,) = simulation.apply("north", deployment("color"))
    simulation.advance(5)
    (replica_set,) = simulation.north.store.list(REPLICA_SETS, "faces")
    assert replica_set["metadata"]["ownerReferences"][0]["uid"] == made["metadata"]["uid"]
    assert simulation.names("north", PODS) == pods


def config_map(name: str, *owners: dict[str, object]) -> dict[str, object]:
    metadata: dict[str, object] = {"name": name, "namespace": "faces"}
    if owners:
        metadata["ownerReferences"] = [
            {"apiVersion": "v1", "kind": "ConfigMap", **owner} for owner in owners
        ]
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def test_an_object_stays_while_one_of_its_owners_does(simulation: Simulation) -> None:
    made = simulation.apply("north", config_map("a"), config_map("b"))
    owners = [{"name": each["metadata"]["name"], "uid": each["metadata"]["uid"]} for each in made]
    simulation.apply("north", config_map("both", *owners))
    simulation.advance()
    simulation.north.store.delete(CONFIG_MAPS, "faces", "a")
    simulation.advance()
    left = simulation.north.store.get(CONFIG_MAPS, "faces", "both")
    assert left is not None
    assert [each["name"] for each in left["metadata"]["ownerReferences"]] == ["b"]
    simulation.north.store.delete(CONFIG_MAPS, "faces", "b")
    simulation.advance()
    assert simulation.north.store.get(CONFIG_MAPS, "faces", "both") is None


def test_an_object_of_an_owner_that_never_was_goes(simulation: Simulation) -> None:
    simulation.apply("north", config_map("lost", {"name": "x", "uid": "none-such"}))
    simulation.advance()
    assert simulation.north.store.get(CONFIG_MAPS, "faces", "lost") is None


def test_a_controller_that_fails_leaves_events_to_the_others(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_self: object, _event: object) -> list[object]:
        raise KeyError("uid")

    monkeypatch.setattr(DeploymentController, "concerns", fail)
    pods = simulation.names("north", PODS)
    simulation.north.store.delete(PODS, "faces", pods[0])
    simulation.apply("north", deployment("face"))
    simulation.advance(2)
    assert len(simulation.names("north", PODS)) == len(pods)
    assert "KeyError: 'uid'" in capsys.readouterr().err
