"""Ways by which a step might reach a cluster that its workshop does not list, as docs/running.md
has them: each is tried, with a stand-in for a real cluster in ~/.kube/config.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from meshpeek.rehearsal import ClusterSeed, kubeconfig_text, start
from tests.conftest import ROOT, RunProgram
from tests.tools import find_tool

pytestmark = pytest.mark.slow

_ROW = re.compile(r"\| (`.*?`|[^|]*?) \| (refused|stops the run|not seen) \|")

# What the documents abbreviate: $PROD is the URL of another cluster, $OTHER another kubeconfig with
# the context `prod`, NS the namespace that the step tries to make there.
WAYS = {
    "refused": {
        "kubectl --context prod": "kubectl --context prod create ns NS",
        "kubectl, without --context": "kubectl create ns NS",
        '--context "$VARIABLE"': 'C=prod; kubectl --context "$C" create ns NS',
        "eval, xargs, bash -lc": (
            "eval kubectl --context prod create ns NS || echo NS | xargs kubectl --context prod "
            "create ns || bash -lc 'kubectl --context prod create ns NS'"
        ),
        "kubectl config use-context prod": (
            "kubectl config use-context prod || kubectl --context prod create ns NS"
        ),
        "--cluster prod, --user prod": (
            "kubectl --context north --cluster prod create ns NS ||"
            " kubectl --context north --user prod create ns NS"
        ),
        "KUBERNETES_SERVICE_HOST=…": (
            "KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT=1 kubectl create ns NS"
        ),
        "--kubeconfig FILE, --kubeconfig=FILE": (
            'kubectl --kubeconfig "$OTHER" --context prod create ns NS ||'
            ' kubectl --kubeconfig="$OTHER" --context prod create ns NS ||'
            ' kubectl create ns NS --context prod --kubeconfig "$OTHER"'
        ),
        "-s URL, -sURL, --server=URL": (
            'kubectl --context north -s "$PROD" create ns NS ||'
            ' kubectl --context north -s"$PROD" create ns NS ||'
            ' kubectl --context north -s="$PROD" create ns NS ||'
            ' kubectl --context north --server "$PROD" create ns NS ||'
            ' kubectl --server="$PROD" create ns NS'
        ),
        "KUBECONFIG=FILE kubectl": 'KUBECONFIG="$OTHER" kubectl --context prod create ns NS',
        "KUBECONFIG= kubectl": "KUBECONFIG= kubectl --context prod create ns NS",
        'KUBECONFIG="$KUBECONFIG:FILE" kubectl': (
            'KUBECONFIG="$KUBECONFIG:$OTHER" kubectl --context prod create ns NS'
        ),
        "(unset KUBECONFIG; kubectl)": "(unset KUBECONFIG; kubectl --context prod create ns NS)",
        "env -u KUBECONFIG kubectl": "env -u KUBECONFIG kubectl --context prod create ns NS",
        'env -i PATH="$PATH" kubectl': (
            'env -i PATH="$PATH" HOME="$HOME" kubectl --context prod create ns NS'
        ),
        "helm --kube-apiserver, --kubeconfig": (
            "helm --kube-apiserver x install || helm --kubeconfig x install"
            " || HELM_KUBEAPISERVER=x helm install"
        ),
        "linkerd --kubeconfig, --api-addr": (
            "linkerd --kubeconfig x check || linkerd --api-addr x:1 check"
        ),
    },
    "stops the run": {
        "export KUBECONFIG=FILE": 'export KUBECONFIG="$OTHER"; kubectl --context prod create ns NS',
        "unset KUBECONFIG": "unset KUBECONFIG; kubectl --context prod create ns NS",
        "export -n KUBECONFIG": "export -n KUBECONFIG; kubectl --context prod create ns NS",
        "kubectl config set-cluster": (
            'kubectl config set-cluster north --server="$PROD";'
            ' kubectl config set-cluster k3d-north --server="$PROD";'
            " kubectl --context north create ns NS"
        ),
        "kubectl config set-context": (
            'kubectl config set-cluster prod --server="$PROD";'
            " kubectl config set-context prod --cluster prod; kubectl --context prod create ns NS"
        ),
        "kubectl config set-credentials": "kubectl config set-credentials prod --token x",
        'cp FILE "$KUBECONFIG"': 'cp "$OTHER" "$KUBECONFIG"; kubectl --context prod create ns NS',
        'rm "$KUBECONFIG"': 'rm "$KUBECONFIG"; kubectl --context prod create ns NS',
    },
    "not seen": {
        "/usr/bin/kubectl --kubeconfig FILE": (
            '"$KUBECTL" --kubeconfig "$OTHER" --context prod create ns NS'
        ),
        "env -i /usr/bin/kubectl": 'env -i HOME="$HOME" "$KUBECTL" --context prod create ns NS',
        "PATH=/usr/bin:$PATH kubectl -s URL": (
            'PATH="${KUBECTL%/*}:$PATH" kubectl --context north -s "$PROD" create ns NS'
        ),
        "curl URL": (
            "curl -sS -H 'Content-Type: application/json'"
            """ -d '{"metadata":{"name":"NS"}}' "$PROD/api/v1/namespaces\""""
        ),
        "python, and whatever has its own client": (
            "python3 -c 'import sys, urllib.request as u; u.urlopen(u.Request(\""
            '\'"$PROD"\'/api/v1/namespaces", b"{\\"metadata\\":{\\"name\\":\\"NS\\"}}",'
            ' {"Content-Type": "application/json"}))\''
        ),
    },
}
CASES = [(what, way) for what, ways in WAYS.items() for way in ways]


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a kubeconfig with the contexts `north` and `prod`, for clusters that answer."""
    seeds = {name: ClusterSeed(install=()) for name in ("north", "prod")}
    with start(seeds) as clusters:
        file = tmp_path_factory.mktemp("prod") / "config"
        file.write_text(kubeconfig_text(clusters.servers, "prod"))
        yield file


def namespaces(kubeconfig: Path, context: str) -> set[str]:
    listed = subprocess.run(
        [find_tool("kubectl"), "--kubeconfig", kubeconfig, "--context", context, "get", "ns"],
        check=True,
        capture_output=True,
        text=True,
    )
    return {line.split()[0] for line in listed.stdout.splitlines()}


def equip(home: Path, prod: Path) -> dict[str, str]:
    """Give a user the kubeconfig `prod`, helm and linkerd; return variables for steps."""
    (home / ".kube").mkdir()
    (home / ".kube" / "config").write_text(prod.read_text())
    programs = home / "bin"
    programs.mkdir()
    for name in ("helm", "linkerd"):
        (programs / name).write_text("#!/bin/sh\ntrue\n")
        (programs / name).chmod(0o755)
    url = re.search(r'server: "(\S+/prod\S*)"', prod.read_text())
    assert url
    return {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "OTHER": str(home / ".kube" / "config"),
        "PROD": url[1],
        "KUBECTL": find_tool("kubectl"),
    }


def run_way(
    meshpeek: RunProgram, folder: Path, step: str, variables: Mapping[str, str], *options: str
) -> tuple[int, list[dict[str, object]]]:
    """Run a workshop with `step` in the middle; return the exit code and the steps' results."""
    (folder / "w.md").write_text(
        "---\nmeshpeek: {contexts: [north]}\n---\n"
        f"```bash\ntrue\n```\n\n```bash\n{step}\n```\n\n```bash\necho later\n```\n"
        "\n<!-- meshpeek: always -->\n```bash\necho cleaning\n```\n"
    )
    result = meshpeek("ci", "--keep-going", *options, "--json", "r.json", "w.md", **variables)
    steps = json.loads((folder / "r.json").read_text())["workshops"][0]["steps"]
    return result.returncode, steps


@pytest.mark.parametrize(("what", "way"), CASES, ids=[way for _, way in CASES])
def test_a_way_is_as_the_documents_have_it(
    meshpeek: RunProgram, tmp_path: Path, prod: Path, what: str, way: str
) -> None:
    variables = equip(tmp_path / "home", prod)
    namespace = f"way-{CASES.index((what, way))}"
    code, steps = run_way(meshpeek, tmp_path, WAYS[what][way].replace("NS", namespace), variables)
    found = [namespaces(prod, context) for context in ("north", "prod")]
    _, tried, later, cleaning = (step["outcome"] for step in steps)
    if what == "not seen":
        assert (code, tried) == (0, "passed")
        assert namespace in found[0] | found[1]
        return
    assert (code, tried) == (1, "failed")
    assert namespace not in found[0] | found[1]
    stopped = what == "stops the run"
    assert (later, cleaning) == (("skipped",) * 2 if stopped else ("passed",) * 2)
    if stopped:
        assert "other clusters may be reached" in str(steps[1])


REHEARSED = ["export KUBECONFIG=FILE", "--kubeconfig FILE, --kubeconfig=FILE", "unset KUBECONFIG"]


@pytest.mark.parametrize("way", REHEARSED)
def test_a_rehearsal_reaches_no_real_cluster(
    meshpeek: RunProgram, tmp_path: Path, prod: Path, way: str
) -> None:
    variables = equip(tmp_path / "home", prod)
    step = next(ways[way] for ways in WAYS.values() if way in ways).replace("NS", "rehearsed")
    code, steps = run_way(
        meshpeek, tmp_path, step.replace("prod create", "north create"), variables, "--rehearse"
    )
    assert (code, steps[1]["outcome"]) == (1, "failed")
    assert "rehearsed" not in namespaces(prod, "north") | namespaces(prod, "prod")


def test_the_document_has_these_ways_and_no_others() -> None:
    told = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    rows = [(what, way.strip("`")) for way, what in _ROW.findall(told)]
    assert rows == CASES
