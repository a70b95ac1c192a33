"""The process that serves the page: events come in on standard input, viewers follow over HTTP.

It is a process of its own, so that 300 viewers take nothing from the show. Nobody can steer: it
answers GET and HEAD alone, and has no way back to the show. It ends when its input ends.

A viewer is no more than the version of the page that it has. Whenever it can take more, it gets
everything that changed since then, so one that is slow, late or was cut off is no special case.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import socket
import sys
from collections.abc import AsyncGenerator, Container, Sequence
from importlib.resources import files
from ipaddress import ip_address
from types import MappingProxyType
from urllib.parse import quote

from meshpeek.errors import ExitCode
from meshpeek.http.exchange import HttpError, Request, Response
from meshpeek.http.pages import PAGE_HEADERS, refuse
from meshpeek.http.server import Application, Handler, authority, serve
from meshpeek.run.events import Event, RunStarted
from meshpeek.run.frames import FrameReader
from meshpeek.sinks.html.parts import script, style_sheet
from meshpeek.sinks.shared_page.shared_document import STOPPED, SharedDocument
from meshpeek.sinks.shared_page.whole_pages import frozen_page, live_page

MAXIMUM_VIEWERS = 600
MAXIMUM_CONNECTIONS = 3000
BETWEEN_VERSIONS_SECONDS = 0.08
"""The least time between two versions of the page: what happens within it comes in one."""

KEEP_ALIVE_SECONDS = 15.0
LAST_VERSION_SECONDS = 2.0
_RETRY, _RETRY_WHEN_FULL = 1000, 15_000  # milliseconds

_POLICY = "Content-Security-Policy"
# Colours of clusters and of output are attributes; those cannot load anything.
_HEADERS = MappingProxyType(
    {**PAGE_HEADERS, _POLICY: f"{PAGE_HEADERS[_POLICY]}; style-src-attr 'unsafe-inline'"}
)


class ViewerServer:
    """Serves one run to its viewers."""

    def __init__(self, listeners: Sequence[socket.socket]) -> None:
        self._listeners = listeners
        self._document = SharedDocument()
        # Versions of another run, served at the same address before this one, mean nothing here.
        self._run = secrets.token_hex(4)
        self._frames = FrameReader()
        self._viewers = 0
        self._news = asyncio.Event()
        self._none_left = asyncio.Event()
        self._updates: dict[int, bytes] = {}
        self._page: bytes | None = None
        self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._has_ended = False
        self.is_defective = False
        """Whether there was an event that could not be shown."""

    async def run(self, source: asyncio.StreamReader) -> None:
        """Serve what `source` says until it ends, and a moment more for the viewers to get it."""
        handlers: dict[str, Handler] = {
            "/": self._get_page,
            "/events": self._get_events,
            "/download": self._get_download,
            "/style.css": _constant(style_sheet(), "text/css"),
            "/page.js": _constant(script(), "text/javascript"),
            "/live.js": _constant(
                files(__package__).joinpath("live.js").read_text(encoding="utf-8"),
                "text/javascript",
            ),
        }
        application = Application(
            {path: _read_only(handler) for path, handler in handlers.items()},
            _Hosts(self._listeners),
            refuse,
        )
        keeping_alive = asyncio.ensure_future(self._keep_alive())
        await serve(application, self._listeners, self._follow_run(source), MAXIMUM_CONNECTIONS)
        keeping_alive.cancel()

    async def _follow_run(self, source: asyncio.StreamReader) -> None:
        while data := await source.read(1 << 16):
            for event in self._frames.feed(data):
                if isinstance(event, RunStarted):
                    self._frames.refer_to(event.workshop)
                self._take(event)
            self._publish_soon()
        self._document.end(STOPPED)
        self._has_ended = True
        self._publish()
        if self._viewers:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LAST_VERSION_SECONDS):
                    await self._none_left.wait()

    def _take(self, event: Event) -> None:
        try:
            self._document.take(event)
        except Exception:  # noqa: BLE001  # the rest of the show is still worth following
            self.is_defective = True

    def _publish_soon(self) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            due = self._last + BETWEEN_VERSIONS_SECONDS
            self._timer = loop.call_at(max(due, loop.time()), self._publish)

    def _publish(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None
        self._last = asyncio.get_running_loop().time()
        try:
            self._document.commit()
        except Exception:  # noqa: BLE001
            self.is_defective = True
        self._updates.clear()
        self._page = None
        self._wake_viewers()

    def _wake_viewers(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(KEEP_ALIVE_SECONDS)
            self._wake_viewers()

    def _get_page(self, _request: Request) -> Response:
        if self._page is None:
            reached = f"{self._run}-{self._document.version}"
            self._page = _encode(live_page(self._document, reached))
        return Response(200, self._page, "text/html; charset=utf-8", _HEADERS)

    def _get_download(self, _request: Request) -> Response:
        name = quote(f"{self._document.name}.html")
        headers = {**_HEADERS, "Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
        page = _encode(frozen_page(self._document))
        return Response(200, page, "text/html; charset=utf-8", headers)

    def _get_events(self, request: Request) -> Response:
        if request.method == "HEAD":
            return Response(200, b"", "text/event-stream", _HEADERS)
        reached = request.headers.get("last-event-id") or request.query.get("from", "")
        return Response(200, b"", "text/event-stream", _HEADERS, self._follow(reached))

    async def _follow(self, reached: str) -> AsyncGenerator[bytes, None]:
        """Yield what changes after the version `reached`, as events.

        One viewer too many is told so, and comes again for what is new then.
        """
        run, _, number = reached.partition("-")
        version = int(number) if run == self._run and number.isdecimal() else -1
        is_full = self._viewers >= MAXIMUM_VIEWERS
        yield b"retry: %d\n\n" % (_RETRY_WHEN_FULL if is_full else _RETRY)
        if is_full:
            yield self._update(version)
            yield b"event: full\ndata: {}\n\n"
            return
        self._viewers += 1
        self._none_left.clear()
        try:
            while True:
                news, has_ended = self._news, self._has_ended
                if version != self._document.version:
                    update, version = self._update(version), self._document.version
                    yield update
                else:
                    yield b":\n\n"
                if has_ended:
                    break
                await news.wait()
        finally:
            self._viewers -= 1
            if not self._viewers:
                self._none_left.set()

    def _update(self, version: int) -> bytes:
        """Return the event with what changed after `version`: everything for an unknown one."""
        if version > self._document.version:
            version = -1
        if version not in self._updates:
            update = self._document.changes_since(max(version, 0))
            update["again"] = version < 0
            data = json.dumps(update, separators=(",", ":"))
            identity = f"{self._run}-{self._document.version}"
            self._updates[version] = f"id: {identity}\ndata: {data}\n\n".encode()
        return self._updates[version]


class _Hosts(Container[str]):
    """The Host headers that are answered: the addresses that are listened on.

    Where that is every address, it is any address in numbers: a page that rebinds its own name to
    ours sends the name.
    """

    def __init__(self, listeners: Sequence[socket.socket]) -> None:
        self._own = {authority(listener) for listener in listeners}
        self._ports = {
            str(listener.getsockname()[1])
            for listener in listeners
            if ip_address(listener.getsockname()[0]).is_unspecified
        }

    def __contains__(self, host: object) -> bool:
        if host in self._own:
            return True
        name, _, port = str(host).rpartition(":")
        return port in self._ports and _is_address(name.removeprefix("[").removesuffix("]"))


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _read_only(handler: Handler) -> Handler:
    def respond(request: Request) -> Response:
        if request.path:
            raise HttpError(404, "not found")
        if request.method not in ("GET", "HEAD"):
            raise HttpError(405, "this page can only be read")
        return handler(request)

    return respond


def _constant(text: str, kind: str) -> Handler:
    response = Response(200, _encode(text), f"{kind}; charset=utf-8", _HEADERS)
    return lambda _request: response


def _encode(text: str) -> bytes:
    return text.encode(errors="replace")


async def _serve(descriptors: Sequence[int]) -> ExitCode:
    loop = asyncio.get_running_loop()
    # What a viewer does wrong must not be printed: the terminal is the show's.
    loop.set_exception_handler(lambda *_: None)
    source = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(source), sys.stdin.buffer)
    listeners = [socket.socket(fileno=descriptor) for descriptor in descriptors]
    server = ViewerServer(listeners)
    await server.run(source)
    return ExitCode.DEFECT if server.is_defective else ExitCode.PASSED


def main(descriptors: Sequence[int]) -> None:
    """Serve on the listening sockets with these numbers until standard input ends."""
    import resource

    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAXIMUM_CONNECTIONS + 100
    enough = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    if allowed < enough:
        resource.setrlimit(resource.RLIMIT_NOFILE, (enough, most))
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(asyncio.run(_serve(descriptors)))
