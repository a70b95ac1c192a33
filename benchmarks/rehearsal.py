"""Measures the rehearsal clusters: how soon they answer, what they take, what kubectl waits for.

    .venv/bin/python benchmarks/rehearsal.py [REPETITIONS]

Prints medians. On a machine that does other things meanwhile, compare with the line for the bare
imports of the libraries, which is the part of the start that is not ours.
"""

from __future__ import annotations

import compileall
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import meshpeek
from meshpeek.rehearsal.launch import ClusterSeed, RunningClusters, kubeconfig_text, start

MANIFESTS = Path(__file__).parents[1] / "k8s"
KUBECTL = Path(sys.executable).parent / "kubectl"
SEEDS = {
    "north": ClusterSeed((MANIFESTS / "north", MANIFESTS / "emissary"), ("east", "west")),
    "east": ClusterSeed((MANIFESTS / "east",)),
    "west": ClusterSeed((MANIFESTS / "west",)),
}
WRITES = 1000


def median(measure: Callable[[], float], repetitions: int) -> float:
    return statistics.median(measure() for _ in range(repetitions))


def run(command: list[str], environment: dict[str, str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


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


def write(server: str) -> float:
    """Return how long a thousand writes of one client on one connection take, in seconds."""
    import http.client
    from urllib.parse import urlsplit

    parts = urlsplit(server)
    connection = http.client.HTTPConnection(parts.hostname, parts.port)
    begun = time.perf_counter()
    for number in range(WRITES):
        body = json.dumps({"metadata": {"name": f"c{time.monotonic_ns()}-{number}"}})
        connection.request("POST", f"{parts.path}/api/v1/namespaces/default/configmaps", body)
        reply = connection.getresponse()
        reply.read()
        if reply.status != 201:
            raise RuntimeError(f"a write was answered with {reply.status}")
    connection.close()
    return time.perf_counter() - begun


def report(running: RunningClusters, repetitions: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config"
        config.write_text(kubeconfig_text(running.servers))
        environment = {
            **os.environ,
            "HOME": folder,
            "KUBECONFIG": str(config),
            "KUBECACHEDIR": f"{folder}/cache",
            "KUBERC": "off",
        }
        client = [str(KUBECTL), "version", "--client"]
        pods = [str(KUBECTL), "--context", "north", "get", "pods", "-n", "faces"]
        run(pods, environment)
        # Alternating, so that whatever else the machine does hits both alike.
        pairs = [(run(client, environment), run(pods, environment)) for _ in range(repetitions)]
    of_client, of_pods = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"kubectl version --client        {of_client * 1000:7.1f} ms")
    print(f"kubectl get pods                {of_pods * 1000:7.1f} ms  ({of_pods / of_client:.2f}×)")
    print(f"resident memory, three clusters {resident(running.pid):7.1f} MiB")
    print(f"writes of one client            {WRITES / write(running.servers['west']):7.0f} /s")


def main() -> None:
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    # As a package is when it is installed for good, whatever PYTHONDONTWRITEBYTECODE says.
    compileall.compile_dir(Path(meshpeek.__file__).parent, quiet=1)
    bare = [sys.executable, "-P", "-c", "import asyncio, h11, yaml"]
    of_import = median(lambda: run(bare, dict(os.environ)), repetitions)
    print(f"python -c 'import asyncio, h11, yaml' {of_import * 1000:7.1f} ms")
    of_start = median(first_reply, repetitions)
    print(f"spawn to first replies of three {of_start * 1000:7.1f} ms")
    with start(SEEDS) as running:
        report(running, repetitions)


if __name__ == "__main__":
    main()
