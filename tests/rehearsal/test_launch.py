"""Starting and stopping the rehearsal process; a real process, but one that says what we want."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from meshpeek.rehearsal import launch
from meshpeek.rehearsal.errors import RehearsalError
from meshpeek.rehearsal.launch import ClusterSeed, kubeconfig_text, start

NORTH = {"north": ClusterSeed()}
REPLY = """printf '{"clusters": {"north": "http://127.0.0.1:1/x/north"}}\\n'"""

Pose = Callable[[str], Path]


@pytest.fixture
def pose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pose:
    """Have a bash script run in place of Python: `$life` is a FIFO it holds open while it lives."""
    life = tmp_path / "life"
    os.mkfifo(life)

    def pose_as(script: str) -> Path:
        path = tmp_path / "python"
        path.write_text(f'#!/bin/bash\nexec 9<>"{life}"\ncd "{tmp_path}"\n{script}\n')
        path.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(path))
        return life

    return pose_as


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class TestStart:
    def test_it_hands_out_the_servers_and_ends_the_process(self, pose: Pose) -> None:
        pose(f"{REPLY}; cat >/dev/null")
        with start(NORTH) as running:
            assert running.servers == {"north": "http://127.0.0.1:1/x/north"}
            assert is_alive(running.pid)
        assert not is_alive(running.pid)

    def test_it_runs_the_module_and_says_what_the_clusters_hold(
        self, pose: Pose, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pose(f'echo "$*" >arguments; read -r line; echo "$line" >request; {REPLY}; cat >/dev/null')
        monkeypatch.chdir(tmp_path)
        seed = ClusterSeed((Path("k8s/north"),), ("east",), (), (("linkerd", "check"),))
        with start({"north": seed}):
            pass
        assert (tmp_path / "arguments").read_text() == "-P -m meshpeek.rehearsal\n"
        assert json.loads((tmp_path / "request").read_text()) == {
            "clusters": {
                "north": {
                    "manifests": [f"{tmp_path}/k8s/north"],
                    "links": ["east"],
                    "install": [],
                    "commands": [["linkerd", "check"]],
                }
            }
        }

    @pytest.mark.parametrize("deaf_to", ["", "TERM"])
    def test_a_process_that_stays_is_ended(
        self, pose: Pose, monkeypatch: pytest.MonkeyPatch, deaf_to: str
    ) -> None:
        monkeypatch.setattr(launch, "_GRACE", 0.1)
        trap = f"trap '' {deaf_to}; " if deaf_to else ""
        pose(f"{trap}{REPLY}; while :; do read -r -t 1 -u 9; done")
        with start(NORTH) as running:
            pass
        assert not is_alive(running.pid)

    def test_it_is_ended_when_the_body_fails(self, pose: Pose) -> None:
        pose(f"{REPLY}; cat >/dev/null")
        with pytest.raises(ZeroDivisionError), start(NORTH) as running:
            raise ZeroDivisionError
        assert not is_alive(running.pid)

    def test_a_control_c_in_the_terminal_does_not_reach_it(self, pose: Pose) -> None:
        pose(f"{REPLY}; cat >/dev/null")
        with start(NORTH) as running:
            assert os.getsid(running.pid) != os.getsid(0)

    def test_it_ends_with_a_parent_that_is_killed(self, pose: Pose) -> None:
        life = os.open(pose(f"{REPLY}; cat >/dev/null"), os.O_RDONLY | os.O_NONBLOCK)
        program = (
            "import os, sys; from meshpeek.rehearsal.launch import *\n"
            f"sys.executable = {sys.executable!r}\n"
            "with start({'north': ClusterSeed()}):\n"
            "    print('ready', flush=True); os.read(0, 1)\n"
        )
        real_python = Path(sys.prefix) / "bin" / "python"
        with subprocess.Popen(
            [str(real_python), "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as parent:
            assert parent.stdout
            assert parent.stdout.readline() == b"ready\n"
            os.set_blocking(life, True)
            parent.send_signal(signal.SIGKILL)
        with open(life, "rb") as end:
            # The FIFO ends when the process, its last writer, has ended.
            assert end.read() == b""


class TestFailures:
    def fail(self, patience: float = 30.0) -> RehearsalError:
        with pytest.raises(RehearsalError) as failure, start(NORTH, patience=patience):
            pass
        return failure.value

    def test_what_the_process_says_is_passed_on(self, pose: Pose) -> None:
        pose("""printf '{"error": "no port is to be had", "hint": "free one"}\\n'; exit 3""")
        error = self.fail()
        assert error.message == "rehearsal clusters: no port is to be had"
        assert error.hint == "free one"

    def test_a_missing_package_is_named(self, pose: Pose) -> None:
        pose("""echo "ModuleNotFoundError: No module named 'h11._connection'" >&2; exit 1""")
        error = self.fail()
        assert "need the Python package h11, which is not installed" in error.message
        assert error.hint is not None
        assert "pip install '.[rehearsal]'" in error.hint

    @pytest.mark.parametrize(
        "reply",
        [":", "echo hello", "echo []", "echo {}", """echo '{"clusters": {"east": "x"}}'"""],
    )
    def test_a_crash_is_told_in_one_line(self, pose: Pose, reply: str) -> None:
        pose(f"echo Traceback >&2; echo 'KeyError: 7' >&2; {reply}; exit 1")
        assert self.fail().message == "the rehearsal clusters could not be started: KeyError: 7"

    def test_silence_is_bounded(self, pose: Pose) -> None:
        pose("cat >/dev/null")
        assert "did not answer within 0.05 seconds" in self.fail(patience=0.05).message

    def test_what_it_reports_can_be_kept(self, pose: Pose, tmp_path: Path) -> None:
        pose(f"{REPLY}; echo 'a controller failed' >&2; cat >/dev/null")
        with start(NORTH, log=tmp_path / "log"):
            pass
        assert (tmp_path / "log").read_text() == "a controller failed\n"


def test_the_kubeconfig_has_a_context_for_each_cluster() -> None:
    servers = {"north": "http://a/north", "e: x": "http://a/e"}
    config = yaml.safe_load(kubeconfig_text(servers, "none (add --context)"))
    assert config["current-context"] == "none (add --context)"
    assert [c["name"] for c in config["contexts"]] == ["north", "e: x"]
    assert config["clusters"][1] == {"name": "k3d-e: x", "cluster": {"server": "http://a/e"}}
    assert config["contexts"][1]["context"]["cluster"] == "k3d-e: x"
