"""The manifests in k8s/: valid, complete, and of one piece with workshop.md."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonpatch
import jsonschema
import pytest
import yaml

from meshpeek.rehearsal.installations.emissary import objects as emissary

REPOSITORY = Path(__file__).parents[1]
K8S = REPOSITORY / "k8s"
INSTALLATIONS = REPOSITORY / "src" / "meshpeek" / "rehearsal" / "installations"
REHEARSAL = K8S / "emissary" / "rehearsal"
WORKSHOP = (REPOSITORY / "workshop.md").read_text(encoding="utf-8")
SETTINGS = yaml.safe_load(WORKSHOP.removeprefix("<!-- meshpeek:\n").split("-->\n")[0])
CLUSTERS = ("north", "east", "west")
EXPORTED = "mirror.linkerd.io/exported"

Manifest = dict[str, Any]


def load(path: Path) -> list[Manifest]:
    """Return what is written by hand in a file or folder: all but Emissary's place-holders."""
    files = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    files = [file for file in files if file.parent != REHEARSAL]
    return [
        document
        for file in files
        for document in yaml.safe_load_all(file.read_text(encoding="utf-8"))
    ]


def of_kind(kind: str, path: Path) -> dict[str, Manifest]:
    return {m["metadata"]["name"]: m for m in load(path) if m["kind"] == kind}


def custom_schemas() -> dict[tuple[str, str], Manifest]:
    schemas = {}
    for file in INSTALLATIONS.glob("*/crds/*.json"):
        spec = json.loads(file.read_text(encoding="utf-8"))["spec"]
        for version in spec["versions"]:
            schemas[f"{spec['group']}/{version['name']}", spec["names"]["kind"]] = version[
                "schema"
            ]["openAPIV3Schema"]
    return schemas


def title(manifest: Manifest) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


BUILT_IN = {("v1", "Namespace"), ("v1", "Service"), ("apps/v1", "Deployment")}
CUSTOM = [m for m in load(K8S) if (m["apiVersion"], m["kind"]) not in BUILT_IN]


def test_emissarys_place_holders_are_what_seeding_installs() -> None:
    present = {path.name: path.read_text(encoding="utf-8") for path in REHEARSAL.iterdir()}
    assert present == emissary.manifests(), "run `make manifests`"


@pytest.mark.parametrize("manifest", CUSTOM, ids=title)
def test_a_custom_resource_satisfies_its_definition(manifest: Manifest) -> None:
    schema = custom_schemas()[manifest["apiVersion"], manifest["kind"]]
    jsonschema.Draft202012Validator(schema).validate(manifest)


@pytest.mark.parametrize("manifest", CUSTOM, ids=title)
def test_a_custom_resource_has_no_field_that_its_definition_lacks(manifest: Manifest) -> None:
    schema = custom_schemas()[manifest["apiVersion"], manifest["kind"]]
    assert list(unknown_fields(manifest["spec"], schema["properties"].get("spec", {}))) == []


def unknown_fields(value: Any, schema: Manifest, place: str = "spec") -> Any:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from unknown_fields(item, schema.get("items", {}), f"{place}[{number}]")
    if isinstance(value, dict) and "properties" in schema:
        for name, inner in value.items():
            if name not in schema["properties"]:
                yield f"{place}.{name}"
            else:
                yield from unknown_fields(inner, schema["properties"][name], f"{place}.{name}")


@pytest.mark.parametrize("cluster", CLUSTERS)
class TestCluster:
    def test_its_namespace_is_injected(self, cluster: str) -> None:
        (namespace,) = of_kind("Namespace", K8S / cluster).values()
        assert namespace["metadata"]["name"] == "faces"
        assert namespace["metadata"]["annotations"] == {"linkerd.io/inject": "enabled"}

    def test_its_namespace_comes_before_what_is_in_it(self, cluster: str) -> None:
        assert load(K8S / cluster)[0]["kind"] == "Namespace"

    def test_a_service_leads_to_the_deployment_of_its_name(self, cluster: str) -> None:
        deployments = of_kind("Deployment", K8S / cluster)
        for name, service in of_kind("Service", K8S / cluster).items():
            selector = service["spec"].get("selector")
            if (cluster, name) == ("north", "smiley"):
                assert selector is None
                continue
            selected = [
                deployment
                for deployment, manifest in deployments.items()
                if selector.items() <= manifest["spec"]["template"]["metadata"]["labels"].items()
            ]
            assert selected == [name]

    def test_ports_have_the_names_that_services_ask_for(self, cluster: str) -> None:
        for service in of_kind("Service", K8S / cluster).values():
            assert service["spec"]["type"] == "ClusterIP"
            assert [(p["port"], p["targetPort"]) for p in service["spec"]["ports"]] == [
                (80, "http")
            ]
        for deployment in of_kind("Deployment", K8S / cluster).values():
            (container,) = deployment["spec"]["template"]["spec"]["containers"]
            assert container["ports"] == [{"name": "http", "containerPort": 8000}]

    def test_a_deployment_selects_its_own_pods(self, cluster: str) -> None:
        for deployment in of_kind("Deployment", K8S / cluster).values():
            labels = deployment["spec"]["template"]["metadata"]["labels"]
            assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()


@pytest.mark.parametrize(
    ("cluster", "workloads"),
    [
        ("north", {"faces-gui": 1, "face": 2, "color": 2}),
        ("east", {"smiley": 2, "smiley2": 2}),
        ("west", {"color": 2, "color2": 2}),
    ],
)
def test_each_workload_runs_where_the_workshop_says(
    cluster: str, workloads: dict[str, int]
) -> None:
    replicas = {
        name: manifest["spec"]["replicas"]
        for name, manifest in of_kind("Deployment", K8S / cluster).items()
    }
    assert replicas == workloads


@pytest.mark.parametrize(
    ("cluster", "name", "environment"),
    [
        ("north", "face", {"FACES_SERVICE": "face"}),
        ("north", "color", {"FACES_SERVICE": "color"}),
        ("east", "smiley", {"FACES_SERVICE": "smiley"}),
        ("east", "smiley2", {"FACES_SERVICE": "smiley", "SMILEY": "HeartEyes"}),
        ("west", "color", {"FACES_SERVICE": "color"}),
        ("west", "color2", {"FACES_SERVICE": "color", "COLOR": "blue"}),
    ],
)
def test_a_workload_behaves_as_the_workshop_shows(
    cluster: str, name: str, environment: dict[str, str]
) -> None:
    deployment = of_kind("Deployment", K8S / cluster)[name]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "dwflynn/faces-service:0.8.0"
    assert {e["name"]: e["value"] for e in container["env"]} == {
        **environment,
        "DELAY_BUCKETS": "0,100,200,500,1000",
    }


def test_at_the_start_only_smiley_is_exported() -> None:
    exported = {
        (cluster, name): service["metadata"]["labels"][EXPORTED]
        for cluster in CLUSTERS
        for name, service in of_kind("Service", K8S / cluster).items()
        if EXPORTED in service["metadata"]["labels"]
    }
    assert exported == {("east", "smiley"): "remote-discovery"}


def mirrors() -> set[str]:
    """Return the names that Services of the linked clusters can have in north."""
    return {
        f"{service}-{cluster}"
        for cluster in SETTINGS["rehearsal"]["north"]["links"]
        for service in of_kind("Service", K8S / cluster)
    }


@pytest.mark.parametrize("path", ["north", "canary"])
def test_a_route_joins_services_that_exist(path: str) -> None:
    (route,) = of_kind("HTTPRoute", K8S / path).values()
    local = of_kind("Service", K8S / "north")

    (parent,) = route["spec"]["parentRefs"]
    assert (parent["group"], parent["kind"], parent["port"]) == ("core", "Service", 80)
    assert parent["name"] in local
    for backend in route["spec"]["rules"][0]["backendRefs"]:
        assert backend["name"] in local.keys() | mirrors()
        assert backend["port"] == 80


def test_the_page_and_its_workloads_are_reached_from_outside() -> None:
    mappings = of_kind("Mapping", K8S / "emissary").values()
    paths = {m["spec"]["prefix"]: m["spec"]["service"] for m in mappings}
    assert paths == {
        "/faces/": "faces-gui",
        "/face/": "face",
        "/smiley/": "smiley",
        "/color/": "color",
    }
    assert set(paths.values()) <= of_kind("Service", K8S / "north").keys()


class TestWorkshop:
    def test_rehearsal_clusters_hold_manifests_that_exist(self) -> None:
        assert list(SETTINGS["rehearsal"]) == list(SETTINGS["contexts"]) == list(CLUSTERS)
        for cluster in CLUSTERS:
            paths = SETTINGS["rehearsal"][cluster]["manifests"]
            assert f"k8s/{cluster}" in paths
            assert all((REPOSITORY / path).exists() for path in paths)

    def test_its_commands_name_files_that_exist(self) -> None:
        named = set(re.findall(r"\bk8s/\S+\.yaml", WORKSHOP))
        assert named == {"k8s/north/smiley-router.yaml", "k8s/canary/color-canary.yaml"}
        assert all((REPOSITORY / path).is_file() for path in named)

    @pytest.mark.parametrize(
        ("route", "path", "edited"),
        [
            ("smiley-router", "north", {"backends": ["smiley-east"], "timeout": "300ms"}),
            ("color-canary", "canary", {"backends": ["color2-west"], "timeout": None}),
        ],
    )
    def test_its_edits_fit_the_routes(self, route: str, path: str, edited: Manifest) -> None:
        before = of_kind("HTTPRoute", K8S / path)[route]
        (rule,) = self.edit_of(route).apply(before)["spec"]["rules"]

        assert [backend["name"] for backend in rule["backendRefs"]] == edited["backends"]
        assert rule.get("timeouts", {}).get("request") == edited["timeout"]

    @pytest.mark.parametrize(
        ("route", "other"), [("smiley-router", "canary"), ("color-canary", "north")]
    )
    def test_its_edits_refuse_the_other_route(self, route: str, other: str) -> None:
        (wrong,) = of_kind("HTTPRoute", K8S / other).values()
        with pytest.raises(jsonpatch.JsonPatchTestFailed):
            self.edit_of(route).apply(wrong)

    def edit_of(self, route: str) -> jsonpatch.JsonPatch:
        patches = re.findall(r"^<!-- @# meshpeek: patch (.*) -->$", WORKSHOP, re.MULTILINE)
        (found,) = (patch for patch in patches if f'"{route}"' in patch)
        return jsonpatch.JsonPatch.from_string(found)
