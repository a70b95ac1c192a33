"""The HTTP server of all rehearsal clusters of a process: ASGI on uvicorn, loopback only.

The application is plain ASGI: every path is data (the registry decides what is served), so a
framework's router would have nothing to do, and leaving it out starts sooner and is smaller.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    MutableMapping,
)
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import uvicorn

from meshpeek.rehearsal.api import Api
from meshpeek.rehearsal.cluster import Cluster
from meshpeek.rehearsal.exchange import Request, Response, answer
from meshpeek.rehearsal.status import ApiError, bad_request, too_large, unknown_path

MAXIMUM_BODY = 3 * 1024 * 1024
SHUTDOWN_SECONDS = 0.5

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Application:
    """The ASGI application: finds a request's cluster by its path, and refuses other Hosts.

    The path of a cluster's server has two parts, a secret and its name: so a web page that
    guesses `port` still cannot reach a cluster.
    """

    def __init__(self, clusters: Iterable[Cluster], port: int) -> None:
        self._apis: dict[str, Api] = {}
        for cluster in clusters:
            prefix = urlsplit(cluster.server).path
            self._apis[prefix] = Api(cluster, prefix)
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End all streams, so that the server can end."""
        self._stopping.set()

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        try:
            response = await self._respond(scope, receive)
        except ApiError as error:
            response = answer(error.status(), error.code)
        except _DisconnectedError:
            return
        await self._send(response, receive, send)

    async def _respond(self, scope: Mapping[str, Any], receive: Receive) -> Response:
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        if headers.get("host") not in self._hosts:
            raise ApiError(
                421, "", "this server answers only requests for its own loopback address"
            )
        path = scope["path"]
        prefix = "/".join(path.split("/", 3)[:3])
        api = self._apis.get(prefix)
        if api is None:
            raise unknown_path()
        request = Request(
            method=scope["method"],
            path=path[len(prefix) :] or "/",
            query=_query(scope["query_string"]),
            headers=headers,
            body=await _body(headers, receive),
        )
        return api.handle(request)

    async def _send(self, response: Response, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", response.content_type.encode("latin-1"))]
        headers += [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in response.headers.items()
        ]
        if response.stream is None:
            headers.append((b"content-length", str(len(response.body)).encode()))
        await send({"type": "http.response.start", "status": response.code, "headers": headers})
        if response.stream is not None:
            await self._stream(response.stream, receive, send)
        await send({"type": "http.response.body", "body": response.body})

    async def _stream(self, stream: AsyncIterator[bytes], receive: Receive, send: Send) -> None:
        """Send a stream until it ends, the client leaves, or the server stops."""
        # The empty chunk sends the headers: a client may wait for them before anything happens.
        await send({"type": "http.response.body", "body": b"", "more_body": True})
        tasks = {
            asyncio.ensure_future(_pump(stream, send)),
            asyncio.ensure_future(_disconnected(receive)),
            asyncio.ensure_future(self._stopping.wait()),
        }
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class _DisconnectedError(Exception):
    """The client left before its request was complete."""


async def _body(headers: Mapping[str, str], receive: Receive) -> bytes:
    announced = headers.get("content-length", "")
    if announced.isdigit() and int(announced) > MAXIMUM_BODY:
        raise too_large(MAXIMUM_BODY)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _DisconnectedError
        body += message.get("body", b"")
        if len(body) > MAXIMUM_BODY:
            raise too_large(MAXIMUM_BODY)
        if not message.get("more_body"):
            return bytes(body)


async def _pump(stream: AsyncIterator[bytes], send: Send) -> None:
    async for chunk in stream:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _query(raw: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise bad_request("the query of the URL cannot be read") from None
    return dict(pairs)


class _Server(uvicorn.Server):
    """uvicorn without its signal handling, which would end the process by the signal itself."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


async def serve(
    application: Application, listener: socket.socket, stopped: Awaitable[object]
) -> None:
    """Serve on `listener` until `stopped` is done; end within a second, streams included."""
    config = uvicorn.Config(
        application,
        http="h11",
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    serving = asyncio.ensure_future(server.serve([listener]))
    stopping = asyncio.ensure_future(stopped)
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    application.stop()
    server.should_exit = True
    await serving
