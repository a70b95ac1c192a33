"""The process that serves the clusters: its contract, and what comes to it over the wire."""

from __future__ import annotations

import errno
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from meshpeek.rehearsal import process
from meshpeek.rehearsal.errors import RehearsalError

pytestmark = pytest.mark.slow

WAIT = 20


@dataclass
class Running:
    """A process of rehearsal clusters, and the server of its only one."""

    process: subprocess.Popen[str]
    url: str

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        assert parts.hostname
        assert parts.port
        return (parts.hostname, parts.port)

    @property
    def prefix(self) -> str:
        return urlsplit(self.url).path

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, object]]:
        connection = http.client.HTTPConnection(*self.address, timeout=WAIT)
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def send(self, data: bytes, *, shut: bool = False) -> bytes:
        """Send bytes as they are, and return all that comes back until the server hangs up."""
        with socket.create_connection(self.address, timeout=WAIT) as link:
            link.sendall(data)
            if shut:
                link.shutdown(socket.SHUT_WR)
            received = b""
            try:
                while chunk := link.recv(65536):
                    received += chunk
            except ConnectionResetError:
                pass
            return received

    def request(self, line: str, body: bytes = b"", *headers: str) -> bytes:
        lines = [line, f"Host: {self.address[0]}:{self.address[1]}", "Connection: close", *headers]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def is_well(self) -> bool:
        return self.get(f"{self.prefix}/version")[1]["major"] == "1"


def spawn(request: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "meshpeek.rehearsal"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    process.stdin.write(request + "\n")
    process.stdin.flush()
    return process


def started() -> Running:
    process = spawn('{"clusters": {"north": {"manifests": [], "links": []}}}')
    assert process.stdout
    reply = json.loads(process.stdout.readline())
    return Running(process, reply["clusters"]["north"])


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """End a process by the end of its input, and return its status and all that it said."""
    try:
        out, err = process.communicate(timeout=WAIT)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    return process.returncode, out, err


@pytest.fixture(scope="module")
def shared() -> Iterator[Running]:
    running = started()
    yield running
    code, out, err = ended(running.process)
    assert (code, out, err) == (0, "", "")


@pytest.fixture
def running() -> Iterator[Running]:
    running = started()
    yield running
    if running.process.poll() is None:
        running.process.kill()
    ended(running.process)


def watching(running: Running) -> socket.socket:
    """Open a watch and wait until its first event is there."""
    link = socket.create_connection(running.address, timeout=WAIT)
    link.sendall(running.request(f"GET {running.prefix}/api/v1/namespaces?watch=true HTTP/1.1"))
    received = b""
    while b'"ADDED"' not in received:
        received += link.recv(65536)
    return link


def test_it_serves_on_loopback_behind_a_secret(shared: Running) -> None:
    assert shared.address[0] == "127.0.0.1"
    secret = shared.prefix.split("/")[1]
    assert len(secret) == 32
    assert shared.is_well()
    for path in ("/", "/version", f"/{'0' * 32}/north/version", f"/{secret}/south/version"):
        code, status = shared.get(path)
        assert (code, status["kind"]) == (404, "Status")


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1", "", "127.0.0.1:1"])
def test_other_hosts_are_refused(shared: Running, host: str) -> None:
    code, status = shared.get(f"{shared.prefix}/version", Host=host)
    assert (code, status["kind"]) == (421, "Status")


def test_a_body_that_is_too_large_is_refused(shared: Running) -> None:
    path = f"POST {shared.prefix}/api/v1/namespaces HTTP/1.1"
    announced = shared.send(shared.request(path, b"", "Content-Length: 99999999"), shut=True)
    assert announced.startswith(b"HTTP/1.1 413 ")
    assert b'"reason":"RequestEntityTooLarge"' in announced
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    streamed = shared.send(shared.request(path, chunk * 49, "Transfer-Encoding: chunked"))
    assert streamed.startswith(b"HTTP/1.1 413 ")
    assert shared.is_well()


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"nonsense\r\n\r\n",
        b"GET " + b"/a" * 40000 + b" HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: five\r\n\r\n",
    ],
    ids=["tls", "nonsense", "long", "length"],
)
def test_what_is_no_http_is_refused(shared: Running, data: bytes) -> None:
    assert shared.send(data, shut=True).startswith(b"HTTP/1.1 400 ")
    assert shared.is_well()


def test_queries_that_cannot_be_read_are_refused(shared: Running) -> None:
    many = "&".join(f"a{number}=1" for number in range(200))
    for query in ("a=%ff", many):
        code, status = shared.get(f"{shared.prefix}/api/v1/pods?{query}")
        assert (code, status["reason"]) == (400, "BadRequest")


def test_clients_that_leave_early_do_no_harm(shared: Running) -> None:
    start = shared.request(
        f"POST {shared.prefix}/api/v1/namespaces HTTP/1.1", b"{", "Content-Length: 100"
    )
    assert shared.send(start, shut=True).startswith(b"HTTP/1.1 400 ")
    with socket.create_connection(shared.address, timeout=WAIT) as link:
        link.sendall(start)
    for _ in range(3):
        watching(shared).close()
    assert shared.is_well()


def test_a_watcher_that_half_closes_ends_its_watch(shared: Running) -> None:
    with watching(shared) as link:
        link.shutdown(socket.SHUT_WR)
        while link.recv(65536):
            pass
    assert shared.is_well()


def test_many_watchers_see_one_write(shared: Running) -> None:
    links = [watching(shared) for _ in range(200)]
    try:
        body = b'{"metadata": {"name": "seen-by-all"}}'
        length = f"Content-Length: {len(body)}"
        path = f"POST {shared.prefix}/api/v1/namespaces HTTP/1.1"
        assert shared.send(shared.request(path, body, length)).startswith(b"HTTP/1.1 201 ")
        for link in links:
            received = b""
            while b"seen-by-all" not in received:
                received += link.recv(65536)
    finally:
        for link in links:
            link.close()


def test_it_ends_when_its_parent_goes_watches_or_not(running: Running) -> None:
    with watching(running) as link:
        assert running.process.stdin
        running.process.stdin.close()
        running.process.stdin = None
        assert ended(running.process) == (0, "", "")
        rest = b""
        while chunk := link.recv(65536):
            rest += chunk
        assert rest.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it(running: Running, number: signal.Signals) -> None:
    with watching(running):
        os.kill(running.process.pid, number)
        assert running.process.wait(WAIT) == 0


@pytest.mark.parametrize(
    ("request_line", "problem"),
    [
        ("nonsense", "is no JSON line"),
        ("[]", "names no clusters"),
        ("{}", "names no clusters"),
        ('{"clusters": {"no\\nname": {}}}', "invalid name of a cluster"),
        ('{"clusters": {"north": {"manifests": "k8s"}}}', "invalid value for north"),
        ('{"clusters": {"north": {"install": "linkerd"}}}', "invalid value for north"),
        ('{"clusters": {"north": {"commands": "linkerd"}}}', "invalid value for north"),
        ('{"clusters": {"north": {"commands": ["linkerd"]}}}', "invalid value for north"),
        ('{"clusters": {"north": {"commands": [[]], "links": ["x"]}}}', "cannot be linked to"),
        ('{"clusters": {"north": {"install": ["istio"]}}}', "unknown installation `istio`"),
        ('{"clusters": {"north": {"links": ["south"]}}}', "cannot be linked to 'south'"),
        ('{"clusters": {"north": {"manifests": ["/nowhere.yaml"]}}}', "/nowhere.yaml"),
    ],
)
def test_what_it_cannot_do_it_says(request_line: str, problem: str) -> None:
    code, out, err = ended(spawn(request_line))
    reply = json.loads(out)
    assert problem in reply["error"]
    assert reply["hint"]
    assert (code, err) == (process.UNFIT, "")


@pytest.mark.parametrize("failing", ["__init__", "bind", "listen"])
def test_a_port_that_cannot_be_had_is_told(monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    def fail(*arguments: object) -> None:
        raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")

    unfit = type("Unfit", (socket.socket,), {failing: fail})
    monkeypatch.setattr(process.socket, "socket", unfit)
    with pytest.raises(RehearsalError) as failure:
        process._listen(0)
    assert failure.value.message == (
        "no port of the loopback address can be had: Cannot assign requested address"
    )


def test_a_manifest_that_a_cluster_refuses_is_named(tmp_path: Path) -> None:
    (tmp_path / "service.yaml").write_text(
        "apiVersion: v1\nkind: Service\nmetadata: {name: Bad}\nspec: {}\n"
    )
    request = {"clusters": {"north": {"manifests": [str(tmp_path)], "links": []}}}
    code, out, _ = ended(spawn(json.dumps(request)))
    assert code == process.UNFIT
    error = json.loads(out)["error"]
    assert str(tmp_path) in error
    assert "refuses the Service 'Bad'" in error
