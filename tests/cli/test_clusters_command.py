"""`meshpeek clusters`: clusters that another terminal can use, seen changing, and ended cleanly."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from tests.pty_terminal import Terminal

REPOSITORY = Path(__file__).parents[2]
MESHPEEK = Path(sys.executable).parent / "meshpeek"
KUBECTL = str(Path(sys.executable).parent / "kubectl")

pytestmark = pytest.mark.slow


class Clusters:
    """A running `meshpeek clusters`, and the environment of a terminal that has its lines."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        assert process.stderr
        self.process = process
        self.notes: IO[str] = process.stderr
        self.lines = [process.stdout.readline() for _ in range(3)]
        self.environment = evaluated("".join(self.lines))
        self.folder = Path(self.environment["KUBECONFIG"]).parent

    def kubectl(self, line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [KUBECTL, *line.split()],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def read_until(self, text: str) -> str:
        """Return the next line of what is told that has `text`."""
        for line in self.notes:
            if text in line:
                return line
        raise AssertionError(f"it ended and did not tell of {text!r}")


def evaluated(lines: str) -> dict[str, str]:
    """Return the environment of a shell that was given `lines`."""
    output = subprocess.run(
        ["bash", "-c", f"eval {shlex.quote(lines)}; env -0"],
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return dict(entry.split("=", 1) for entry in output.split("\0") if entry)


@contextmanager
def clusters(*arguments: str, **more: str) -> Iterator[Clusters]:
    with subprocess.Popen(
        [MESHPEEK, "clusters", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, **more},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Clusters(process)
        finally:
            process.terminate()
            process.wait()


def is_served(environment: Mapping[str, str]) -> bool:
    version = [KUBECTL, "--context", "north", "version"]
    return not subprocess.run(version, env=environment, capture_output=True, check=False).returncode


@pytest.fixture(scope="module")
def running() -> Iterator[Clusters]:
    with clusters("workshop.md") as started:
        yield started


class TestUsing:
    def test_standard_output_is_for_a_shell(self, running: Clusters) -> None:
        assert all(line.startswith("export ") for line in running.lines)
        assert running.environment["PATH"].endswith(os.environ["PATH"])

    def test_another_terminal_has_the_workshop_s_clusters(self, running: Clusters) -> None:
        found = running.kubectl("--context north -n faces get svc -o name")
        assert found.stdout.split() == [
            f"service/{name}" for name in ("color", "face", "faces-gui", "smiley", "smiley-east")
        ]
        version = subprocess.run(
            ["linkerd", "--context", "east", "version", "--short"],
            env=running.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert version.stdout == "stable-2.14.10\nstable-2.14.10\n"

    def test_what_changes_is_told_as_it_happens(self, running: Clusters) -> None:
        label = "--context west -n faces label svc/color2 mirror.linkerd.io/exported"
        running.kubectl(f"{label}=remote-discovery")
        told = running.read_until("Service faces/color2")
        assert told == "west  ~ Service faces/color2: metadata.labels\n"
        assert running.read_until("color2-west") == "north + Service faces/color2-west\n"
        running.kubectl(f"{label}-")
        assert running.read_until("color2-west") == "north - Service faces/color2-west\n"

    def test_a_rollout_is_told_pod_by_pod(self, running: Clusters) -> None:
        running.kubectl("--context east -n faces scale deployment smiley2 --replicas=3")
        assert running.read_until("Deployment") == (
            "east  ~ Deployment faces/smiley2: spec.replicas, 2 of 3 ready\n"
        )
        assert re.fullmatch(r"east  \+ Pod faces/smiley2-\S+\n", running.read_until("Pod"))
        assert running.read_until("2 of 2 ready").startswith("east  ~ Pod faces/smiley2-")


class TestWhichClusters:
    def test_bare_ones_have_nothing_installed(self) -> None:
        with clusters("--bare", "workshop.md") as bare:
            namespaces = bare.kubectl("--context north get namespaces -o name").stdout.split()
            assert "namespace/kube-system" in namespaces
            assert "namespace/linkerd" not in namespaces
            assert "namespace/faces" not in namespaces

    def test_without_a_file_there_are_three_with_what_is_to_be_installed(self) -> None:
        with clusters("--install", "linkerd-multicluster") as three:
            for name in ("north", "east", "west"):
                pods = three.kubectl(f"--context {name} -n linkerd get pods -o name").stdout
                assert len(pods.split()) == 3
            links = three.kubectl("--context north get links -A -o name")
            assert (links.returncode, links.stdout) == (0, "")

    def test_what_is_installed_can_be_said_for_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "w.md"
        path.write_text("---\nmeshpeek: {contexts: [north], install: [linkerd]}\n---\n")
        with clusters("--install", "gateway-api", str(path)) as started:
            crds = started.kubectl("--context north get crds -o name").stdout.split()
            assert [name.partition(".")[2] for name in crds] == [
                "apiextensions.k8s.io/httproutes.gateway.networking.k8s.io"
            ]

    def test_a_file_that_cannot_be_rehearsed(self, tmp_path: Path) -> None:
        path = tmp_path / "workshop.md"
        path.write_text(
            "---\nmeshpeek:\n  contexts: [north]\n"
            "  rehearsal: {north: {manifests: [absent]}}\n---\n"
        )
        ended = subprocess.run(
            [MESHPEEK, "clusters", path], capture_output=True, text=True, check=False
        )
        assert (ended.returncode, ended.stdout) == (2, "")
        assert "manifests that do not exist" in ended.stderr


class TestEnding:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_a_signal_leaves_nothing_behind(self, number: signal.Signals) -> None:
        with clusters("--bare") as started:
            assert is_served(started.environment)
            started.process.send_signal(number)
            assert started.process.wait() == 0
            rest = started.notes.read()
        assert "Traceback" not in rest
        assert "error" not in rest
        assert not started.folder.exists()

    def test_insisting_does_not_leave_a_process(self) -> None:
        with clusters("--bare") as started:
            for _ in range(3):
                started.process.send_signal(signal.SIGINT)
            assert started.process.wait() == 0
        assert not started.folder.exists()

    def test_clusters_that_die_are_reported(self) -> None:
        with clusters("--bare") as started:
            child = f"/proc/{started.process.pid}/task/{started.process.pid}/children"
            if not Path(child).exists():
                pytest.skip("needs /proc to find the clusters' process")
            for pid in Path(child).read_text().split():
                os.kill(int(pid), signal.SIGKILL)
            assert started.process.wait() == 3
            assert "the rehearsal clusters have ended by themselves" in started.notes.read()
        assert not started.folder.exists()


def test_clusters_have_their_colours_on_a_terminal() -> None:
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    with Terminal([MESHPEEK, "clusters", "workshop.md"], environment, REPOSITORY) as terminal:
        terminal.wait_for('bin:"$PATH"')
        found = re.search(r"KUBECONFIG=(\S+)", terminal.text)
        assert found
        subprocess.run(
            [KUBECTL, "--kubeconfig", found[1], "--context=north", "create", "namespace", "new"],
            check=True,
            capture_output=True,
        )
        terminal.wait_for("+ Namespace new")
        line = next(
            row for row, text in enumerate(terminal.screen.display) if "+ Namespace new" in text
        )
        cells = terminal.screen.buffer[line]
        assert cells[0].fg not in ("default", cells[6].fg)
        assert cells[6].fg == "green"
        terminal.press("\x03")
        assert terminal.wait_for_end() == 0


class TestCommand:
    """`meshpeek clusters … -- COMMAND`."""

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [MESHPEEK, "clusters", *arguments],
            cwd=REPOSITORY,
            env={**os.environ, **more},
            input="kubectl --context north get ns -o name; exit 5",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def test_it_has_the_clusters_and_gives_its_exit_code(self) -> None:
        script = 'kubectl --context "$1" -n faces get deployment face -o name; exit 7'
        result = self.run("workshop.md", "--", "sh", "-c", script, "sh", "north")
        assert (result.returncode, result.stdout) == (7, "deployment.apps/face\n")
        assert result.stderr == ""

    def test_without_a_command_it_is_the_shell(self) -> None:
        result = self.run("--bare", "workshop.md", "--", SHELL="/bin/sh")
        assert result.returncode == 5
        assert "namespace/kube-system" in result.stdout
        assert "They end with this shell." in result.stderr

    def test_it_reaches_no_other_clusters(self) -> None:
        result = self.run("--bare", "--", "kubectl", "--kubeconfig", "x", "get", "ns")
        assert result.returncode == 1
        assert "commands reach only north, east, west" in result.stderr

    def test_a_signal_that_ends_it_is_told_as_a_shell_does(self) -> None:
        result = self.run("--bare", "--", "sh", "-c", "kill -9 $$")
        assert result.returncode == 137

    def test_a_command_that_does_not_exist_is_an_error(self) -> None:
        result = self.run("--bare", "--", "no-such-program")
        assert result.returncode == 3
        assert "cannot run no-such-program: No such file or directory" in result.stderr

    def test_an_interrupt_is_the_command_s(self, tmp_path: Path) -> None:
        script = (
            f"trap 'echo $KUBECONFIG >{tmp_path}/trapped; exit 9' INT; echo begun;"
            " while :; do sleep 0.1; done"
        )
        command = [MESHPEEK, "clusters", "--bare", "--", "sh", "-c", script]
        with Terminal(command, dict(os.environ), REPOSITORY) as terminal:
            terminal.wait_for("begun")
            terminal.press("\x03")
            assert terminal.wait_for_end() == 9
        assert not Path((tmp_path / "trapped").read_text().strip()).exists()

    def test_it_ends_with_meshpeek(self) -> None:
        command = [MESHPEEK, "clusters", "--bare", "--", "sh", "-c", "echo begun; exec sleep 60"]
        with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE) as process:
            assert process.stdout
            assert process.stdout.readline() == b"begun\n"
            process.terminate()
            assert process.wait(30) == 143
