"""What a workshop's rehearsal holds, from its front matter to the clusters."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import RunProgram

pytestmark = pytest.mark.slow


def write(folder: Path, settings: str, command: str) -> None:
    text = f"---\nmeshpeek:\n  {settings}\n---\n```bash\n{command}\n```\n"
    (folder / "w.md").write_text(text)


@pytest.mark.parametrize("command", ["ci --rehearse", "clusters"])
def test_a_manifest_that_is_refused_makes_the_environment_unfit(
    meshpeek: RunProgram, tmp_path: Path, command: str
) -> None:
    write(tmp_path, "{contexts: [dev], rehearsal: {dev: {manifests: [m.yaml]}}}", "true")
    (tmp_path / "m.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {}\n")
    result = meshpeek(*command.split(), "w.md")
    assert result.returncode == 3
    assert "m.yaml: the rehearsal cluster dev refuses the Pod 'x'" in result.stderr
    assert "hint: correct the manifest" in result.stderr


def test_no_context_is_the_current_one(meshpeek: RunProgram, tmp_path: Path) -> None:
    write(tmp_path, "contexts: [dev, prod]", "kubectl get namespaces")
    result = meshpeek("ci", "--rehearse", "w.md")
    assert result.returncode == 1
    assert "none (add --context with one of dev, prod)" in result.stdout
