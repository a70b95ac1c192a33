"""A session on real rehearsal clusters: the real kubectl beside the stand-ins, under bash."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from meshpeek.rehearsal.launch import ClusterSeed, equip, start

REPOSITORY = Path(__file__).parents[2]
MANIFESTS = REPOSITORY / "k8s"

pytestmark = pytest.mark.slow

Bash = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def bash(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bash]:
    seeds = {
        "north": ClusterSeed((MANIFESTS / "north", MANIFESTS / "emissary"), ("east", "west")),
        "east": ClusterSeed((MANIFESTS / "east",)),
        "west": ClusterSeed((MANIFESTS / "west",)),
    }
    with start(seeds) as running:
        session = equip(tmp_path_factory.mktemp("session"), running.servers)

        def run(script: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                ["bash", "-o", "pipefail", "-c", script],
                env={**os.environ, **session.environment},
                cwd=REPOSITORY,
                capture_output=True,
                text=True,
                check=False,
            )

        yield run


def test_kubectl_and_linkerd_show_the_same_addresses(bash: Bash) -> None:
    listed = bash(
        "kubectl --context east get endpoints smiley -n faces "
        "-o jsonpath='{.subsets[*].addresses[*].ip}'"
    )
    shown = bash(
        "linkerd --context north diagnostics endpoints smiley-east.faces.svc.cluster.local:80"
    )
    rows = re.findall(r"^faces +(\S+) +8000 +smiley-\S+ +smiley\.faces$", shown.stdout, re.M)
    assert shown.stderr == ""
    assert len(rows) == 2
    assert sorted(rows) == sorted(listed.stdout.split())


def test_a_link_made_by_hand_is_the_one_that_was_there(bash: Bash) -> None:
    outcome = bash(
        "linkerd --context=east multicluster link --gateway=false --cluster-name east "
        "| kubectl --context=north apply -f -"
    )
    assert outcome.returncode == 0, outcome.stderr
    assert "link.multicluster.linkerd.io/east unchanged\n" in outcome.stdout
    assert "deployment.apps/linkerd-service-mirror-east unchanged\n" in outcome.stdout


def test_a_link_brings_services_to_a_cluster_that_had_none(bash: Bash) -> None:
    linked = bash(
        "linkerd --context=west multicluster link --gateway=false --cluster-name west "
        "| kubectl --context=east apply -f -"
    )
    assert linked.returncode == 0, linked.stderr
    shown = bash("kubectl --context east get link west -n linkerd-multicluster -o name")
    assert shown.stdout == "link.multicluster.linkerd.io/west\n"


def test_unlinking_leaves_nothing_behind(bash: Bash) -> None:
    linked = bash(
        "linkerd --context=east multicluster link --gateway=false --cluster-name east "
        "| kubectl --context=west apply -f - >/dev/null "
        "&& linkerd --context=west multicluster unlink --cluster-name east "
        "| kubectl --context=west delete --ignore-not-found -f -"
    )
    assert linked.returncode == 0, linked.stderr
    left = bash("kubectl --context west get link,secret,deploy,sa,role -A -o name")
    assert "east" not in left.stdout


def test_flat_links_have_no_gateways(bash: Bash) -> None:
    outcome = bash("linkerd --context north multicluster gateways")
    assert outcome.stdout == "CLUSTER  ALIVE    NUM_SVC      LATENCY  \n"
    assert outcome.returncode == 0


def test_the_server_says_its_linkerd_version(bash: Bash) -> None:
    outcome = bash("linkerd --context west version")
    assert outcome.stdout.endswith("Server version: stable-2.14.10\n")


def test_injected_workloads_can_be_applied(bash: Bash) -> None:
    outcome = bash(
        "linkerd --context west inject k8s/west/colors.yaml | kubectl --context west apply -f -"
    )
    assert outcome.returncode == 0, outcome.stderr
    assert 'deployment "color2" injected\n' in outcome.stderr


def test_a_context_that_does_not_exist(bash: Bash) -> None:
    outcome = bash("linkerd --context nrth multicluster gateways")
    assert outcome.returncode == 1
    assert 'context "nrth" does not exist' in outcome.stderr


def test_a_pipeline_fails_when_kubectl_does(bash: Bash) -> None:
    outcome = bash("kubectl --context north get svc nothing -n faces -o yaml | bat -l yaml")
    assert outcome.returncode == 1
    assert 'services "nothing" not found' in outcome.stderr
