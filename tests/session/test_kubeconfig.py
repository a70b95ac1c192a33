"""The kubeconfig of a session, made from what the real kubectl sees."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from meshpeek.errors import EnvironmentUnfitError, ExitCode
from meshpeek.session.kubeconfig import current_context, scope_kubeconfig


def config(*names: str) -> str:
    def entries(kind: str, body: str) -> str:
        return "".join(f"- name: {name}\n  {kind}: {{{body.format(name)}}}\n" for name in names)

    return (
        "apiVersion: v1\nkind: Config\n"
        f"current-context: {names[0]}\n"
        f"contexts:\n{entries('context', 'cluster: {0}, user: {0}')}"
        f"clusters:\n{entries('cluster', 'server: https://{0}.example:6443')}"
        f"users:\n{entries('user', 'token: secret-of-{0}')}"
    )


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return an environment with two kubeconfig files, as people with many clusters have it."""
    (tmp_path / "one").write_text(config("north", "production"))
    (tmp_path / "two").write_text(config("east"))
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "KUBECONFIG": f"{tmp_path}/one:{tmp_path}/two",
    }


def view(path: str, environment: dict[str, str], *arguments: str) -> str:
    command = [Path(sys.executable).with_name("kubectl"), "config", *arguments]
    environment = environment | {"KUBECONFIG": path}
    return subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    ).stdout


def test_only_the_workshop_s_contexts_are_left(environment: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "session"
    folder.mkdir()
    path = scope_kubeconfig(["north", "east"], environment, folder)["KUBECONFIG"]
    assert view(path, environment, "get-contexts", "-o", "name").split() == ["east", "north"]
    seen = json.loads(view(path, environment, "view", "--raw", "-o", "json"))
    assert seen["current-context"] == "none (add --context with one of north, east)"
    assert {entry["name"]: entry["user"]["token"] for entry in seen["users"]} == {
        "north": "secret-of-north",
        "east": "secret-of-east",
    }
    assert "production" not in Path(path).read_text()
    assert Path(path).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("contexts", "chosen", "current"),
    [
        (["north"], None, "north"),
        (["north", "east"], "east", "east"),
        (["north", "east"], None, "none (add --context with one of north, east)"),
    ],
)
def test_which_context_is_the_current_one(
    contexts: list[str], chosen: str | None, current: str
) -> None:
    assert current_context(contexts, chosen) == current


def test_a_missing_context_is_named_with_those_there_are(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(EnvironmentUnfitError) as caught:
        scope_kubeconfig(["north", "west"], environment, tmp_path)
    assert caught.value.message == "kubectl has no context west; it has east, north, production"
    assert caught.value.exit_code is ExitCode.UNFIT_ENVIRONMENT
    assert "--rehearse" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"PATH": "/nowhere"}, "kubectl was not found"),
        ({"KUBECONFIG": "{tmp}/broken"}, "kubectl cannot read its configuration"),
    ],
)
def test_an_unfit_kubectl(
    environment: dict[str, str], tmp_path: Path, change: dict[str, str], message: str
) -> None:
    (tmp_path / "broken").write_text("contexts: [\n")
    changes = {name: value.replace("{tmp}", str(tmp_path)) for name, value in change.items()}
    with pytest.raises(EnvironmentUnfitError, match=message):
        scope_kubeconfig(["north"], environment | changes, tmp_path)


def test_a_forgotten_context_reaches_nothing_and_says_what_to_do(
    environment: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "session"
    folder.mkdir()
    variables = scope_kubeconfig(["north", "east"], environment, folder)
    result = subprocess.run(
        [Path(sys.executable).with_name("kubectl"), "get", "pods"],
        env=environment | variables,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    assert "none (add --context with one of north, east)" in result.stderr
    assert "localhost" not in result.stderr
