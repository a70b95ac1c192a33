"""The HTTP server of all rehearsal clusters of a process: loopback only, asyncio and h11.

A web framework and server would take 35 ms of the start, a quarter, for what is not needed here:
every path is data (the registry decides what is served), and there is one process and one port.
Under our own hands are the limits, and that whatever is refused is refused with a Status.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping

from meshpeek.http.connection import Connection
from meshpeek.http.exchange import Request, Response
from meshpeek.rehearsal.types.status import ApiError, unknown_path

MAXIMUM_CONNECTIONS = 512
SHUTDOWN_SECONDS = 0.5

Handler = Callable[[Request], Response]


class Application:
    """Finds who answers a request by the beginning of its path, and refuses other Hosts.

    `handlers` are by prefixes of two parts, a secret and a name (`/4f1c…/north`): so a web page
    that guesses `port` still cannot reach a cluster. A handler gets a request without its prefix.
    """

    def __init__(self, handlers: Mapping[str, Handler], port: int) -> None:
        self._handlers = handlers
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    def respond(self, request: Request) -> Response:
        """Answer one request; raises ApiError where nobody is there to answer it."""
        if request.headers.get("host") not in self._hosts:
            raise ApiError(
                421, "", "this server answers only requests for its own loopback address"
            )
        prefix = "/".join(request.path.split("/", 3)[:3])
        handler = self._handlers.get(prefix)
        if handler is None:
            raise unknown_path()
        return handler(request._replace(path=request.path[len(prefix) :]))


async def serve(
    application: Application, listener: socket.socket, stopped: Awaitable[object]
) -> None:
    """Serve on `listener` until `stopped` is done; end within a second, streams included."""
    conversations: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer, application.respond)
        if len(conversations) >= MAXIMUM_CONNECTIONS:
            await connection.serve(
                ApiError(429, "TooManyRequests", "too many connections, please try again later")
            )
            return
        task = asyncio.ensure_future(connection.serve())
        conversations.add(task)
        task.add_done_callback(conversations.discard)

    server = await asyncio.start_server(converse, sock=listener)
    await stopped
    server.close()
    if conversations:
        for task in conversations:
            task.cancel()
        await asyncio.wait(conversations, timeout=SHUTDOWN_SECONDS)
