"""An API server on loopback that answers GET requests with recorded objects."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from meshpeek.rehearsal.launch import kubeconfig_text

PREFIX = "/secret/north"


@contextlib.contextmanager
def serve(recorded: Mapping[str, Any]) -> Iterator[str]:
    """Serve `recorded` by path and yield the server's URL.

    A value that is a list is served as one; of it, only what a label selector in the request
    asks for.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            found = recorded.get(url.path.removeprefix(PREFIX))
            if found is None or not url.path.startswith(PREFIX):
                self._answer(404, not_found(url.path))
            elif isinstance(found, list):
                selector = parse_qs(url.query).get("labelSelector", [""])[0]
                self._answer(200, {"items": [o for o in found if matches(o, selector)]})
            else:
                self._answer(200, found)

        def _answer(self, status: int, document: Any) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{PREFIX}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def matches(obj: Mapping[str, Any], selector: str) -> bool:
    labels = obj["metadata"].get("labels", {})
    wanted = dict(part.split("=") for part in selector.split(",") if part)
    return wanted.items() <= labels.items()


def not_found(path: str) -> dict[str, Any]:
    plural, name = path.split("/")[-2:]
    return {"kind": "Status", "code": 404, "message": f'{plural} "{name}" not found'}


def write_kubeconfig(path: Path, servers: Mapping[str, str]) -> Path:
    path.write_text(kubeconfig_text(servers, current_context="none"))
    return path
