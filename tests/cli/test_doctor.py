"""`meshpeek doctor`, on machines that lack something and on one that lacks nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.conftest import PROGRAM, ROOT, RunProgram
from tests.pty_terminal import Terminal


class Answers(BaseHTTPRequestHandler):
    """A cluster that knows its version and nothing else."""

    def do_GET(self) -> None:
        body = json.dumps({"major": "1", "minor": "27", "gitVersion": "v1.27.4+k3s1"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def cluster() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def write_kubeconfig(path: Path, **servers: str) -> Path:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": n, "cluster": {"server": url}} for n, url in servers.items()],
        "contexts": [{"name": n, "context": {"cluster": n, "user": ""}} for n in servers],
    }
    path.write_text(json.dumps(config))
    return path


def write_workshop(path: Path, contexts: str, requires: str = "{}") -> Path:
    path.write_text(f"---\nmeshpeek:\n  contexts: {contexts}\n  requires: {requires}\n---\n")
    return path


def test_without_a_file_it_looks_at_what_every_run_needs(meshpeek: RunProgram) -> None:
    result = meshpeek("doctor")
    assert result.returncode == 0
    bash, terminal = result.stdout.splitlines()
    assert re.match(r"ok     bash \d", bash)
    assert terminal.startswith("note   not a terminal")


def test_each_context_is_asked(meshpeek: RunProgram, tmp_path: Path, cluster: str) -> None:
    config = write_kubeconfig(tmp_path / "config", north=cluster, east="http://127.0.0.1:1")
    workshop = write_workshop(tmp_path / "w.md", "[north, east, west]")
    result = meshpeek("doctor", workshop, KUBECONFIG=str(config))
    assert result.returncode == 3
    north, east, _, west, _ = result.stdout.splitlines()[-5:]
    assert north == "ok     cluster north: Kubernetes v1.27.4+k3s1"
    assert east.startswith("fault  east does not answer: ")
    assert west == "fault  kubectl has no context west; it has east, north"


def test_a_machine_that_has_all_is_fit(meshpeek: RunProgram, tmp_path: Path, cluster: str) -> None:
    config = write_kubeconfig(tmp_path / "config", north=cluster)
    workshop = write_workshop(tmp_path / "w.md", "[north]", '{kubectl: "1.20"}')
    result = meshpeek("doctor", workshop, KUBECONFIG=str(config))
    assert result.returncode == 0, result.stdout
    assert "fault" not in result.stdout


def test_a_tool_that_is_missing_or_too_old_is_a_fault(meshpeek: RunProgram, tmp_path: Path) -> None:
    workshop = write_workshop(tmp_path / "w.md", "[]", '{bash: "99", no-such-tool: ""}')
    result = meshpeek("doctor", workshop)
    assert result.returncode == 3
    assert "fault  bash is version " in result.stdout
    assert "; 99 or newer is required" in result.stdout
    assert "fault  no-such-tool was not found\n       hint: install" in result.stdout


def test_a_wrong_workshop_is_the_workshop_s_error(meshpeek: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "w.md").write_text("```bash\n#@macro never\n```\n")
    result = meshpeek("doctor", "w.md")
    assert result.returncode == 2
    assert "w.md:2:3: error: `@macro` is never closed" in result.stderr


@pytest.mark.slow
def test_a_rehearsal_is_started_to_see_that_it_can_be(meshpeek: RunProgram) -> None:
    result = meshpeek("doctor", "--rehearse", "workshop.md", cwd=ROOT)
    assert result.returncode == 0, result.stdout
    assert "ok     linkerd: a stand-in" in result.stdout
    for context in ("north", "east", "west"):
        assert f"ok     cluster {context}: Kubernetes v1.27" in result.stdout


def test_a_small_terminal_is_noted(clean_environment: dict[str, str], tmp_path: Path) -> None:
    with Terminal([PROGRAM, "doctor"], clean_environment, tmp_path, rows=20, columns=70) as small:
        assert small.wait_for_end() == 0
        assert "terminal: 70×20; `present` needs at least 80×24" in small.text
    with Terminal([PROGRAM, "doctor"], clean_environment, tmp_path, rows=24) as enough:
        assert enough.wait_for_end() == 0
        assert "ok     terminal: 80×24" in enough.text


@pytest.mark.parametrize("requires", ["{}", '{kubectl: ""}'])
def test_a_kubectl_that_is_not_there_is_told_once(
    meshpeek: RunProgram, tmp_path: Path, requires: str
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "bash").symlink_to("/bin/bash")
    write_workshop(tmp_path / "w.md", "[north]", requires)
    result = meshpeek("doctor", "w.md", PATH=str(programs))
    assert result.returncode == 3
    assert result.stdout.count("kubectl was not found") == 1
