"""The page of Faces and what it asks for: cells, and what the routes say at present."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from meshpeek.http.exchange import Request, Response, encode, text
from meshpeek.http.pages import read_page
from meshpeek.rehearsal.installations.faces.cells import Cells, ServiceView, find_home
from meshpeek.rehearsal.installations.faces.hops import Hop
from meshpeek.rehearsal.store.cluster import Cluster


class Site:
    """Answers the requests of browsers.

    `/cell` is one cell's request. It is answered at once and says how long it would have taken,
    for the page to wait: browsers keep no more than six requests under way, and Faces has sixteen.
    `/routes` says what holds at present. The header X-Faces-User is passed on to the workloads, so
    routes may look at it.
    """

    def __init__(self, clusters: Iterable[Cluster]) -> None:
        self._clusters = tuple(clusters)
        self._cells = Cells(self._clusters, Random(), time.monotonic)  # noqa: S311 - a game of dice

    def handle(self, request: Request) -> Response:
        """Return the answer to a request; a fault of ours is answered with 500."""
        try:
            return self._route(request)
        except Exception as fault:  # noqa: BLE001 - it must not end the server
            traceback.print_exception(fault, file=sys.stderr)
            return text(f"Faces cannot be worked out: {fault!r}\n", 500)

    def _route(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return text("only GET is allowed here\n", 405)
        user = {"x-faces-user": request.headers.get("x-faces-user", "unknown")}
        match request.path:
            case "":
                return Response(308, headers={"Location": "faces/"})
            case "/cell":
                return _fresh(_hop(self._cells.ask(user)))
            case "/routes":
                return _fresh(self._routes(user))
            case path if path in _page():
                return _page()[path]
        return text("not found; the page is /faces/\n", 404)

    def _routes(self, user: Mapping[str, str]) -> dict[str, Any]:
        home = find_home(self._clusters)
        return {
            "clusters": [cluster.name for cluster in self._clusters],
            "home": home.cluster.name if home else None,
            "services": [_service(view) for view in self._cells.view(user)],
        }


@cache
def _page() -> Mapping[str, Response]:
    return read_page(files("meshpeek.rehearsal.installations.faces").joinpath("page"))


def _fresh(value: Mapping[str, Any]) -> Response:
    return Response(200, encode(value), headers={"Cache-Control": "no-store"})


def _hop(hop: Hop) -> dict[str, Any]:
    return {
        "service": hop.service,
        "status": hop.status,
        "milliseconds": _milliseconds(hop.seconds),
        "route": hop.route,
        "backend": hop.backend,
        "cluster": hop.cluster,
        "pod": hop.pod,
        "reason": hop.reason,
        "body": hop.body,
        "calls": [_hop(call) for call in hop.calls],
    }


def _service(view: ServiceView) -> dict[str, Any]:
    return {
        "name": view.name,
        "isThere": view.is_there,
        "route": view.route,
        "requestTimeout": _milliseconds(view.request_timeout),
        "backendTimeout": _milliseconds(view.backend_timeout),
        "backends": [backend._asdict() for backend in view.backends],
    }


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)
