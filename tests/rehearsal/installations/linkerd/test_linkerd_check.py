"""`linkerd check` on seeded clusters: every line of 2.14.10, and what it says of what is wrong.

`linkerd_check_north.txt` was written down from the facts, and checked against them line by line.
"""

from __future__ import annotations

import itertools
import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from meshpeek.rehearsal.installations.linkerd.cli import main
from meshpeek.rehearsal.launch import ClusterSeed, RunningClusters, kubeconfig_text, start

MANIFESTS = Path(__file__).parents[4] / "k8s"
WHOLE_CHECK = Path(__file__).with_name("linkerd_check_north.txt").read_text(encoding="utf-8")
LINKS = "/apis/multicluster.linkerd.io/v1alpha1/namespaces/linkerd-multicluster/links"
FLAT_LINK_FAILURE = (
    "× probe services able to communicate with all gateway mirrors\n"
    "        wrong number (0) of probe gateways for target cluster east\n"
    "    wrong number (0) of probe gateways for target cluster west\n"
    "    see https://linkerd.io/2.14/checks/#l5d-multicluster-gateways-endpoints for hints\n"
)

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def running() -> Iterator[RunningClusters]:
    """Start the workshop's clusters, anew for tests that break them."""
    with start(seeds()) as clusters:
        yield clusters


@pytest.fixture(scope="module")
def healthy() -> Iterator[RunningClusters]:
    with start(seeds()) as clusters:
        yield clusters


def seeds() -> dict[str, ClusterSeed]:
    return {
        "north": ClusterSeed((MANIFESTS / "north",), ("east", "west")),
        "east": ClusterSeed((MANIFESTS / "east",)),
        "west": ClusterSeed((MANIFESTS / "west",)),
        "bare": ClusterSeed(install=()),
    }


@pytest.fixture
def linkerd(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[RunningClusters], Run]:
    """Return how to run the stand-in on clusters."""

    def on(clusters: RunningClusters) -> Run:
        path = tmp_path / "kubeconfig"
        path.write_text(kubeconfig_text(clusters.servers))
        monkeypatch.setenv("KUBECONFIG", str(path))

        def run(*arguments: str) -> tuple[int, str, str]:
            status = main(arguments)
            return status, *capsys.readouterr()

        return run

    return on


@pytest.fixture
def check(linkerd: Callable[[RunningClusters], Run], healthy: RunningClusters) -> Run:
    return linkerd(healthy)


@pytest.fixture
def broken(linkerd: Callable[[RunningClusters], Run], running: RunningClusters) -> Run:
    return linkerd(running)


def request(clusters: RunningClusters, name: str, method: str, path: str, body: Any = None) -> None:
    sent = urllib.request.Request(
        clusters.servers[name] + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/merge-patch+json"},
    )
    with urllib.request.urlopen(sent) as reply:
        reply.read()


def without_random_names(text: str) -> str:
    return re.sub(r"-[bcdf0-9]{6,10}-[a-z0-9]{5} ", "-* ", text)


def titles(output: str) -> list[str]:
    """Return the categories: the lines that are underlined."""
    lines = output.splitlines()
    return [a for a, b in itertools.pairwise(lines) if b and b == "-" * len(a)]


class TestHealthyClusters:
    def test_every_line_of_a_linked_cluster(self, check: Run) -> None:
        status, output, errors = check("--context=north", "check")
        assert without_random_names(output) == WHOLE_CHECK
        assert (status, errors) == (1, "")

    def test_the_one_failure_is_the_known_one(self, check: Run) -> None:
        status, output, _ = check("--context=north", "multicluster", "check")
        assert status == 1
        assert FLAT_LINK_FAILURE in output
        assert output.count("×") == 2, "the check and the verdict"

    def test_a_cluster_without_links_passes(self, check: Run) -> None:
        status, output, errors = check("--context=east", "check", "-o", "short")
        assert (status, errors) == (0, "")
        assert titles(output) == [
            "linkerd-version",
            "control-plane-version",
            "linkerd-control-plane-proxy",
        ]
        assert "√" not in output.replace("Status check results are √", "")
        assert output.endswith("\n\nStatus check results are √\n")

    def test_json(self, check: Run) -> None:
        status, output, _ = check("--context=north", "mc", "check", "-o", "json")
        document = json.loads(output)
        assert (status, document["success"]) == (1, False)
        (category,) = document["categories"]
        assert category["categoryName"] == "linkerd-multicluster"
        (failed,) = [each for each in category["checks"] if each["result"] == "error"]
        assert failed["hint"].endswith("#l5d-multicluster-gateways-endpoints")
        assert category["checks"][0] == {"description": "Link CRD exists", "result": "success"}

    def test_json_of_everything_is_a_document_for_the_core_and_one_for_each_extension(
        self, check: Run
    ) -> None:
        output = check("--context=north", "check", "-o", "json")[1]
        core, end = json.JSONDecoder().raw_decode(output)
        extension = json.loads(output[end:])
        assert core["categories"][0]["categoryName"] == "kubernetes-api"
        assert extension["categories"][0]["categoryName"] == "linkerd-multicluster"

    def test_the_data_plane(self, check: Run) -> None:
        status, output, _ = check("--context=east", "check", "--proxy", "-n", "faces")
        assert status == 0
        assert "√ data plane proxies are ready\n" in output
        assert output.count("\t* smiley") == 4
        assert "control-plane-version" not in titles(output)
        assert titles(output).index("linkerd-identity-data-plane") + 1 == (
            titles(output).index("linkerd-version")
        )

    def test_before_installing(self, check: Run) -> None:
        status, output, _ = check("--context=bare", "check", "--pre")
        assert (status, titles(output)) == (
            0,
            ["kubernetes-api", "kubernetes-version", "pre-kubernetes-setup", "linkerd-version"],
        )
        status, output, _ = check("--context=east", "check", "--pre")
        assert status == 1
        assert (
            "× control plane namespace does not already exist\n"
            '    The "linkerd" namespace already exists\n'
            "    see https://linkerd.io/2.14/checks/#pre-ns for hints\n"
        ) in output


class TestWhatIsWrong:
    def test_linkerd_is_not_there(self, check: Run) -> None:
        status, output, _ = check("--context=bare", "check", "--wait=0s")
        assert status == 1
        assert output.endswith(
            "linkerd-existence\n-----------------\n"
            "× 'linkerd-config' config map exists\n"
            '    configmaps "linkerd-config" not found\n'
            "    see https://linkerd.io/2.14/checks/#l5d-existence-linkerd-config for hints\n"
            "\nStatus check results are ×\n"
        )

    def test_the_extension_is_not_there(self, check: Run) -> None:
        status, output, errors = check("--context=bare", "mc", "check")
        assert (status, output) == (1, "")
        assert errors == (
            'namespace "multicluster" not found; install by running '
            "`linkerd multicluster install | kubectl apply -f -`\n"
        )

    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            (("-o", "yaml"), "Invalid output type 'yaml'. Supported output types are: json, "),
            (("--pre", "--proxy"), "--pre and --proxy flags are mutually exclusive"),
        ],
    )
    def test_wrong_flags(self, check: Run, arguments: tuple[str, ...], reason: str) -> None:
        status, output, errors = check("--context=east", "check", *arguments)
        assert (status, output) == (1, "")
        assert errors.startswith(f"Error: Validation error when executing check command: {reason}")

    def test_a_cluster_that_is_not_there(self, check: Run) -> None:
        status, output, _ = check("--context=south", "check")
        assert status == 1
        assert output.startswith("kubernetes-api\n--------------\n× can initialize the client\n")
        assert 'context "south" does not exist' in output

    def test_a_part_of_the_control_plane_is_scaled_away(
        self, running: RunningClusters, broken: Run
    ) -> None:
        path = "/apis/apps/v1/namespaces/linkerd/deployments/linkerd-proxy-injector"
        request(running, "east", "PATCH", path, {"spec": {"replicas": 0}})
        request(running, "east", "DELETE", "/api/v1/namespaces/linkerd/pods")
        output = broken("--context=east", "check", "--wait=5s")[1]
        assert (
            "× control plane pods are ready\n"
            '    No running pods for "linkerd-proxy-injector"\n'
            "    see https://linkerd.io/2.14/checks/#l5d-api-control-ready for hints\n"
        ) in output
        assert "linkerd-config\n" not in output, "it is fatal"

    def test_what_a_link_needs_is_missing(self, running: RunningClusters, broken: Run) -> None:
        extension = "/api/v1/namespaces/linkerd-multicluster"
        request(running, "north", "DELETE", f"{extension}/secrets/cluster-credentials-east")
        request(
            running, "north", "DELETE", f"{extension}/serviceaccounts/linkerd-service-mirror-west"
        )
        deployments = "/apis/apps/v1/namespaces/linkerd-multicluster/deployments"
        request(running, "north", "DELETE", f"{deployments}/linkerd-service-mirror-west")
        output = broken("--context=north", "mc", "check", "--wait=0s")[1]
        assert (
            "× remote cluster access credentials are valid\n"
            "            * secret: [linkerd-multicluster/cluster-credentials-east]: secrets "
            '"cluster-credentials-east" not found\n'
        ) in output
        assert "    missing ServiceAccounts: linkerd-service-mirror-west\n" in output
        assert "* no service mirror controller deployment for Link west\n" in output

    def test_other_anchors_and_mirrors_that_were_left_behind(
        self, running: RunningClusters, broken: Run
    ) -> None:
        config = "/api/v1/namespaces/linkerd/configmaps/linkerd-config"
        values = {"values": "identityTrustAnchorsPEM: other\nlinkerdVersion: stable-2.14.10\n"}
        request(running, "west", "PATCH", config, {"data": values})
        request(running, "north", "DELETE", f"{LINKS}/east")
        status, output, _ = broken("--context=north", "mc", "check")
        assert status == 1
        assert "× clusters share trust anchors\n    Problematic clusters:\n    * west\n" in output
        assert (
            "‼ all mirror services are part of a Link\n"
            "        mirror service smiley-east.faces is not part of any Link\n"
        ) in output
