"""Clients that people bring, as docs/rehearsal.md shows them: what is there is run here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from meshpeek.cli.pytest_plugin import StartClusters
from tests.tools import HELM_VERSIONS, find_tool

DOCUMENT = Path(__file__).parents[2] / "docs" / "rehearsal.md"
BLOCKS = re.findall(
    r"^<!-- client: (\w+) -->\n```python\n(.*?)^```", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL
)
CHART = {
    "Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
    "values.yaml": "replicas: 1\n",
    "templates/web.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}"}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "nginx:1"}]}
""",
}


def test_the_document_shows_each_client() -> None:
    assert [name for name, _ in BLOCKS] == ["kubernetes", "lightkube", "kr8s", "kopf", "helm"]


@pytest.mark.slow
def test_what_the_document_shows_works(tmp_path: Path) -> None:
    """Each example is a test module for pytest, with the fixture that comes with meshpeek."""
    (tmp_path / "helm").symlink_to(find_tool("helm-4", HELM_VERSIONS))
    write_chart(tmp_path / "chart")
    for client, text in BLOCKS:
        (tmp_path / f"test_{client}_example.py").write_text(text)
    path = f"{tmp_path}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{len(BLOCKS)} passed" in result.stdout


def write_chart(folder: Path) -> None:
    for name, text in CHART.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3", "4"])
def test_helm_installs_upgrades_and_rolls_back(
    version: str, rehearsal_clusters: StartClusters, tmp_path: Path
) -> None:
    program = find_tool(f"helm-{version}", HELM_VERSIONS)
    clusters = rehearsal_clusters()
    write_chart(tmp_path / "chart")

    def helm(*words: str) -> str:
        home = {name: str(tmp_path / name) for name in ("HOME", "XDG_CACHE_HOME")}
        return subprocess.run(
            [program, *words],
            cwd=tmp_path,
            env={**os.environ, **home, **clusters.environment},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=60,
        ).stdout

    helm("install", "web", "chart", "--wait")
    helm("upgrade", "web", "chart", "--set", "replicas=2", "--wait")
    helm("rollback", "web", "1", "--wait")
    assert len(helm("history", "web").splitlines()) == 4
    assert "STATUS: deployed" in helm("status", "web")
    assert "Rollback to 1" in helm("history", "web")
    helm("uninstall", "web", "--wait")
    assert helm("list", "-q") == ""
