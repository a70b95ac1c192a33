"""The HTTP server: asyncio and h11, within limits.

A web framework and server would take 35 ms of a start, a quarter, for what is not needed here:
routes are data, and there is one process and one port.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Container, Mapping, Sequence

from meshpeek.http.connection import Connection, Refuse
from meshpeek.http.exchange import HttpError, Request, Response

MAXIMUM_CONNECTIONS = 512
SHUTDOWN_SECONDS = 0.5

Handler = Callable[[Request], Response]


def listen(host: str, port: int = 0) -> socket.socket:
    """Listen on `port` of `host`, an address of IPv4 or IPv6 or a name that has one.

    Any free port is taken if `port` is 0 or taken. Raises OSError, or UnicodeError for what cannot
    be a name, if that is impossible.
    """
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    # asyncio sends at once (TCP_NODELAY) only on sockets that name their protocol; without it
    # every response on a kept connection would wait 40 ms for an acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    with contextlib.ExitStack() as failure:
        failure.callback(listener.close)
        # A port from before may still have connections that are coming to their end.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            listener.bind(address)
        except OSError:
            if not port:
                raise
            listener.bind((address[0], 0, *address[2:]))
        listener.listen(256)
        failure.pop_all()
    return listener


def authority(listener: socket.socket) -> str:
    """Return where `listener` listens as URLs and Host headers have it: `127.0.0.1:80`, `[::1]:80`.

    A zone (`fe80::1%eth0`) is left out: no browser takes one.
    """
    host, port, *_ = listener.getsockname()
    host = host.partition("%")[0]
    return f"[{host}]:{port}" if listener.family == socket.AF_INET6 else f"{host}:{port}"


class Application:
    """Routes requests by the beginning of their path, and refuses other hosts.

    `handlers` are by prefixes of two segments, a secret and a name (`/4f1c…/north`), so that a web
    page that guesses the port still reaches nothing. A handler gets a request without its prefix.
    `hosts` are the Host headers that are answered: a page that rebinds its own name to our address
    sends another one. `refuse` words an HttpError.
    """

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        hosts: Container[str],
        refuse: Refuse,
    ) -> None:
        self._handlers = handlers
        self._hosts = hosts
        self.refuse = refuse

    def respond(self, request: Request) -> Response:
        """Answer one request; raises HttpError if it has no handler."""
        if request.headers.get("host") not in self._hosts:
            raise HttpError(421, "this server answers only requests for its own address")
        prefix = "/".join(request.path.split("/", 3)[:3])
        handler = self._handlers.get(prefix)
        if handler is None:
            raise HttpError(404, "not found")
        return handler(request._replace(path=request.path[len(prefix) :]))


async def serve(
    application: Application,
    listeners: Sequence[socket.socket],
    stopped: Awaitable[object],
    most: int | None = None,
) -> None:
    """Serve on `listeners` until `stopped` is done; end within a second, streams included.

    There are `most` connections, or MAXIMUM_CONNECTIONS. A client that has not asked for anything
    yet is the first to go, so that half-open connections keep nobody out.
    """
    conversations: dict[asyncio.Task[None], Connection] = {}

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer, application.respond, application.refuse)
        if len(conversations) >= (most or MAXIMUM_CONNECTIONS):
            silent = next((t for t, each in conversations.items() if not each.has_asked), None)
            if silent is None:
                busy = HttpError(429, "too many connections, please try again later")
                await connection.serve(busy)
                return
            del conversations[silent]
            silent.cancel()
        task = asyncio.ensure_future(connection.serve())
        conversations[task] = connection
        task.add_done_callback(lambda done: conversations.pop(done, None))

    servers = [await asyncio.start_server(converse, sock=each) for each in listeners]
    await stopped
    for server in servers:
        server.close()
    if conversations:
        for task in conversations:
            task.cancel()
        await asyncio.wait(conversations, timeout=SHUTDOWN_SECONDS)
