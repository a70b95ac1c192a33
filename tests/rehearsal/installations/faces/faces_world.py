"""The workshop's three clusters on simulated time, with Faces on them, for tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import yaml

from meshpeek.rehearsal import controllers
from meshpeek.rehearsal.controllers.clocks import SimulatedClock
from meshpeek.rehearsal.installations import load_installations
from meshpeek.rehearsal.installations.faces.cells import Cells
from meshpeek.rehearsal.installations.faces.hops import Hop
from meshpeek.rehearsal.installations.linkerd.routes import POLICY_ROUTES
from meshpeek.rehearsal.seeding.cluster_seed import ClusterSeed
from meshpeek.rehearsal.seeding.seed import seed
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types import crds
from meshpeek.rehearsal.types.keys import DEPLOYMENTS
from meshpeek.rehearsal.types.objects import Object
from tests.rehearsal.simulated_clusters import START, Simulation

MANIFESTS = Path(__file__).parents[4] / "k8s"
PLANS = {
    "north": ClusterSeed((MANIFESTS / "north", MANIFESTS / "emissary"), ("east", "west")),
    "east": ClusterSeed((MANIFESTS / "east",)),
    "west": ClusterSeed((MANIFESTS / "west",)),
}
EXPORTED = {"mirror.linkerd.io/exported": "remote-discovery"}


class FacesWorld(Simulation):
    """Faces as the workshop begins, and ways to do what people do to it."""

    def __init__(self, plans: Mapping[str, ClusterSeed] = PLANS) -> None:
        self.clock = SimulatedClock(START)
        self.clusters = {}
        for index, name in enumerate(plans, start=1):
            url = f"http://127.0.0.1:1/secret/{name}"
            cluster = Cluster(name, index, self.clusters, self.clock.now, url, load_installations())
            crds.serve_definitions(cluster)
        seed(self.clusters, plans)
        self.runtimes = [
            controllers.start(cluster, self.clock) for cluster in self.clusters.values()
        ]
        self.advance(5)

    def cells(self, number: int = 1) -> Cells:
        """Return what answers cells, its chances settled by `number`."""
        return Cells(self.clusters.values(), Random(number), lambda: self.clock.now().timestamp())

    def ask(self, times: int = 60, **headers: str) -> list[Hop]:
        cells = self.cells()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return [cells.ask(named) for _ in range(times)]

    def route(self, name: str, parent: str, *rules: Object, **spec: Any) -> None:
        """Create an HTTPRoute in north, and let it be accepted."""
        self.apply("north", http_route(name, parent, *rules, **spec))
        self.advance(1)

    def canary(self) -> None:
        """Do what the workshop does to send half of the colours to west."""
        self.label("west", ("", "services"), "faces/color2", dict(EXPORTED))  # type: ignore[arg-type]
        self.advance(2)
        self.apply("north", yaml.safe_load((MANIFESTS / "canary/color-canary.yaml").read_text()))
        self.advance(1)

    def rules(self, name: str, *rules: Object) -> None:
        """Give a route of north other rules."""
        self.change("north", POLICY_ROUTES, f"faces/{name}", rules=list(rules))
        self.advance(1)

    def environment(self, cluster: str, name: str, **variables: str | None) -> None:
        """Set variables of a Deployment's first container, and let it roll out."""

        def change(template: Object) -> None:
            container = template["spec"]["containers"][0]
            old = {each["name"]: each["value"] for each in container.get("env", ())}
            wanted = {**old, **variables}
            container["env"] = [
                {"name": name, "value": value}
                for name, value in wanted.items()
                if value is not None
            ]

        self.template(cluster, name, change)

    def template(self, cluster: str, name: str, change: Callable[[Object], None]) -> None:
        """Change a Deployment's pod template, and let it roll out."""
        import copy

        deployment = self.clusters[cluster].store.get(DEPLOYMENTS, "faces", name)
        assert deployment is not None
        template = copy.deepcopy(deployment["spec"]["template"])
        change(template)
        self.change(cluster, DEPLOYMENTS, f"faces/{name}", template=template)
        self.advance(30)

    def delete(self, cluster: str, key: Any, name: str, namespace: str = "faces") -> None:
        assert self.clusters[cluster].store.delete(key, namespace, name)
        self.advance(5)


def http_route(name: str, parent: str, *rules: Object, **spec: Any) -> Object:
    return {
        "apiVersion": "policy.linkerd.io/v1beta3",
        "kind": "HTTPRoute",
        "metadata": {"name": name, "namespace": "faces"},
        "spec": {
            "parentRefs": [{"group": "core", "kind": "Service", "name": parent, "port": 80}],
            "rules": list(rules),
            **spec,
        },
    }


def to(*backends: str, **more: Any) -> Object:
    """Return a rule to Services: `to("color", "color2-west=3", timeouts={"request": "1s"})`."""
    references = []
    for backend in backends:
        name, _, weight = backend.partition("=")
        references.append({"name": name, "port": 80, "weight": int(weight or 1)})
    return {"backendRefs": references, **more}


def call(hop: Hop, service: str) -> Hop:
    """Return the face's request to `service`."""
    return next(each for each in hop.calls if each.service == service)


def outcomes(hops: list[Hop], service: str) -> Counter[tuple[int, str, str]]:
    """Count status, backend and cluster of the requests to `service`."""
    calls = [call(hop, service) for hop in hops]
    return Counter((each.status, each.backend, each.cluster) for each in calls)


def colours(hops: list[Hop]) -> set[str]:
    return {hop.body["color"] for hop in hops}


def smileys(hops: list[Hop]) -> set[str]:
    return {hop.body["smiley"] for hop in hops}
