"""Sealed rehearsals: whatever a command does, it reaches the rehearsal's clusters alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.conftest import PROGRAM, RunProgram
from tests.pty_terminal import Show, Terminal
from tests.tools import find_tool

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="needs Linux' namespaces"),
]

_PROBE = "import os; from meshpeek.session.sealing import seal_network as s; s({})"
"""Fails where a network namespace is refused: there, meshpeek has to say so."""

FRONT_MATTER = "---\nmeshpeek: {contexts: [north], install: []SEALED}\n---\n"
WAYS = (
    'curl -sS -m 5 "$URL"',
    'env -i /usr/bin/env curl -sS -m 5 "$URL"',
    '"$PYTHON" -c \'import os, urllib.request as u; u.urlopen(os.environ["URL"], None, 5)\'',
    '"$KUBECTL" --kubeconfig /dev/null -s "$URL" --request-timeout 5 get --raw /',
    'env -i "$KUBECTL" -s "$URL" --request-timeout 5 get --raw /',
)


class Outside:
    """A server on this machine's loopback, outside of any rehearsal, that counts requests."""

    def __init__(self) -> None:
        self.requests = 0
        outside = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outside.requests += 1
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def outside() -> Iterator[Outside]:
    server = Outside()
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.fixture(scope="module")
def is_allowed() -> bool:
    return not subprocess.run([sys.executable, "-c", _PROBE], capture_output=True).returncode


def write(folder: Path, *names: str, sealed: str = "") -> None:
    steps = ["kubectl --context north get ns", *(f"! {way}" for way in WAYS)]
    text = FRONT_MATTER.replace("SEALED", sealed) + "".join(
        f"```bash\n{step}\n```\n\n" for step in steps
    )
    for name in names:
        (folder / name).write_text(text)


def variables(outside: Outside) -> dict[str, str]:
    return {"URL": outside.url, "KUBECTL": find_tool("kubectl"), "PYTHON": sys.executable}


def test_these_ways_lead_out_of_a_rehearsal_that_is_not_sealed(
    meshpeek: RunProgram, tmp_path: Path, outside: Outside
) -> None:
    write(tmp_path, "w.md")
    result = meshpeek("ci", "--rehearse", "--keep-going", "w.md", **variables(outside))
    assert f"{len(WAYS)} failed" in result.stdout, result.stdout
    assert outside.requests >= len(WAYS)  # kubectl asks for more than one thing


@pytest.mark.parametrize(
    ("sealed", "arguments"),
    [
        (", sealed: true", ("ci", "--rehearse", "w.md")),
        ("", ("ci", "--rehearse", "--sealed", "-j", "2", "w.md", "v.md")),
        ("", ("run", "--rehearse", "--sealed", "--pace", "0", "w.md")),
    ],
)
def test_a_sealed_one_reaches_nothing_but_its_clusters(
    meshpeek: RunProgram,
    tmp_path: Path,
    outside: Outside,
    is_allowed: bool,
    sealed: str,
    arguments: tuple[str, ...],
) -> None:
    write(tmp_path, "w.md", "v.md", sealed=sealed)
    result = meshpeek(*arguments, **variables(outside))
    assert outside.requests == 0
    if not is_allowed:
        assert (result.returncode, "cannot be sealed" in result.stderr) == (3, True)
        return
    assert result.returncode == 0, result.stdout + result.stderr
    assert "REHEARSAL, sealed: north is embedded" in result.stdout


def test_as_a_user_without_privileges_it_is_the_same(
    clean_environment: dict[str, str], tmp_path: Path, outside: Outside, is_allowed: bool
) -> None:
    write(tmp_path, "w.md")
    drop = ["--bounding-set=-sys_admin", "--inh-caps=-sys_admin"] if os.geteuid() == 0 else []
    command = [find_tool("setpriv"), *drop, PROGRAM, "ci", "--rehearse", "--sealed", "w.md"]
    result = subprocess.run(
        command,
        cwd=tmp_path,
        env=clean_environment | variables(outside),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert outside.requests == 0
    assert result.returncode == 0 or not is_allowed, result.stdout + result.stderr


def test_where_it_is_refused_nothing_runs(
    clean_environment: dict[str, str], tmp_path: Path, is_allowed: bool
) -> None:
    if not is_allowed or not shutil.which("unshare"):
        pytest.skip("needs a user namespace in which to refuse more of them")
    (tmp_path / "w.md").write_text(FRONT_MATTER.replace("SEALED", "") + "```bash\ntouch ran\n```\n")
    refuse = 'echo 0 >/proc/sys/user/max_net_namespaces && exec "$@"'
    command = [PROGRAM, "ci", "--rehearse", "--sealed", "--junit", "j.xml", "w.md"]
    result = subprocess.run(
        ["unshare", "-Ur", "sh", "-c", refuse, "sh", *command],
        cwd=tmp_path,
        env=clean_environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 3
    assert "error: this rehearsal cannot be sealed" in result.stderr
    assert "sysctl user.max_net_namespaces=10000" in result.stderr
    assert "cannot be sealed" in (tmp_path / "j.xml").read_text()
    assert not (tmp_path / "ran").exists()


def test_a_presentation_is_sealed_with_the_workshops_that_it_runs(
    clean_environment: dict[str, str], tmp_path: Path, outside: Outside, is_allowed: bool
) -> None:
    if not is_allowed:
        pytest.skip("a network namespace is refused here; the others see to the error")
    (tmp_path / "inner.md").write_text('```bash\ncurl -sS "$URL" || echo "inner: $?"\n```\n')
    (tmp_path / "w.md").write_text(
        FRONT_MATTER.replace("SEALED", ", sealed: true")
        + '<!-- @SHOW -->\n```bash\n"$SHELL" inner.md\n```\n'
    )
    events = tmp_path / "events"
    options = ("--rehearse", "--rest", "0", "--typing", "0", "--no-journal", "--events", events)
    command = [PROGRAM, "present", *options, "w.md"]
    with Terminal(command, clean_environment | variables(outside), tmp_path) as terminal:
        terminal.wait_for("sealed")
        Show(terminal, events).press("\r")
        terminal.wait_for("inner: 7")
    assert outside.requests == 0


def test_a_command_on_sealed_clusters(
    meshpeek: RunProgram, outside: Outside, is_allowed: bool
) -> None:
    script = 'kubectl --context north get ns && ! curl -sS "$URL"'
    result = meshpeek(
        "clusters", "--bare", "--sealed", "--", "sh", "-c", script, **variables(outside)
    )
    assert outside.requests == 0
    assert result.returncode == (0 if is_allowed else 3), result.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("ci", "--sealed", "w.md"), "--sealed is for rehearsals"),
        (("run", "--sealed", "w.md"), "--sealed is for rehearsals"),
        (("present", "--rehearse", "--sealed", "--console", "w.md"), "no browser reaches it"),
        (("clusters", "--sealed", "w.md"), "--sealed needs a command after `--`"),
    ],
)
def test_what_cannot_be_together_is_an_error(
    meshpeek: RunProgram, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    write(tmp_path, "w.md")
    result = meshpeek(*arguments)
    assert result.returncode == 2
    assert told in result.stderr


def test_a_rehearsal_within_one_that_is_not_sealed_is_refused(
    meshpeek: RunProgram, tmp_path: Path
) -> None:
    (tmp_path / "inner.md").write_text(FRONT_MATTER.replace("SEALED", ", sealed: true") + "# x\n")
    (tmp_path / "w.md").write_text(
        FRONT_MATTER.replace("SEALED", "") + '```bash\n"$SHELL" inner.md\n```\n'
    )
    result = meshpeek("ci", "--rehearse", "w.md")
    assert result.returncode == 1
    assert "it is part of one that is not" in result.stdout
