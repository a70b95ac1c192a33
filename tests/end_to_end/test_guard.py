"""Ways by which a step might reach a cluster that its workshop does not list, as docs/running.md
has them: each is tried, with a stand-in for a real cluster in ~/.kube/config.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshpeek.rehearsal import ClusterSeed, kubeconfig_text, start
from tests.conftest import ROOT, RunProgram
from tests.tools import HELM_VERSIONS, find_tool

pytestmark = pytest.mark.slow

_ROW = re.compile(r"\| (`.*?`|[^|]*?) \| (refused|stops the run|not seen) \|")

# What the documents abbreviate: $PROD is the URL of another cluster, $OTHER another kubeconfig with
# the context `prod`, NS the namespace that the step tries to make there, INSTALL a chart that does.
WAYS = {
    "refused": {
        "kubectl --context prod": "kubectl --context prod create ns NS",
        "kubectl, without --context, of several contexts": "kubectl create ns NS",
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
        "helm --kube-apiserver, --kubeconfig, --kube-context prod": (
            'helm --kube-context north --kube-apiserver "$PROD" INSTALL ||'
            ' helm --kube-context prod --kubeconfig "$OTHER" INSTALL ||'
            ' HELM_KUBEAPISERVER="$PROD" helm --kube-context north INSTALL ||'
            " helm --kube-context prod INSTALL"
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
        "/usr/bin/helm --kubeconfig FILE": (
            '"$HELM" --kubeconfig "$OTHER" --kube-context prod INSTALL'
        ),
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
_INSTALL = 'install x "$CHART" --create-namespace -n NS'
CASES = [(what, way) for what, ways in WAYS.items() for way in ways]


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a kubeconfig with the contexts `north`, `east`, `prod` of clusters that answer."""
    seeds = {name: ClusterSeed(install=()) for name in ("north", "east", "prod")}
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
    (programs / "linkerd").write_text("#!/bin/sh\ntrue\n")
    (programs / "linkerd").chmod(0o755)
    (programs / "helm").symlink_to(find_tool("helm-3", HELM_VERSIONS))
    (home / "chart" / "templates").mkdir(parents=True)
    (home / "chart" / "Chart.yaml").write_text("{apiVersion: v2, name: x, version: 0.1.0}\n")
    url = re.search(r'server: "(\S+/prod\S*)"', prod.read_text())
    assert url
    return {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "OTHER": str(home / ".kube" / "config"),
        "PROD": url[1],
        "KUBECTL": find_tool("kubectl"),
        "HELM": str(programs / "helm"),
        "CHART": str(home / "chart"),
    }


def workshop(step: str) -> str:
    """Return a workshop with `step` in the middle."""
    return (
        "---\nmeshpeek: {contexts: [north, east], install: []}\n---\n"
        f"```bash\ntrue\n```\n\n```bash\n{step}\n```\n\n```bash\necho later\n```\n"
        "\n<!-- meshpeek: always -->\n```bash\necho cleaning\n```\n"
    )


def step_of(what: str, way: str) -> tuple[str, str]:
    """Return a step that tries a way, and the namespace that it makes if it leads anywhere."""
    namespace = f"way-{CASES.index((what, way))}"
    return WAYS[what][way].replace("INSTALL", _INSTALL).replace("NS", namespace), namespace


def check_steps(what: str, steps: list[dict[str, object]]) -> None:
    """See that the steps of such a workshop ended as the documents say."""
    _, tried, later, cleaning = (step["outcome"] for step in steps)
    assert tried == ("passed" if what == "not seen" else "failed"), steps[1]
    stopped = what == "stops the run"
    assert (later, cleaning) == (("skipped",) * 2 if stopped else ("passed",) * 2)
    assert ("other clusters may be reached" in str(steps[1])) is stopped


@pytest.mark.parametrize(("what", "way"), CASES, ids=[way for _, way in CASES])
def test_a_way_is_as_the_documents_have_it(
    meshpeek: RunProgram, tmp_path: Path, prod: Path, what: str, way: str
) -> None:
    variables = equip(tmp_path / "home", prod)
    step, namespace = step_of(what, way)
    (tmp_path / "w.md").write_text(workshop(step))
    result = meshpeek("ci", "--keep-going", "--json", "r.json", "w.md", **variables)
    check_steps(what, json.loads((tmp_path / "r.json").read_text())["workshops"][0]["steps"])
    assert result.returncode == (what != "not seen")
    found = set().union(*(namespaces(prod, context) for context in ("north", "east", "prod")))
    assert (namespace in found) is (what == "not seen")


def test_a_rehearsal_reaches_no_real_cluster(
    meshpeek: RunProgram, tmp_path: Path, prod: Path
) -> None:
    variables = equip(tmp_path / "home", prod)
    before = namespaces(prod, "prod")
    # What stops no run is tried in one; the rest of the ways has a run for each.
    several = [case for case in CASES if case[0] == "refused"]
    alone = [case for case in CASES if case[0] == "stops the run"]
    (tmp_path / "w-all.md").write_text(
        workshop("```\n\n```bash\n".join(f"{step_of(*case)[0]}\n" for case in several))
    )
    for index, case in enumerate(alone):
        (tmp_path / f"w-{index}.md").write_text(workshop(step_of(*case)[0]))
    files = ["w-all.md", *(f"w-{index}.md" for index in range(len(alone)))]
    options = ("--rehearse", "--keep-going", "-j", "2", "--json", "r.json")
    result = meshpeek("ci", *options, *files, **variables)
    assert result.returncode == 1, result.stderr
    first, *others = json.loads((tmp_path / "r.json").read_text())["workshops"]
    outcomes = [step["outcome"] for step in first["steps"]]
    assert outcomes == ["passed", *["failed"] * len(several), "passed", "passed"]
    for report in others:
        check_steps("stops the run", report["steps"])
    assert namespaces(prod, "prod") == before


def test_the_document_has_these_ways_and_no_others() -> None:
    told = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    rows = [(what, way.strip("`")) for way, what in _ROW.findall(told)]
    assert rows == CASES
