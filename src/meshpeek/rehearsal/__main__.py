"""`python -m meshpeek.rehearsal`: the process of the rehearsal clusters, started by meshpeek.

It reads one JSON line from standard input, `{"clusters": {NAME: {"manifests": [PATH…], "links":
[NAME…]}}}`, and writes one to standard output: `{"clusters": {NAME: URL}}` when the clusters
answer, or `{"error": …, "hint": …}` with exit status 3. It serves until standard input ends (its
parent is gone), or SIGTERM or SIGINT arrives, and exits with 0.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import sys
from collections.abc import Callable
from typing import Any

from meshpeek.errors import EnvironmentUnfitError, ExitCode, MeshpeekError
from meshpeek.rehearsal.cluster import Cluster

STANDARD_INPUT = 0


def main() -> int:
    """Run the rehearsal clusters; return the exit status."""
    try:
        clusters = build_clusters(_read_request())
        return asyncio.run(_run(clusters))
    except MeshpeekError as error:
        return _report(error.message, error.hint)
    except KeyboardInterrupt:
        return ExitCode.PASSED


def build_clusters(request: Any) -> dict[str, Cluster]:  # noqa: ANN401
    """Make and seed the clusters a request names; raises MeshpeekError."""
    from meshpeek.rehearsal import crds

    wanted = request.get("clusters") if isinstance(request, dict) else None
    if not isinstance(wanted, dict) or not wanted:
        raise EnvironmentUnfitError(
            "the request on standard input names no clusters",
            hint='write one line such as {"clusters": {"north": {"manifests": [], "links": []}}}',
        )
    clusters: dict[str, Cluster] = {}
    for index, name in enumerate(wanted, start=1):
        crds.serve_definitions(Cluster(name, index, clusters))
    return clusters


async def _run(clusters: dict[str, Cluster]) -> int:
    from meshpeek.rehearsal import controllers
    from meshpeek.rehearsal.server import Application, listen, serve

    try:
        listener = listen()
    except OSError as error:
        raise EnvironmentUnfitError(
            f"no port of the loopback address can be had: {error.strerror}",
            hint="check that 127.0.0.1 is up and that ports are free",
        ) from None
    port = listener.getsockname()[1]
    secret = os.urandom(16).hex()
    application = Application(clusters, secret, port)
    for name, cluster in clusters.items():
        cluster.server = f"http://127.0.0.1:{port}/{secret}/{name}"
    for cluster in clusters.values():
        controllers.start(cluster)
    stop = asyncio.Event()
    _stop_with_parent(stop.set)
    addresses = {name: cluster.server for name, cluster in clusters.items()}
    _say({"clusters": addresses})
    await serve(application, listener, stop.wait())
    return ExitCode.PASSED


def _read_request() -> object:
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = os.read(STANDARD_INPUT, 1)
        if not byte:
            break
        line += byte
    try:
        return json.loads(line)
    except ValueError as error:
        raise EnvironmentUnfitError(
            f"the request on standard input is no JSON line: {error}",
            hint="`meshpeek clusters` starts rehearsal clusters by hand",
        ) from None


def _stop_with_parent(stop: Callable[[], None]) -> None:
    """Call `stop` when the parent or a signal says so."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    # A regular file is always at its end, so it tells nothing about a parent.
    if stat.S_ISREG(os.fstat(STANDARD_INPUT).st_mode):
        return

    def check() -> None:
        if not os.read(STANDARD_INPUT, 4096):
            loop.remove_reader(STANDARD_INPUT)
            stop()

    loop.add_reader(STANDARD_INPUT, check)


def _say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def _report(message: str, hint: str | None) -> int:
    _say({"error": message, "hint": hint or ""})
    return ExitCode.UNFIT_ENVIRONMENT


if __name__ == "__main__":
    sys.exit(main())
