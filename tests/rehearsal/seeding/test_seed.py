"""Seeded clusters are what setup-demo.sh would leave behind: the workshop's start."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from meshpeek.rehearsal.api import tables
from meshpeek.rehearsal.errors import RehearsalError
from meshpeek.rehearsal.installations import load_installations
from meshpeek.rehearsal.installations.linkerd.routes import POLICY_ROUTES
from meshpeek.rehearsal.installations.linkerd_multicluster.mirror import LINKS
from meshpeek.rehearsal.seeding.cluster_seed import ClusterSeed
from meshpeek.rehearsal.seeding.seed import seed
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types import crds
from meshpeek.rehearsal.types.keys import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    ENDPOINTS,
    EVENTS,
    NODES,
    PODS,
    REPLICA_SETS,
    SERVICES,
    ResourceKey,
)
from meshpeek.rehearsal.types.objects import LAST_APPLIED
from tests.rehearsal.simulated_clusters import START, bundled

MANIFESTS = Path(__file__).parents[3] / "k8s"
NOW = START


def build(plans: Mapping[str, ClusterSeed]) -> dict[str, Cluster]:
    clusters: dict[str, Cluster] = {}
    for index, name in enumerate(plans, start=1):
        url = f"http://127.0.0.1:1/secret/{name}"
        cluster = Cluster(name, index, clusters, lambda: NOW, url, load_installations())
        crds.serve_definitions(cluster)
    seed(clusters, plans)
    return clusters


@pytest.fixture(scope="module")
def clusters() -> dict[str, Cluster]:
    return build(
        {
            "north": ClusterSeed((MANIFESTS / "north", MANIFESTS / "emissary"), ("east", "west")),
            "east": ClusterSeed((MANIFESTS / "east",)),
            "west": ClusterSeed((MANIFESTS / "west",)),
        }
    )


def rows(cluster: Cluster, key: ResourceKey, namespace: str) -> list[list[Any]]:
    kind = cluster.resources.get(key)
    assert kind is not None
    objects = cluster.store.list(key, namespace)
    table = tables.render(kind, kind.versions[0], objects, NOW)
    return [row["cells"] for row in table["rows"]]


def workloads(cluster: Cluster, namespace: str) -> list[tuple[str, str, str]]:
    """Return the Pods as (Deployment, READY, STATUS)."""
    return [
        (re.sub("-[456789bcdf]+-[a-z0-9]{5}$", "", name), ready, status)
        for name, ready, status, *_ in rows(cluster, PODS, namespace)
    ]


RUNNING = ("2/2", "Running")


def test_faces_runs_meshed_in_all_three(clusters: dict[str, Cluster]) -> None:
    expected = {
        "north": ["color", "color", "face", "face", "faces-gui"],
        "east": ["smiley", "smiley", "smiley2", "smiley2"],
        "west": ["color", "color", "color2", "color2"],
    }
    for name, names in expected.items():
        assert workloads(clusters[name], "faces") == [(each, *RUNNING) for each in names]


def test_the_services_of_the_workshop(clusters: dict[str, Cluster]) -> None:
    expected = {
        "north": ["color", "face", "faces-gui", "smiley", "smiley-east"],
        "east": ["smiley", "smiley2"],
        "west": ["color", "color2"],
    }
    for name, names in expected.items():
        found = rows(clusters[name], SERVICES, "faces")
        assert [row[0] for row in found] == names
        assert {row[1] for row in found} == {"ClusterIP"}
        assert {row[4] for row in found} == {"80/TCP"}
    smiley = clusters["north"].store.get(SERVICES, "faces", "smiley")
    assert smiley is not None
    assert "selector" not in smiley["spec"]


def test_ages_are_some_minutes(clusters: dict[str, Cluster]) -> None:
    for name, cluster in clusters.items():
        for row in rows(cluster, PODS, "faces"):
            assert re.fullmatch("[2-9]m([1-5]?[0-9]s)?", row[4]), (name, row)


def test_linkerd_and_its_extension(clusters: dict[str, Cluster]) -> None:
    for cluster in clusters.values():
        assert workloads(cluster, "linkerd") == [
            ("linkerd-destination", "4/4", "Running"),
            ("linkerd-identity", *RUNNING),
            ("linkerd-proxy-injector", *RUNNING),
        ]
    assert workloads(clusters["north"], "linkerd-multicluster") == [
        ("linkerd-service-mirror-east", *RUNNING),
        ("linkerd-service-mirror-west", *RUNNING),
    ]
    for name in ("east", "west"):
        assert workloads(clusters[name], "linkerd-multicluster") == []
    links = {
        name: [row[0] for row in rows(cluster, LINKS, "linkerd-multicluster")]
        for name, cluster in clusters.items()
    }
    assert links == {"north": ["east", "west"], "east": [], "west": []}


def test_emissary_is_where_its_manifests_are(clusters: dict[str, Cluster]) -> None:
    assert workloads(clusters["north"], "emissary") == [
        ("emissary-ingress", *RUNNING),
        ("emissary-ingress-agent", *RUNNING),
    ]
    assert workloads(clusters["north"], "emissary-system") == [
        ("emissary-apiext", "1/1", "Running")
    ]
    assert clusters["east"].resources.get(ResourceKey("getambassador.io", "mappings")) is None


def test_pods_have_flat_addresses_and_endpoints_name_them(clusters: dict[str, Cluster]) -> None:
    for name, prefix in (("north", "10.23.0."), ("east", "10.23.1."), ("west", "10.23.2.")):
        pods = clusters[name].store.list(PODS)
        addresses = [pod["status"]["podIP"] for pod in pods]
        assert len(set(addresses)) == len(addresses)
        assert all(address.startswith(prefix) for address in addresses)
        (node,) = clusters[name].store.list(NODES)
        assert node["metadata"]["name"] == f"k3d-{name}-server-0"
        assert node["spec"]["podCIDR"] == f"{prefix}0/24"
    east = clusters["east"].store
    smileys = [
        f"{pod['status']['podIP']}:8000"
        for pod in east.list(PODS, "faces")
        if pod["metadata"]["name"].startswith("smiley-")
    ]
    found = {row[0]: row[1] for row in rows(clusters["east"], ENDPOINTS, "faces")}
    assert sorted(found["smiley"].split(",")) == sorted(smileys)


def test_the_mirror_has_no_endpoints(clusters: dict[str, Cluster]) -> None:
    assert clusters["north"].store.get(ENDPOINTS, "faces", "smiley-east") is None


def test_the_route_is_accepted(clusters: dict[str, Cluster]) -> None:
    route = clusters["north"].store.get(POLICY_ROUTES, "faces", "smiley-router")
    assert route is not None
    assert route["spec"]["rules"][0]["timeouts"] == {"request": "5s"}
    (parent,) = route["status"]["parents"]
    assert [each["status"] for each in parent["conditions"]] == ["True", "True"]


def test_cluster_info_finds_the_dns(clusters: dict[str, Cluster]) -> None:
    for cluster in clusters.values():
        (dns,) = (
            each
            for each in cluster.store.list(SERVICES, "kube-system")
            if each["metadata"]["labels"].get("kubernetes.io/cluster-service") == "true"
        )
        assert dns["metadata"]["name"] == "kube-dns"
        assert dns["metadata"]["labels"]["kubernetes.io/name"] == "CoreDNS"


def test_every_object_lies_in_the_past_and_says_so_itself(clusters: dict[str, Cluster]) -> None:
    for cluster in clusters.values():
        for resource in cluster.resources:
            for obj in cluster.store.list(resource.key):
                assert obj["kind"] == resource.kind
                assert obj["apiVersion"] == resource.api_version()
                created = datetime.fromisoformat(obj["metadata"]["creationTimestamp"])
                assert NOW - timedelta(minutes=15) < created < NOW - timedelta(minutes=2)


def test_applied_objects_remember_what_was_applied(clusters: dict[str, Cluster]) -> None:
    service = clusters["east"].store.get(SERVICES, "faces", "smiley")
    assert service is not None
    text = service["metadata"]["annotations"][LAST_APPLIED]
    assert text.endswith("}\n")
    applied = json.loads(text)
    assert applied["metadata"]["annotations"] == {}
    assert applied["metadata"]["labels"]["mirror.linkerd.io/exported"] == "remote-discovery"
    assert "clusterIP" not in applied["spec"]
    mirrored = clusters["north"].store.get(SERVICES, "faces", "smiley-east")
    assert mirrored is not None
    assert mirrored["metadata"]["annotations"][LAST_APPLIED] == text


def test_there_are_events_of_the_start(clusters: dict[str, Cluster]) -> None:
    reasons = {each["reason"] for each in clusters["north"].store.list(EVENTS, "faces")}
    assert {"ScalingReplicaSet", "SuccessfulCreate", "Scheduled", "Started"} <= reasons


def test_replica_sets_are_named_alike_in_every_run(clusters: dict[str, Cluster]) -> None:
    again = build({"east": ClusterSeed((MANIFESTS / "east",))})["east"]
    names = [each["metadata"]["name"] for each in again.store.list(REPLICA_SETS, "faces")]
    before = clusters["east"].store.list(REPLICA_SETS, "faces")
    assert names == [each["metadata"]["name"] for each in before]


def test_every_definition_is_served(clusters: dict[str, Cluster]) -> None:
    north = clusters["north"]
    assert len(bundled()) == 12
    for name, definition in bundled().items():
        resource = north.resources.get(
            ResourceKey(definition["spec"]["group"], name.partition(".")[0])
        )
        assert resource is not None, name
    for key, versions in (
        (POLICY_ROUTES, ("v1beta3", "v1beta2", "v1beta1", "v1alpha1")),
        (ResourceKey("gateway.networking.k8s.io", "httproutes"), ("v1beta1",)),
        (LINKS, ("v1alpha1",)),
    ):
        served = north.resources.get(key)
        assert served is not None
        assert served.versions == versions


def test_a_cluster_for_which_nothing_is_said_has_what_k3s_has() -> None:
    north = build({"north": ClusterSeed()})["north"]
    assert [each["metadata"]["name"] for each in north.store.list(DEPLOYMENTS)] == ["coredns"]


def test_lists_and_json_and_folders_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "b.json").write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "List",
                "items": [
                    {
                        "apiVersion": "v1",
                        "kind": "ConfigMap",
                        "metadata": {"name": "c", "namespace": "late"},
                    }
                ],
            }
        )
    )
    (folder / "z.yml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: late}\n---\n")
    (folder / "notes.txt").write_text("{not a manifest")
    north = build({"north": ClusterSeed((folder,))})["north"]
    assert north.store.get(CONFIG_MAPS, "late", "c") is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: [", "wrong.yaml:2: not valid YAML"),
        ("just text", "wrong.yaml:1: not a Kubernetes object"),
        ("apiVersion: v1\nkind: Pod\n", "wrong.yaml:1: not a Kubernetes object"),
        ("kind: Pod\nmetadata: {name: x}\n", "wrong.yaml:1: not a Kubernetes object"),
        (
            "apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: x}\n",
            'no matches for kind "Thing" in version "example.org/v1"',
        ),
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: []}\n",
            "spec.containers: Required value",
        ),
        (
            "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {port: 80}\n",
            'unknown field "spec.port"',
        ),
        (
            "apiVersion: v1\nkind: Service\nmetadata: {name: x, namespace: none}\n"
            "spec: {ports: [{port: 80}]}\n",
            'namespaces "none" not found',
        ),
    ],
)
def test_manifests_that_are_wrong_are_named(tmp_path: Path, text: str, said: str) -> None:
    manifest = tmp_path / "wrong.yaml"
    manifest.write_text(text)
    with pytest.raises(RehearsalError) as caught:
        build({"north": ClusterSeed((manifest,))})
    assert said in caught.value.message
    assert str(manifest) in caught.value.message
    assert caught.value.hint


def test_a_manifest_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RehearsalError, match=r"absent\.yaml: the manifest cannot be read"):
        build({"north": ClusterSeed((tmp_path / "absent.yaml",))})


@pytest.mark.parametrize("target", ["south", "north"])
def test_a_link_to_no_other_cluster(target: str) -> None:
    with pytest.raises(RehearsalError, match="cannot be linked to") as caught:
        build({"north": ClusterSeed(links=(target,)), "east": ClusterSeed()})
    assert caught.value.hint == "link to another cluster of the workshop: east"


def test_time_ends_at_the_present(clusters: dict[str, Cluster]) -> None:
    assert datetime.now(UTC) > NOW
    newest = max(
        obj["metadata"]["creationTimestamp"] for obj in clusters["north"].store.list(SERVICES)
    )
    assert datetime.fromisoformat(newest) < NOW
