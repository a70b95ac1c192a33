"""The process of the rehearsal clusters, `python -m meshpeek.rehearsal`, started by meshpeek.

It reads one JSON line from standard input, `{"clusters": {NAME: {"manifests": [PATH…], "links":
[NAME…], "install": [NAME…], "commands": [[WORD…]…]}}}` (see `ClusterSeed`), and writes one to
standard output: `{"clusters": {NAME: URL}, "control": URL, "pages": [{"title": …,
"url": URL, "variable": NAME, "is_open": BOOL}]}` when the clusters answer, or `{"error": …,
"hint": …}` with exit status 3.
It serves until standard input ends (its parent is gone), or SIGTERM, SIGHUP or SIGINT arrives,
and exits with 0.

With `"report": true` beside `"clusters"`, it writes a line for each change from then on: see
`changes`. With `"keep": PATH`, the clusters are written to that file at the end; with `"resume":
true` as well, they begin with what it holds, under the same URLs if that can be.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import signal
import socket
import stat
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from meshpeek.http.server import Application, listen, serve
from meshpeek.rehearsal.api.api import refuse
from meshpeek.rehearsal.errors import RehearsalError
from meshpeek.rehearsal.installations import load_installations
from meshpeek.rehearsal.seeding.cluster_seed import FORM, ClusterSeed, read_seed
from meshpeek.rehearsal.served_clusters import ClusterControl, ServedClusters
from meshpeek.rehearsal.store import snapshot

_CONTROL = "-"
"""The last part of the control's URL: no cluster's is the same."""

STANDARD_INPUT = 0
UNFIT = 3
"""The exit status if the clusters cannot be served; what the reply says is why."""


def main() -> int:
    """Run the rehearsal clusters; return the exit status."""
    # Until the clusters are ready, 34,000 objects are made that all stay. Looking for garbage among
    # them takes 34 ms of 246. Frozen, they are left alone by later collections, 16 ms each.
    gc.disable()
    try:
        request = _read_request()
        seeds = _read_seeds(request)
        keep = Path(request["keep"]) if request.get("keep") else None
        with snapshot.claim(keep) if keep else contextlib.nullcontext():
            _serve(
                seeds,
                keep,
                resume=bool(request.get("resume")),
                is_reporting=bool(request.get("report")),
            )
    except RehearsalError as error:
        return _report(error)
    except KeyboardInterrupt:
        pass
    return 0


def _serve(
    seeds: Mapping[str, ClusterSeed], keep: Path | None, *, resume: bool, is_reporting: bool
) -> None:
    """Serve the clusters of `plans` until the end; write them to the file `keep` then."""
    past = snapshot.take(keep) if keep and resume else None
    listener = _listen(past.port if past else 0)
    port = listener.getsockname()[1]
    secret = past.secret if past else os.urandom(32).hex()
    # Pages have a secret of their own: an audience that sees their URLs cannot reach the clusters.
    of_clusters, of_pages = secret[:32], secret[32:]
    served = ServedClusters(f"http://127.0.0.1:{port}/{of_clusters}")
    if past is None:
        served.seed(seeds)
    else:
        _check_started(past.started, list(seeds))
        served.restore(past.contents)
    gc.freeze()
    gc.enable()

    def write() -> None:
        if keep:
            snapshot.write(keep, served.clusters.values(), port, secret, list(seeds))

    asyncio.run(_run(served, f"/{of_pages}", listener, write, is_reporting=is_reporting))


def _check_started(started: Sequence[str], names: Sequence[str]) -> None:
    if list(started) != list(names):
        raise RehearsalError(
            f"the clusters were {', '.join(started)}, and are now to be {', '.join(names)}",
            hint="begin anew: the contexts in the settings have been changed",
        )


async def _run(
    served: ServedClusters,
    pages: str,
    listener: socket.socket,
    at_end: Callable[[], None],
    *,
    is_reporting: bool,
) -> None:
    """Serve the clusters, and the pages of their installations under the path `pages`."""
    served.start()
    clusters = served.clusters
    control = f"{served.origin}/{_CONTROL}"
    served.handlers[urlsplit(control).path] = ClusterControl(served).handle
    port = listener.getsockname()[1]
    offered = [page for installation in load_installations() for page in installation.pages]
    for page in offered:
        served.handlers[f"{pages}/{page.name}"] = page.serve(clusters.values())
    hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
    application = Application(served.handlers, hosts, refuse)
    stop = asyncio.Event()
    _stop_with_parent(stop.set)
    _say(
        {
            "clusters": {name: cluster.server for name, cluster in clusters.items()},
            "control": control,
            "pages": [
                {
                    "title": page.title,
                    "url": f"http://127.0.0.1:{port}{pages}/{page.name}/",
                    "variable": page.variable,
                    "is_open": page.is_open(clusters.values()),
                }
                for page in offered
            ],
        }
    )
    if is_reporting:
        from meshpeek.rehearsal.store.change_feed import report_changes

        reporting = await report_changes(clusters.values(), sys.stdout)
        await serve(application, [listener], stop.wait())
        reporting.close()
    else:
        await serve(application, [listener], stop.wait())
    at_end()  # here, where a second signal does nothing


def _listen(port: int) -> socket.socket:
    """Listen on `port` of the loopback address; on any, if it is 0 or taken."""
    try:
        return listen("127.0.0.1", port)
    except OSError as error:
        raise RehearsalError(
            f"no port of the loopback address can be had: {error.strerror}",
            hint="check that 127.0.0.1 is up and that ports are free",
        ) from None


def _read_seeds(request: Mapping[str, Any]) -> dict[str, ClusterSeed]:
    wanted = request.get("clusters")
    if not isinstance(wanted, dict):
        raise RehearsalError("the request on standard input names no clusters", hint=FORM)
    return {name: read_seed(name, given) for name, given in wanted.items()}


def _read_request() -> Mapping[str, Any]:
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = os.read(STANDARD_INPUT, 1)
        if not byte:
            break
        line += byte
    try:
        request = json.loads(line)
    except ValueError as error:
        raise RehearsalError(
            f"the request on standard input is no JSON line: {error}",
            hint="`meshpeek clusters` starts rehearsal clusters by hand",
        ) from None
    return request if isinstance(request, dict) else {}


def _stop_with_parent(stop: Callable[[], None]) -> None:
    """Call `stop` when the parent or a signal says so."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
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


def _report(error: RehearsalError) -> int:
    _say({"error": error.message, "hint": error.hint or "", "is_input": error.is_input})
    return UNFIT
