"""The process of the rehearsal clusters, `python -m meshpeek.rehearsal`, started by meshpeek.

It reads one JSON line from standard input, `{"clusters": {NAME: {"manifests": [PATH…], "links":
[NAME…], "install": [NAME…], "commands": [[WORD…]…]}}}` (see `ClusterSeed`), and writes one to
standard output: `{"clusters": {NAME: URL}, "pages": [{"title": …, "url": URL, "variable": NAME,
"is_open": BOOL}]}` when the clusters answer, or `{"error": …, "hint": …}` with exit status 3.
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
import re
import signal
import socket
import stat
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from meshpeek.http.server import Application, Handler, listen, serve
from meshpeek.rehearsal import controllers
from meshpeek.rehearsal.api.api import Api, refuse
from meshpeek.rehearsal.errors import RehearsalError
from meshpeek.rehearsal.installations import load_installations
from meshpeek.rehearsal.seeding.cluster_seed import FORM, ClusterSeed, read_seed
from meshpeek.rehearsal.seeding.seed import seed
from meshpeek.rehearsal.store import snapshot
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types import crds

_PLAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
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
        return _report(error.message, error.hint)
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
    clusters = build_clusters(seeds, port, of_clusters, past.contents if past else None)
    gc.freeze()
    gc.enable()

    def write() -> None:
        if keep:
            snapshot.write(keep, clusters.values(), port, secret)

    running = _run(clusters, f"/{of_pages}", listener, write, is_reporting=is_reporting)
    asyncio.run(running)


def build_clusters(
    seeds: Mapping[str, ClusterSeed],
    port: int,
    secret: str,
    past: Mapping[str, snapshot.Contents] | None = None,
) -> dict[str, Cluster]:
    """Make clusters, and seed them or give them what they held in the `past`.

    `port` and `secret` are in their servers' URLs. Raises RehearsalError for a seed that
    cannot be carried out.
    """
    if past is not None and list(past) != list(seeds):
        raise RehearsalError(
            f"the clusters were {', '.join(past)}, and are now to be {', '.join(seeds)}",
            hint="begin anew: the contexts in the front matter have been changed",
        )
    clusters: dict[str, Cluster] = {}
    for index, name in enumerate(seeds, start=1):
        cluster = Cluster(
            name,
            index,
            clusters,
            server=f"http://127.0.0.1:{port}/{secret}/{_path_segment(name, index)}",
            installations=load_installations(),
        )
        crds.serve_definitions(cluster)
    if past is None:
        seed(clusters, seeds)
    else:
        for name, contents in past.items():
            snapshot.restore(clusters[name], contents)
    return clusters


def _path_segment(name: str, index: int) -> str:
    """Return what stands for a cluster in its URL: any string may name a context."""
    return name if _PLAIN.fullmatch(name) else f"cluster-{index}"


async def _run(
    clusters: dict[str, Cluster],
    pages: str,
    listener: socket.socket,
    at_end: Callable[[], None],
    *,
    is_reporting: bool,
) -> None:
    """Serve `clusters`, and the pages of their installations under the path `pages`."""
    for cluster in clusters.values():
        controllers.start(cluster)
    handlers: dict[str, Handler] = {}
    for cluster in clusters.values():
        prefix = urlsplit(cluster.server).path
        handlers[prefix] = Api(cluster, prefix).handle
    port = listener.getsockname()[1]
    served = [page for installation in load_installations() for page in installation.pages]
    for page in served:
        handlers[f"{pages}/{page.name}"] = page.serve(clusters.values())
    application = Application(handlers, {f"127.0.0.1:{port}", f"localhost:{port}"}, refuse)
    stop = asyncio.Event()
    _stop_with_parent(stop.set)
    _say(
        {
            "clusters": {name: cluster.server for name, cluster in clusters.items()},
            "pages": [
                {
                    "title": page.title,
                    "url": f"http://127.0.0.1:{port}{pages}/{page.name}/",
                    "variable": page.variable,
                    "is_open": page.is_open(clusters.values()),
                }
                for page in served
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
    if not isinstance(wanted, dict) or not wanted:
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


def _report(message: str, hint: str | None) -> int:
    _say({"error": message, "hint": hint or ""})
    return UNFIT
