"""`python -m meshpeek.rehearsal`: the process of the rehearsal clusters, started by meshpeek.

It reads one JSON line from standard input, `{"clusters": {NAME: {"manifests": [PATH…], "links":
[NAME…]}}}`, and writes one to standard output: `{"clusters": {NAME: URL}}` when the clusters
answer, or `{"error": …, "hint": …}` with exit status 3. It serves until standard input ends (its
parent is gone), or SIGTERM or SIGINT arrives, and exits with 0.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import re
import signal
import socket
import stat
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from meshpeek.errors import EnvironmentUnfitError, ExitCode, MeshpeekError
from meshpeek.rehearsal import controllers, crds
from meshpeek.rehearsal.cluster import Cluster
from meshpeek.rehearsal.seed import Plan, seed
from meshpeek.rehearsal.server import Application, serve

STANDARD_INPUT = 0

_FORM = 'write one line: {"clusters": {"north": {"manifests": ["/a/folder"], "links": ["east"]}}}'
_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")


def main() -> int:
    """Run the rehearsal clusters; return the exit status."""
    # What is made until the clusters are ready stays, so looking through it for garbage is waste.
    gc.disable()
    try:
        plans = _plans(_read_request())
        listener = _listen()
        clusters = build_clusters(plans, listener.getsockname()[1], os.urandom(16).hex())
        gc.freeze()
        gc.enable()
        return asyncio.run(_run(clusters, listener))
    except MeshpeekError as error:
        return _report(error.message, error.hint)
    except KeyboardInterrupt:
        return ExitCode.PASSED


def build_clusters(plans: Mapping[str, Plan], port: int, secret: str) -> dict[str, Cluster]:
    """Make and seed clusters; `port` and `secret` are in their servers' URLs.

    Raises EnvironmentUnfitError for a plan that cannot be carried out.
    """
    clusters: dict[str, Cluster] = {}
    for index, name in enumerate(plans, start=1):
        cluster = Cluster(name, index, clusters, server=f"http://127.0.0.1:{port}/{secret}/{name}")
        crds.serve_definitions(cluster)
    seed(clusters, plans)
    return clusters


async def _run(clusters: dict[str, Cluster], listener: socket.socket) -> int:
    for cluster in clusters.values():
        controllers.start(cluster)
    application = Application(clusters.values(), listener.getsockname()[1])
    stop = asyncio.Event()
    _stop_with_parent(stop.set)
    _say({"clusters": {name: cluster.server for name, cluster in clusters.items()}})
    await serve(application, listener, stop.wait())
    return ExitCode.PASSED


def _listen() -> socket.socket:
    # asyncio sends at once (TCP_NODELAY) only on sockets that name their protocol; without it
    # every answer to a client that keeps its connection would wait 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.bind(("127.0.0.1", 0))
        listener.listen(256)
    except OSError as error:
        listener.close()
        raise EnvironmentUnfitError(
            f"no port of the loopback address can be had: {error.strerror}",
            hint="check that 127.0.0.1 is up and that ports are free",
        ) from None
    return listener


def _plans(request: object) -> dict[str, Plan]:
    wanted = request.get("clusters") if isinstance(request, dict) else None
    if not isinstance(wanted, dict) or not wanted:
        raise EnvironmentUnfitError("the request on standard input names no clusters", hint=_FORM)
    return {name: _plan(name, given) for name, given in wanted.items()}


def _plan(name: str, given: object) -> Plan:
    if not _NAME.fullmatch(name):
        raise EnvironmentUnfitError(
            f"{name!r} cannot name a cluster",
            hint="a name has lower-case letters, digits and -, and begins with a letter",
        )
    lists = given if isinstance(given, dict) else {"manifests": given}
    manifests, links = _texts(name, lists.get("manifests")), _texts(name, lists.get("links"))
    return Plan(tuple(map(Path, manifests)), links)


def _texts(name: str, given: Any) -> tuple[str, ...]:  # noqa: ANN401
    if not isinstance(given or [], list) or not all(isinstance(each, str) for each in given or ()):
        raise EnvironmentUnfitError(
            f"the request on standard input says of {name} what cannot be read", hint=_FORM
        )
    return tuple(given or ())


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
