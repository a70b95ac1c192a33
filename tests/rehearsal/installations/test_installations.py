"""All installations: what holds of each, and that none costs anything before it is used."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from meshpeek.rehearsal.errors import RehearsalError
from meshpeek.rehearsal.installation import Installation
from meshpeek.rehearsal.installations import INSTALLATIONS, load_installations
from meshpeek.rehearsal.seeding.cluster_seed import ClusterSeed
from meshpeek.rehearsal.seeding.seed import seed
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types import crds
from meshpeek.rehearsal.types.keys import CRDS, DEPLOYMENTS, NAMESPACES, PODS
from tests.rehearsal.simulated_clusters import START

EACH = pytest.mark.parametrize("installation", load_installations(), ids=INSTALLATIONS)


def build(**seeds: ClusterSeed) -> dict[str, Cluster]:
    clusters: dict[str, Cluster] = {}
    for index, name in enumerate(seeds, start=1):
        url = f"http://127.0.0.1:1/x/{name}"
        cluster = Cluster(name, index, clusters, lambda: START, url, load_installations())
        crds.serve_definitions(cluster)
    seed(clusters, seeds)
    return clusters


@EACH
def test_its_needs_come_before_it(installation: Installation) -> None:
    place = INSTALLATIONS.index(installation.name)
    assert all(INSTALLATIONS.index(need) < place for need in installation.needs)


@EACH
def test_it_can_be_installed_alone_and_everything_becomes_ready(
    installation: Installation,
) -> None:
    north = build(north=ClusterSeed(install=(installation.name,)))["north"]
    for each in north.store.list(DEPLOYMENTS):
        assert each["status"]["readyReplicas"] == each["spec"]["replicas"]
    for group in installation.groups:
        assert any(each["spec"]["group"] == group for each in north.store.list(CRDS))


def test_all_of_them_together() -> None:
    north = build(north=ClusterSeed(install=INSTALLATIONS))["north"]
    newest = max(each["metadata"]["creationTimestamp"] for each in north.store.list(PODS))
    assert datetime.fromisoformat(newest) < START.astimezone(UTC)
    pods = north.store.list(PODS, "faces")
    assert len(pods) == 4
    assert all(pod["spec"]["containers"][0]["name"] == "linkerd-proxy" for pod in pods)


def test_what_is_named_alone_brings_nothing_else() -> None:
    north = build(north=ClusterSeed(install=("gateway-api",)))["north"]
    assert [each["metadata"]["name"] for each in north.store.list(CRDS)] == [
        "httproutes.gateway.networking.k8s.io"
    ]
    assert "linkerd" not in {each["metadata"]["name"] for each in north.store.list(NAMESPACES)}


def test_a_link_to_a_cluster_without_the_extension() -> None:
    with pytest.raises(RehearsalError, match="cluster east cannot be linked to") as told:
        build(north=ClusterSeed(links=("east",)), east=ClusterSeed(install=()))
    assert told.value.hint == "add linkerd-multicluster to `install` of east"


def test_a_kind_that_is_not_installed_is_told_with_what_brings_it(tmp_path: Path) -> None:
    route = tmp_path / "route.yaml"
    route.write_text(
        "apiVersion: policy.linkerd.io/v1beta3\nkind: HTTPRoute\nmetadata: {name: x}\nspec: {}\n"
    )
    with pytest.raises(RehearsalError, match="no matches for kind") as told:
        build(north=ClusterSeed((route,), install=()))
    assert told.value.hint == "add linkerd to `install` in the settings"


def test_loading_them_loads_nothing_that_does_the_work() -> None:
    code = (
        "import sys\n"
        "from meshpeek.rehearsal.installations import load_installations\n"
        "load_installations()\n"
        "print(*(name for name in sys.modules if 'rehearsal' in name))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    inside = "meshpeek.rehearsal.installations."
    found = {n.removeprefix(inside) for n in result.stdout.split() if n.startswith(inside)}
    light = {"shapes", "linkerd.names"}
    products = {"k3s", "linkerd", "linkerd_multicluster", "gateway_api", "emissary", "faces"}
    assert found == products | light
    assert not {"meshpeek.rehearsal.admission", "meshpeek.rehearsal.controllers"} & {
        *result.stdout.split()
    }
