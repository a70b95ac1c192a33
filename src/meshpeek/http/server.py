"""The HTTP server: asyncio and h11, within limits.

A web framework and server would take 35 ms of a start, a quarter, for what is not needed here:
routes are data, and there is one process and one port.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Collection, Mapping

from meshpeek.http.connection import Connection, Refuse
from meshpeek.http.exchange import HttpError, Request, Response

MAXIMUM_CONNECTIONS = 512
SHUTDOWN_SECONDS = 0.5

Handler = Callable[[Request], Response]


def listen(host: str, port: int = 0) -> socket.socket:
    """Listen on `port` of the IPv4 address `host`; on any free port if it is 0 or taken.

    Raises OSError if that is impossible.
    """
    # asyncio sends at once (TCP_NODELAY) only on sockets that name their protocol; without it
    # every response on a kept connection would wait 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    with contextlib.ExitStack() as failure:
        failure.callback(listener.close)
        # A port from before may still have connections that are coming to their end.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError:
            if not port:
                raise
            listener.bind((host, 0))
        listener.listen(256)
        failure.pop_all()
    return listener


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
        hosts: Collection[str],
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
    application: Application, listener: socket.socket, stopped: Awaitable[object]
) -> None:
    """Serve on `listener` until `stopped` is done; end within a second, streams included.

    There are MAXIMUM_CONNECTIONS at most. A client that has not asked for anything yet is the first
    to go, so that half-open connections keep nobody out.
    """
    conversations: dict[asyncio.Task[None], Connection] = {}

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer, application.respond, application.refuse)
        if len(conversations) >= MAXIMUM_CONNECTIONS:
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

    server = await asyncio.start_server(converse, sock=listener)
    await stopped
    server.close()
    if conversations:
        for task in conversations:
            task.cancel()
        await asyncio.wait(conversations, timeout=SHUTDOWN_SECONDS)
