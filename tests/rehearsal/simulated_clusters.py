"""Clusters on simulated time, with their controllers, for tests: no sleeping, no server."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from meshpeek.rehearsal import controllers
from meshpeek.rehearsal.admission import admission
from meshpeek.rehearsal.controllers.clocks import SimulatedClock
from meshpeek.rehearsal.installations import bundled_crds, k3s, load_installations
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types import crds
from meshpeek.rehearsal.types.keys import NODES, ResourceKey
from meshpeek.rehearsal.types.objects import Object
from meshpeek.rehearsal.types.resources import group_and_version

START = datetime(2024, 5, 6, 12, 0, tzinfo=UTC)


class Simulation:
    """Some clusters that share a clock; each has a node and the namespace `faces`."""

    def __init__(self, *names: str) -> None:
        self.clock = SimulatedClock(START)
        self.clusters: dict[str, Cluster] = {}
        for index, name in enumerate(names or ("north",), start=1):
            cluster = Cluster(
                name,
                index,
                self.clusters,
                self.clock.now,
                f"http://127.0.0.1:1/x/{name}",
                load_installations(),
            )
            crds.serve_definitions(cluster)
        self.runtimes = [
            controllers.start(cluster, self.clock) for cluster in self.clusters.values()
        ]
        for cluster in self.clusters.values():
            cluster.store.create(NODES, k3s.node(cluster, "2024-05-06T12:00:00Z"))
            self.apply(cluster.name, namespace("faces"))
        self.advance()

    @property
    def north(self) -> Cluster:
        return self.clusters["north"]

    def advance(self, seconds: float = 0.0) -> None:
        self.clock.advance(seconds)

    def apply(self, name: str, *objects: Object) -> list[Object]:
        """Create objects as the HTTP layer does."""
        created = []
        for obj in objects:
            cluster = self.clusters[name]
            resource = cluster.resources.of_kind(obj["apiVersion"], obj["kind"])
            assert resource is not None, obj["kind"]
            _, version = group_and_version(obj["apiVersion"])
            obj = copy.deepcopy(obj)
            created.append(
                admission.create(cluster, resource, version, obj, admission.Write("Strict"))
            )
        return created

    def change(self, name: str, key: ResourceKey, place: str, **spec: Any) -> Object:
        """Update fields of an object's spec as the HTTP layer does; `place` is NAMESPACE/NAME."""
        cluster = self.clusters[name]
        old = cluster.store.get(key, *place.split("/"))
        assert old is not None
        obj = copy.deepcopy(old)
        obj["spec"].update(spec)
        resource = cluster.resources.get(key)
        assert resource is not None
        return admission.update(
            cluster, resource, resource.storage_version, obj, old, admission.Write()
        )

    def label(self, name: str, key: ResourceKey, place: str, labels: dict[str, str | None]) -> None:
        """Set labels, or take away those that are None; `place` is NAMESPACE/NAME."""
        cluster = self.clusters[name]
        old = cluster.store.get(key, *place.split("/"))
        assert old is not None
        wanted = {**old["metadata"].get("labels", {}), **labels}
        kept = {label: value for label, value in wanted.items() if value is not None}
        cluster.store.update(key, {**old, "metadata": {**old["metadata"], "labels": kept}})

    def names(self, name: str, key: ResourceKey, namespace: str = "faces") -> list[str]:
        store = self.clusters[name].store
        return [obj["metadata"]["name"] for obj in store.list(key, namespace)]


def bundled() -> dict[str, Object]:
    """Return the CRDs that come with meshpeek, by name."""
    found: dict[str, Object] = {}
    for folder in sorted(Path(bundled_crds.__file__).parent.glob("*/crds")):
        found |= bundled_crds.read_crds(folder)
    return found


def define(simulation: Simulation, name: str, *groups: str) -> None:
    """Install the CRDs of `groups` that come with meshpeek."""
    for definition in bundled().values():
        if definition["spec"]["group"] in groups:
            simulation.apply(name, definition)
    simulation.advance()


def namespace(name: str, **annotations: str) -> Object:
    made: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    if annotations:
        made["metadata"]["annotations"] = {
            key.replace("__", "/").replace("_", "."): text for key, text in annotations.items()
        }
    return made


def deployment(name: str, replicas: int = 2, image: str = "faces:1", **spec: Any) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "faces"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": template(name, image),
            **spec,
        },
    }


def template(name: str, image: str = "faces:1") -> Object:
    return {
        "metadata": {"labels": {"app": name}},
        "spec": {
            "containers": [
                {
                    "name": name,
                    "image": image,
                    "ports": [{"name": "http", "containerPort": 8000}],
                }
            ]
        },
    }


def service(name: str, labels: dict[str, str] | None = None, **spec: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "faces", "labels": labels or {"part": "faces"}},
        "spec": {
            "selector": {"app": name},
            "ports": [{"name": "http", "port": 80, "targetPort": "http"}],
            **spec,
        },
    }
