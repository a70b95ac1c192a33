"""The server of the presenter's page: a page, a stream of what happens, and three buttons.

It listens where it is told to, by default on loopback, on a port that nobody can know before. Its
URL holds a token that nobody can guess; whoever has it may see and steer the show. Requests with
another Host or Origin come from a page of somebody else's, and are refused.
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from meshpeek.errors import EnvironmentUnfitError
from meshpeek.run.events import Event
from meshpeek.sinks.presenter_page.board import Board

LOOPBACK = "127.0.0.1"
_ASSETS = {
    "": ("page.html", "text/html"),
    "page.css": ("page.css", "text/css"),
    "page.js": ("page.js", "text/javascript"),
}
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_MOST_VIEWERS = 16
_MOST_BYTES = 1000
_KEEP_ALIVE_SECONDS = 15.0
_SOCKET_SECONDS = 30.0


class Console:
    """A sink that shows a run on a page; what is asked for there goes to `ask`.

    `actions` are the words that may be asked for. `host` is the address to listen on. Use it as a
    context manager. Raises EnvironmentUnfitError if it cannot listen there.
    """

    def __init__(
        self, actions: frozenset[str], ask: Callable[[str], None], host: str = LOOPBACK
    ) -> None:
        self._board = Board()
        self._changed = threading.Condition()
        self._closed = False
        self._viewers = threading.Semaphore(_MOST_VIEWERS)
        self._actions = actions
        self._ask = ask
        self._token = secrets.token_urlsafe(24)
        try:
            self._server = _Server((host, 0), _Handler)
        except OSError as error:
            raise EnvironmentUnfitError(
                f"the console cannot listen on {host}: {error.strerror or error}",
                hint="name an address of this machine, or leave --console-host out",
            ) from error
        self._server.console = self
        self.origin = f"http://{host}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """The page's URL, token included."""
        return f"{self.origin}/{self._token}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, event: Event) -> None:
        """Show what `event` says to all who look."""
        with self._changed:
            version = self._board.version
            self._board.take(event)
            if self._board.version != version:
                self._changed.notify_all()

    def close(self) -> None:
        """Let go of those who look: nothing comes after this."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def knows(self, token: str) -> bool:
        """Tell whether `token` is the one of this console."""
        return hmac.compare_digest(token.encode(), self._token.encode())

    def request(self, action: object) -> HTTPStatus:
        """Ask for an action; only while the show waits, as keys count only then."""
        if not isinstance(action, str) or action not in self._actions:
            return HTTPStatus.BAD_REQUEST
        with self._changed:
            if not self._board.is_waiting:
                return HTTPStatus.CONFLICT
        self._ask(action)
        return HTTPStatus.ACCEPTED

    def follow(self, send: Callable[[str, Any], None]) -> None:
        """Send the show, then its state whenever it changes, until there is no more.

        `send` gets an event's name and its data; a name alone keeps the connection alive.
        """
        if not self._viewers.acquire(blocking=False):
            return
        try:
            show: dict[str, Any] = {}
            version = -1
            closed = False
            while not closed:
                with self._changed:
                    if version == self._board.version and not self._closed:
                        self._changed.wait(_KEEP_ALIVE_SECONDS)
                    latest, state = self._board.show, self._board.state
                    closed = self._closed
                    is_new, version = version != self._board.version, self._board.version
                if latest is not show:
                    show = latest
                    send("show", show)
                send("state", state) if is_new else send("", None)
        finally:
            self._viewers.release()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    console: Console

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Say nothing: a viewer who has gone is no error of the show's."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = _SOCKET_SECONDS

    def do_GET(self) -> None:
        name = self._name()
        if name is None:
            return
        if name == "events":
            self._stream()
        elif name in _ASSETS:
            file, kind = _ASSETS[name]
            self._reply(HTTPStatus.OK, Path(__file__).with_name(file).read_bytes(), kind)
        else:
            self._reply(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        self.close_connection = True
        name = self._name()
        if name is not None:
            self._reply(self._act() if name == "actions" else HTTPStatus.NOT_FOUND)

    def _act(self) -> HTTPStatus:
        length = self.headers.get("Content-Length", "")
        if self.headers.get_content_type() != "application/json":
            return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        if not length.isdecimal() or int(length) > _MOST_BYTES:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        try:
            asked = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            return HTTPStatus.BAD_REQUEST
        action = asked.get("action") if isinstance(asked, dict) else None
        return self.server.console.request(action)

    def _name(self) -> str | None:
        """Return what is asked for behind the token; answer and return None if it is not ours."""
        console = self.server.console
        origin = self.headers.get("Origin")
        if f"http://{self.headers.get('Host')}" != console.origin or origin not in (
            None,
            console.origin,
        ):
            self._reply(HTTPStatus.FORBIDDEN)
            return None
        _, token, *names = [*self.path.partition("?")[0].split("/"), ""]
        if not console.knows(token):
            self._reply(HTTPStatus.NOT_FOUND)
            return None
        return "/".join(names).rstrip("/")

    def _reply(self, status: HTTPStatus, body: bytes = b"", kind: str = "text/plain") -> None:
        body = body or status.phrase.encode()
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        self.close_connection = True
        self.send_response(HTTPStatus.OK)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()

        def send(name: str, data: object) -> None:
            message = f"event: {name}\ndata: {json.dumps(data)}\n\n" if name else ":\n\n"
            self.wfile.write(message.encode())
            self.wfile.flush()

        self.server.console.follow(send)

    def log_message(self, *_: object) -> None:
        """Log nothing: the terminal is the show's."""
