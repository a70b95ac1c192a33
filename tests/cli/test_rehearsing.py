"""What a workshop's rehearsal holds, from its front matter to the clusters."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import RunProgram

pytestmark = pytest.mark.slow


def write(folder: Path, settings: str, command: str) -> None:
    text = f"---\nmeshpeek:\n  {settings}\n---\n```bash\n{command}\n```\n"
    (folder / "w.md").write_text(text)


NAMESPACES = "kubectl --context dev get namespaces"


@pytest.mark.parametrize(
    ("settings", "command", "has_linkerd"),
    [
        ("contexts: [dev]", "true", False),
        ("{contexts: [dev], install: []}", "linkerd --context dev version", False),
        ("contexts: [dev]", "linkerd --context dev version", True),
        ("contexts: [dev]", "if linkerd version; then true; fi", True),
        ("contexts: [dev]", "linkerd install --help; linkerd version --client", False),
        ("contexts: [dev, other]", "linkerd --context other version", False),
        ("{contexts: [dev], install: [linkerd]}", "true", True),
        ("{contexts: [dev], install: [], rehearsal: {dev: {install: [linkerd]}}}", "true", True),
        ("{contexts: [dev], install: [linkerd], rehearsal: {dev: {install: []}}}", "true", False),
    ],
)
def test_what_is_installed(
    meshpeek: RunProgram, tmp_path: Path, settings: str, command: str, has_linkerd: bool
) -> None:
    write(tmp_path, settings, f"{command}\n{NAMESPACES}")
    result = meshpeek("ci", "--rehearse", "w.md")
    assert result.returncode == 0, result.stdout + result.stderr
    shown = result.stdout.partition(NAMESPACES)[2]
    assert re.search("^default +Active +14m$", shown, re.MULTILINE)
    assert bool(re.search("^linkerd +Active", shown, re.MULTILINE)) is has_linkerd


@pytest.mark.parametrize("command", ["ci", "lint", "steps", "clusters"])
def test_what_is_unknown_is_told_with_its_place(
    meshpeek: RunProgram, tmp_path: Path, command: str
) -> None:
    write(tmp_path, "{contexts: [dev], install: [linkrd]}", "true")
    result = meshpeek(command, "w.md")
    assert result.returncode == 2
    told = result.stdout + result.stderr
    assert "w.md:3:31: error: unknown installation `linkrd`" in told
    assert "hint: did you mean `linkerd`?" in told


@pytest.mark.parametrize("command", ["ci --rehearse", "clusters"])
def test_a_manifest_that_is_refused_is_wrong_input_with_its_place(
    meshpeek: RunProgram, tmp_path: Path, command: str
) -> None:
    write(tmp_path, "{contexts: [dev], rehearsal: {dev: {manifests: [m.yaml]}}}", "true")
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {}\n"
    (tmp_path / "m.yaml").write_text(f"# two\n---\n{pod}")
    result = meshpeek(*command.split(), "w.md")
    assert result.returncode == 2
    assert "error: m.yaml:3: the rehearsal cluster dev refuses the Pod 'x'" in result.stderr
    assert "hint: correct the manifest" in result.stderr


def test_no_context_is_the_current_one(meshpeek: RunProgram, tmp_path: Path) -> None:
    write(tmp_path, "contexts: [dev, prod]", "kubectl get namespaces")
    result = meshpeek("ci", "--rehearse", "w.md")
    assert result.returncode == 1
    assert "none (add --context with one of dev, prod)" in result.stdout


def test_a_workshop_without_settings_is_rehearsed(meshpeek: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "w.md").write_text("```bash\nkubectl get ns default\nkubectl get nodes\n```\n")
    result = meshpeek("ci", "--rehearse", "w.md")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "k3d-default-server-0" in result.stdout
    several = meshpeek("ci", "--rehearse", "--clusters", "kind-a,user@host:b", "w.md")
    assert "none (add --context with one of kind-a, user@host:b)" in several.stdout


def test_the_current_context_of_several(meshpeek: RunProgram, tmp_path: Path) -> None:
    write(tmp_path, "{contexts: [dev, kind-b], current: kind-b}", "kubectl get nodes")
    result = meshpeek("ci", "--rehearse", "w.md")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "b-control-plane" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ci", "--clusters", "a"], "--clusters needs --rehearse"),
        (["ci", "--rehearse", "--clusters", "a,,b"], "invalid list `a,,b`"),
        (["run", "--rehearse", "--clusters", "a,a"], "invalid list `a,a`"),
    ],
)
def test_clusters_that_cannot_be_chosen(
    meshpeek: RunProgram, tmp_path: Path, arguments: list[str], message: str
) -> None:
    write(tmp_path, "contexts: [dev]", "true")
    result = meshpeek(*arguments, "w.md")
    assert result.returncode == 2
    assert message in result.stderr
