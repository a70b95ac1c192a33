"""Namespaces are furnished when they are made, and emptied before they go."""

from __future__ import annotations

import base64

import pytest

from meshpeek.rehearsal.types.keys import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    NAMESPACES,
    PODS,
    SECRETS,
    SERVICE_ACCOUNTS,
)
from meshpeek.rehearsal.types.status import ApiError
from tests.rehearsal.simulated_clusters import Simulation, deployment, namespace, service


@pytest.fixture
def simulation() -> Simulation:
    return Simulation("north")


def test_a_namespace_has_an_account_a_certificate_and_its_label(simulation: Simulation) -> None:
    (made,) = simulation.apply("north", namespace("new"))
    simulation.advance()
    assert made["metadata"]["labels"] == {"kubernetes.io/metadata.name": "new"}
    assert made["status"] == {"phase": "Active"}
    assert simulation.names("north", SERVICE_ACCOUNTS, "new") == ["default"]
    assert simulation.names("north", CONFIG_MAPS, "new") == ["kube-root-ca.crt"]


def test_the_default_account_comes_back(simulation: Simulation) -> None:
    simulation.north.store.delete(SERVICE_ACCOUNTS, "faces", "default")
    simulation.advance()
    assert simulation.names("north", SERVICE_ACCOUNTS) == ["default"]


def test_a_namespace_takes_everything_with_it(simulation: Simulation) -> None:
    simulation.apply("north", deployment("face"), service("face"))
    simulation.advance(2)
    simulation.north.store.delete(NAMESPACES, None, "faces")
    simulation.advance(1)
    assert simulation.north.store.get(NAMESPACES, None, "faces") is None
    for resource in simulation.north.resources:
        if resource.namespaced:
            assert simulation.names("north", resource.key) == [], resource.key


def test_nothing_new_comes_into_a_namespace_that_goes(simulation: Simulation) -> None:
    simulation.north.store.delete(NAMESPACES, None, "faces")
    with pytest.raises(ApiError, match="because it is being terminated"):
        simulation.apply("north", deployment("face"))


def test_a_namespace_waits_for_finalizers_of_its_objects(simulation: Simulation) -> None:
    made = deployment("face")
    made["metadata"]["finalizers"] = ["example.org/wait"]
    simulation.apply("north", made)
    simulation.advance(2)
    simulation.north.store.delete(NAMESPACES, None, "faces")
    simulation.advance(2)
    left = simulation.north.store.get(NAMESPACES, None, "faces")
    assert left is not None
    assert left["status"]["phase"] == "Terminating"
    assert "deletionGracePeriodSeconds" not in left["metadata"]
    said = {
        each["type"]: (each["status"], each["reason"], each["message"])
        for each in left["status"]["conditions"]
    }
    assert said["NamespaceContentRemaining"] == (
        "True",
        "SomeResourcesRemain",
        "Some resources are remaining: deployments.apps has 1 resource instances",
    )
    assert said["NamespaceFinalizersRemaining"] == (
        "True",
        "SomeFinalizersRemain",
        "Some content in the namespace has finalizers remaining: "
        "example.org/wait in 1 resource instances",
    )
    assert list(said.values())[:3] == [
        ("False", "ResourcesDiscovered", "All resources successfully discovered"),
        ("False", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
        (
            "False",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
    ]
    assert simulation.names("north", PODS) == []
    waiting = simulation.north.store.get(DEPLOYMENTS, "faces", "face")
    assert waiting is not None
    metadata = {**waiting["metadata"], "finalizers": []}
    simulation.north.store.update(DEPLOYMENTS, {**waiting, "metadata": metadata})
    simulation.advance(2)
    assert simulation.north.store.get(NAMESPACES, None, "faces") is None


def token_secret(account: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "token",
            "namespace": "faces",
            "annotations": {"kubernetes.io/service-account.name": account},
        },
        "type": "kubernetes.io/service-account-token",
    }


def test_a_token_secret_is_filled_in_and_goes_with_its_account(simulation: Simulation) -> None:
    simulation.apply("north", token_secret("default"))
    simulation.advance()
    secret = simulation.north.store.get(SECRETS, "faces", "token")
    assert secret is not None
    assert set(secret["data"]) == {"token", "ca.crt", "namespace"}
    assert base64.b64decode(secret["data"]["namespace"]) == b"faces"
    token = secret["data"]["token"]
    simulation.label("north", SECRETS, "faces/token", {"touched": "yes"})
    simulation.advance()
    secret = simulation.north.store.get(SECRETS, "faces", "token")
    assert secret is not None
    assert secret["data"]["token"] == token, "a token stays what it is"


def test_a_token_secret_without_its_account_is_deleted(simulation: Simulation) -> None:
    simulation.apply("north", token_secret("nobody"))
    simulation.advance()
    assert simulation.names("north", SECRETS) == []
