"""Measures the rehearsal clusters: how soon they answer, what they take, what kubectl waits for.

    .venv/bin/python benchmarks/rehearsal.py [REPETITIONS]

Prints medians and, of what is measured repeatedly, the best, which is nearer the truth on a
machine that does other things meanwhile. Compare with the lines for what is not ours: the bare
imports of the libraries, and kubectl against a server that sends the same bytes without looking
at the request.
"""

from __future__ import annotations

import compileall
import contextlib
import functools
import http.client
import json
import os
import shutil
import socketserver
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import meshpeek
from meshpeek.rehearsal import ClusterSeed, kubeconfig_text, start

MANIFESTS = Path(__file__).parents[1] / "k8s"
KUBECTL = Path(sys.executable).parent / "kubectl"
SEEDS = {
    "north": ClusterSeed((MANIFESTS / "north", MANIFESTS / "emissary"), ("east", "west")),
    "east": ClusterSeed((MANIFESTS / "east",)),
    "west": ClusterSeed((MANIFESTS / "west",)),
}
WRITES = 1000
COUNTS = (100, 1000, 10_000)
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


def tell(label: str, seconds: float, more: str = "") -> None:
    print(f"{label:44}{seconds * 1000:9.1f} ms  {more}".rstrip(), flush=True)


def tell_times(label: str, times: Sequence[float], more: str = "") -> None:
    tell(label, statistics.median(times), f"best {min(times) * 1000:.1f} ms  {more}")


def repeated(measure: Callable[[], float], repetitions: int) -> list[float]:
    return [measure() for _ in range(repetitions)]


def run(command: list[str], environment: dict[str, str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


class Client:
    """One kept connection to a cluster."""

    def __init__(self, server: str) -> None:
        parts = urlsplit(server)
        self._prefix = parts.path
        self._connection = http.client.HTTPConnection(str(parts.hostname), parts.port)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> bytes:
        text = None if body is None else json.dumps(body)
        self._connection.request(method, self._prefix + path, text, headers)
        reply = self._connection.getresponse()
        content = reply.read()
        if reply.status >= 300:
            raise RuntimeError(f"{method} {path} was answered with {reply.status}: {content!r}")
        return content

    def watch(self, path: str) -> http.client.HTTPResponse:
        self._connection.request("GET", f"{self._prefix}{path}?watch=true")
        return self._connection.getresponse()


def first_reply() -> float:
    request = {
        name: {"manifests": list(map(str, seed.manifests)), "links": seed.links}
        for name, seed in SEEDS.items()
    }
    begun = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "meshpeek.rehearsal"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        process.stdin.write(json.dumps({"clusters": request}).encode() + b"\n")
        process.stdin.flush()
        servers = json.loads(process.stdout.readline())["clusters"]
        for server in servers.values():
            with urllib.request.urlopen(f"{server}/version") as reply:
                reply.read()
        taken = time.perf_counter() - begun
        process.stdin.close()
    return taken


def resident(pid: int) -> float:
    """Return a process's resident memory, in MiB."""
    shown = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, check=True)
    return int(shown.stdout) / 1024


@contextlib.contextmanager
def canned(body: bytes) -> Iterator[int]:
    """Serve `body` whatever is asked; yield the port."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            while self.request.recv(65536):
                self.request.sendall(head.encode() + b"\r\n\r\n" + body)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


def measure_kubectl(server: str, repetitions: int) -> None:
    table = Client(server).ask("GET", "/api/v1/namespaces/faces/pods?limit=500", Accept=TABLE)
    port = str(urlsplit(server).port)
    with tempfile.TemporaryDirectory() as folder, canned(table) as canned_port:
        config = Path(folder) / "config"
        other = server.replace(port, str(canned_port))
        config.write_text(kubeconfig_text({"north": server, "canned": other}))
        cache = Path(folder) / "cache"
        environment = {
            **os.environ,
            "HOME": folder,
            "KUBECONFIG": str(config),
            "KUBECACHEDIR": str(cache),
            "KUBERC": "off",
        }
        client = [str(KUBECTL), "version", "--client"]
        pods = [str(KUBECTL), "get", "pods", "-n", "faces", "--context"]
        run([*pods, "north"], environment)
        # What kubectl has discovered of the one is what it is to think of the other.
        known = cache / "discovery"
        shutil.copytree(known / f"127.0.0.1_{port}", known / f"127.0.0.1_{canned_port}")
        # In turn, so that whatever else the machine does hits all alike.
        commands = (client, [*pods, "north"], [*pods, "canned"])
        rounds = [[run(command, environment) for command in commands] for _ in range(repetitions)]
    of_client, of_pods, of_canned = zip(*rounds, strict=True)
    tell_times("kubectl version --client", of_client)
    tell_times("kubectl get pods", of_pods, compared(of_pods, of_client))
    tell_times("kubectl get pods, of canned bytes", of_canned, compared(of_canned, of_client))


def compared(times: Sequence[float], others: Sequence[float]) -> str:
    medians = statistics.median(times) / statistics.median(others)
    return f"{medians:.2f}×, best {min(times) / min(others):.2f}×"


def measure_writes(server: str) -> None:
    client = Client(server)
    begun = time.perf_counter()
    for number in range(WRITES):
        body = {"metadata": {"name": f"written-{number}"}}
        client.ask("POST", "/api/v1/namespaces/default/configmaps", body)
    taken = time.perf_counter() - begun
    print(f"{'writes of one client':44}{WRITES / taken:9.0f} /s", flush=True)


def measure_watch(server: str, repetitions: int) -> None:
    """How long after its request is sent a write arrives at a watch."""
    path = "/api/v1/namespaces/kube-public/configmaps"
    watching = Client(server).watch(path)
    watching.readline()  # the namespace's own, kube-root-ca.crt
    writer = Client(server)

    def seen() -> float:
        begun = time.perf_counter()
        writer.ask("POST", path, {"metadata": {"generateName": "seen-"}})
        watching.readline()
        return time.perf_counter() - begun

    tell_times("a watch sees a write", repeated(seen, 20 * repetitions))


def measure_growth(server: str) -> None:
    """Lists and watches of more and more pods."""
    client = Client(server)
    client.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "many"}})
    path = "/api/v1/namespaces/many/pods"
    # Of a scheduler that is not there: nodes have room for 110 pods.
    spec = {"containers": [{"name": "a", "image": "a"}], "schedulerName": "nobody"}
    made = 0
    for count in COUNTS:
        begun = time.perf_counter()
        for number in range(made, count):
            client.ask("POST", path, {"metadata": {"name": f"pod-{number}"}, "spec": spec})
        per_pod = (time.perf_counter() - begun) / (count - made)
        made = count
        tell(f"creating a pod, up to {count}", per_pod)
        for name, accept in (("as JSON", "application/json"), ("as a Table", TABLE)):
            begun = time.perf_counter()
            size = len(client.ask("GET", path, Accept=accept))
            taken = time.perf_counter() - begun
            each = f"{taken / count * 1e6:5.0f} µs each, {size / 1e6:.1f} MB"
            tell(f"list of {count} pods {name}", taken, each)
        begun = time.perf_counter()
        watching = Client(server).watch(path)
        for _ in range(count):
            watching.readline()
        taken = time.perf_counter() - begun
        each = f"{taken / count * 1e6:5.0f} µs each"
        tell(f"watch of {count} pods, until all are there", taken, each)
        watching.close()


def main() -> None:
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    # As a package is when it is installed for good, whatever PYTHONDONTWRITEBYTECODE says.
    compileall.compile_dir(Path(meshpeek.__file__).parent, quiet=1)
    for code in ("pass", "import asyncio, h11, yaml"):
        bare = functools.partial(run, [sys.executable, "-P", "-c", code], dict(os.environ))
        tell_times(f"python -c '{code}'", repeated(bare, repetitions))
    tell_times("three clusters, spawn to first replies", repeated(first_reply, repetitions))
    with start(SEEDS) as running:
        measure_kubectl(running.servers["north"], repetitions)
        print(f"{'resident memory, three clusters':44}{resident(running.pid):9.1f} MiB", flush=True)
        measure_writes(running.servers["west"])
        measure_watch(running.servers["east"], repetitions)
        measure_growth(running.servers["east"])
        print(f"{'resident memory, after all that':44}{resident(running.pid):9.1f} MiB")


if __name__ == "__main__":
    main()
