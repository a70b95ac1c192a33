"""The process of the rehearsal clusters, `python -m meshpeek.rehearsal`, started by meshpeek.

It reads one JSON line from standard input, `{"clusters": {NAME: {"manifests": [PATH…], "links":
[NAME…], "bare": BOOL}}}`, and writes one to standard output: `{"clusters": {NAME: URL}, "pages":
[{"title": …, "url": URL, "variable": NAME, "is_open": BOOL}]}` when the clusters answer, or
`{"error": …, "hint": …}` with exit status 3.
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
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from meshpeek.http.server import Application, Handler, listen, serve
from meshpeek.rehearsal import controllers
from meshpeek.rehearsal.api.api import Api, refuse
from meshpeek.rehearsal.errors import RehearsalError
from meshpeek.rehearsal.seed import Plan, seed
from meshpeek.rehearsal.store import snapshot
from meshpeek.rehearsal.store.cluster import Cluster
from meshpeek.rehearsal.types import crds
from meshpeek.rehearsal.types.keys import SERVICES

if TYPE_CHECKING:
    from meshpeek.rehearsal.installations.faces.site import Site

STANDARD_INPUT = 0
UNFIT = 3
"""The exit status if the clusters cannot be served; what the reply says is why."""

_FORM = 'write one line: {"clusters": {"north": {"manifests": ["/a/folder"], "links": ["east"]}}}'
_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")


def main() -> int:
    """Run the rehearsal clusters; return the exit status."""
    # Until the clusters are ready, 34,000 objects are made that all stay. Looking for garbage among
    # them takes 34 ms of 246. Frozen, they are left alone by later collections, 16 ms each.
    gc.disable()
    try:
        request = _read_request()
        plans = _plans(request)
        keep = Path(request["keep"]) if request.get("keep") else None
        with snapshot.claim(keep) if keep else contextlib.nullcontext():
            _serve(
                plans,
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
    plans: Mapping[str, Plan], keep: Path | None, *, resume: bool, is_reporting: bool
) -> None:
    """Serve the clusters of `plans` until the end; write them to the file `keep` then."""
    past = snapshot.take(keep) if keep and resume else None
    listener = _listen(past.port if past else 0)
    port = listener.getsockname()[1]
    secret = past.secret if past else os.urandom(32).hex()
    # Faces has a secret of its own: an audience sees its address, and is not to reach the clusters.
    of_clusters, of_faces = secret[:32], secret[32:]
    clusters = build_clusters(plans, port, of_clusters, past.contents if past else None)
    gc.freeze()
    gc.enable()

    def write() -> None:
        if keep:
            snapshot.write(keep, clusters.values(), port, secret)

    running = _run(clusters, f"/{of_faces}/faces", listener, write, is_reporting=is_reporting)
    asyncio.run(running)


def build_clusters(
    plans: Mapping[str, Plan],
    port: int,
    secret: str,
    past: Mapping[str, snapshot.Contents] | None = None,
) -> dict[str, Cluster]:
    """Make clusters, and seed them or give them what they held in the `past`.

    `port` and `secret` are in their servers' URLs. Raises RehearsalError for a plan that
    cannot be carried out.
    """
    if past is not None and list(past) != list(plans):
        raise RehearsalError(
            f"the clusters were {', '.join(past)}, and are now to be {', '.join(plans)}",
            hint="begin anew: the contexts in the front matter have been changed",
        )
    clusters: dict[str, Cluster] = {}
    for index, name in enumerate(plans, start=1):
        cluster = Cluster(name, index, clusters, server=f"http://127.0.0.1:{port}/{secret}/{name}")
        crds.serve_definitions(cluster)
    if past is None:
        seed(clusters, plans)
    else:
        for name, contents in past.items():
            snapshot.restore(clusters[name], contents)
    return clusters


async def _run(
    clusters: dict[str, Cluster],
    faces: str,
    listener: socket.socket,
    at_end: Callable[[], None],
    *,
    is_reporting: bool,
) -> None:
    """Serve `clusters`, and the page of Faces at the path `faces`."""
    for cluster in clusters.values():
        controllers.start(cluster)
    handlers: dict[str, Handler] = {}
    for cluster in clusters.values():
        prefix = urlsplit(cluster.server).path
        handlers[prefix] = Api(cluster, prefix).handle
    handlers[faces] = _faces_handler(clusters)
    port = listener.getsockname()[1]
    application = Application(handlers, {f"127.0.0.1:{port}", f"localhost:{port}"}, refuse)
    stop = asyncio.Event()
    _stop_with_parent(stop.set)
    _say(
        {
            "clusters": {name: cluster.server for name, cluster in clusters.items()},
            "pages": [
                {
                    "title": "Faces",
                    "url": f"http://127.0.0.1:{port}{faces}/",
                    "variable": "MESHPEEK_FACES",
                    "is_open": any(map(_has_faces, clusters.values())),
                }
            ],
        }
    )
    if is_reporting:
        from meshpeek.rehearsal.store.change_feed import report_changes

        reporting = await report_changes(clusters.values(), sys.stdout)
        await serve(application, listener, stop.wait())
        reporting.close()
    else:
        await serve(application, listener, stop.wait())
    at_end()  # here, where a second signal does nothing


def _faces_handler(clusters: Mapping[str, Cluster]) -> Handler:
    """Return what answers for Faces; loaded once somebody looks, for a start does not need it."""

    @cache
    def site() -> Site:
        from meshpeek.rehearsal.installations.faces.site import Site

        return Site(clusters.values())

    return lambda request: site().handle(request)


def _has_faces(cluster: Cluster) -> bool:
    return any(each["metadata"]["name"] == "face" for each in cluster.store.list(SERVICES))


def _listen(port: int) -> socket.socket:
    """Listen on `port` of the loopback address; on any, if it is 0 or taken."""
    try:
        return listen("127.0.0.1", port)
    except OSError as error:
        raise RehearsalError(
            f"no port of the loopback address can be had: {error.strerror}",
            hint="check that 127.0.0.1 is up and that ports are free",
        ) from None


def _plans(request: Mapping[str, Any]) -> dict[str, Plan]:
    wanted = request.get("clusters")
    if not isinstance(wanted, dict) or not wanted:
        raise RehearsalError("the request on standard input names no clusters", hint=_FORM)
    return {name: _plan(name, given) for name, given in wanted.items()}


def _plan(name: str, given: object) -> Plan:
    if not _NAME.fullmatch(name):
        raise RehearsalError(
            f"{name!r} cannot name a cluster",
            hint="a name has lower-case letters, digits and -, and begins with a letter",
        )
    lists = given if isinstance(given, dict) else {"manifests": given}
    manifests, links = _texts(name, lists.get("manifests")), _texts(name, lists.get("links"))
    return Plan(tuple(map(Path, manifests)), links, bare=lists.get("bare") is True)


def _texts(name: str, given: Any) -> tuple[str, ...]:  # noqa: ANN401
    if not isinstance(given or [], list) or not all(isinstance(each, str) for each in given or ()):
        raise RehearsalError(
            f"the request on standard input says of {name} what cannot be read", hint=_FORM
        )
    return tuple(given or ())


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
