"""What is installed where nobody says it, and where somebody does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from meshpeek.rehearsal import controllers
from meshpeek.rehearsal.controllers.clocks import SimulatedClock
from meshpeek.rehearsal.errors import RehearsalError
from meshpeek.rehearsal.installations import INSTALLATIONS, load_installations
from meshpeek.rehearsal.seeding.choice import choose
from meshpeek.rehearsal.seeding.cluster_seed import ClusterSeed
from meshpeek.rehearsal.seeding.seeded_cluster import SeededCluster
from meshpeek.rehearsal.store.cluster import Cluster
from tests.rehearsal.simulated_clusters import START

Write = Callable[..., tuple[Path, ...]]

MESH = ["k3s", "linkerd"]
LINKED = [*MESH, "linkerd-multicluster"]


def chosen(**seeds: ClusterSeed) -> dict[str, list[str]]:
    """Return what is installed on each cluster, in the order in which that is done."""
    clusters: dict[str, Cluster] = {}
    clock = SimulatedClock(START)
    for index, name in enumerate(seeds, start=1):
        Cluster(name, index, clusters, clock.now, "", load_installations())
    seeded = [
        SeededCluster(clusters[name], controllers.start(clusters[name], clock), given)
        for name, given in seeds.items()
    ]
    found = choose(seeded)
    return {
        name: [each.name for each in load_installations() if each in found[name]] for name in seeds
    }


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes objects to a manifest."""

    def write_manifest(*objects: dict[str, Any]) -> tuple[Path, ...]:
        path = tmp_path / "manifest.json"
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))
        return (path,)

    return write_manifest


def obj(api_version: str = "v1", kind: str = "Namespace", **more: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}, **more}


def injected(value: str) -> dict[str, Any]:
    return {"metadata": {"name": "x", "annotations": {"linkerd.io/inject": value}}}


@pytest.mark.parametrize(
    ("given", "installed"),
    [
        (obj(), ["k3s"]),
        (obj("policy.linkerd.io/v1beta3", "HTTPRoute"), MESH),
        (obj("multicluster.linkerd.io/v1alpha1", "Link"), LINKED),
        (obj("gateway.networking.k8s.io/v1beta1", "HTTPRoute"), ["k3s", "gateway-api"]),
        (obj("getambassador.io/v3alpha1", "Mapping"), ["k3s", "emissary"]),
        (obj(**injected("enabled")), MESH),
        (obj(**injected("ingress")), MESH),
        (obj(**injected("disabled")), ["k3s"]),
        (obj("apps/v1", "Deployment", spec={"template": injected("enabled")}), MESH),
        (obj("apps/v1", "Deployment", spec=None), ["k3s"]),
        (
            obj(kind="Service", metadata={"labels": {"mirror.linkerd.io/exported": "true"}}),
            LINKED,
        ),
    ],
)
def test_what_an_object_calls_for(
    write: Write, given: dict[str, Any], installed: list[str]
) -> None:
    assert chosen(north=ClusterSeed(write(given))) == {"north": installed}


@pytest.mark.parametrize(
    ("commands", "installed"),
    [
        (["kubectl get ns"], ["k3s"]),
        (["kubectl get ns", "linkerd check"], MESH),
        (["linkerd", "linkerd version --client"], ["k3s"]),
        (["linkerd --context north multicluster gateways"], LINKED),
        (["linkerd mc check"], LINKED),
        (["linkerd check --pre", "linkerd install --crds", "linkerd check"], ["k3s"]),
        (["linkerd install", "linkerd mc install", "linkerd mc check"], ["k3s"]),
        (["linkerd check", "linkerd mc install", "linkerd mc check"], MESH),
        (
            ["helm install linkerd-control-plane linkerd/linkerd-control-plane", "linkerd check"],
            ["k3s"],
        ),
        (["helm upgrade -i mc linkerd/linkerd-multicluster", "linkerd mc check"], MESH),
    ],
)
def test_what_commands_call_for(commands: list[str], installed: list[str]) -> None:
    seed = ClusterSeed(commands=tuple(tuple(command.split()) for command in commands))
    assert chosen(north=seed) == {"north": installed}


def test_a_workshop_that_installs_a_product_may_have_manifests_for_it(write: Write) -> None:
    installs = (("linkerd", "install"),)
    assert chosen(north=ClusterSeed(write(obj(**injected("enabled"))), commands=installs)) == {
        "north": ["k3s"]
    }
    kind = obj("policy.linkerd.io/v1beta3", "HTTPRoute")
    assert chosen(north=ClusterSeed(write(kind), commands=installs)) == {"north": MESH}


def test_links_call_for_what_makes_them_on_both_sides() -> None:
    seeds = {"north": ClusterSeed(links=("east",)), "east": ClusterSeed(), "west": ClusterSeed()}
    assert chosen(**seeds) == {"north": LINKED, "east": LINKED, "west": ["k3s"]}


def test_what_is_named_is_installed_with_its_needs_and_nothing_else(write: Write) -> None:
    mesh = write(obj(**injected("enabled")))
    seeds = {
        "north": ClusterSeed(mesh, install=()),
        "east": ClusterSeed(install=("faces", "linkerd-multicluster")),
        "west": ClusterSeed(install=("k3s",)),
    }
    assert chosen(**seeds) == {"north": ["k3s"], "east": [*LINKED, "faces"], "west": ["k3s"]}


def test_an_unknown_name() -> None:
    with pytest.raises(RehearsalError, match="cluster north: unknown installation `istio`") as told:
        chosen(north=ClusterSeed(install=("istio",)))
    assert told.value.hint == f"known are {', '.join(INSTALLATIONS)}"


def test_links_that_nothing_makes() -> None:
    with pytest.raises(RehearsalError, match="north has links, and nothing is installed") as told:
        chosen(north=ClusterSeed(links=("east",), install=("linkerd",)), east=ClusterSeed())
    assert told.value.hint == "add linkerd-multicluster to `install`, or remove `links`"
