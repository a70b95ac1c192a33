"""One client's HTTP connection: bytes to requests, and responses to bytes, by h11."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote

import h11

from meshpeek.http.exchange import HttpError, Request, Response

MAXIMUM_HEAD = 64 * 1024
MAXIMUM_BODY = 3 * 1024 * 1024
MAXIMUM_PARAMETERS = 100
IDLE_SECONDS = 120.0
REQUEST_SECONDS = 30.0
WRITE_SECONDS = 30.0
LINGER_SECONDS = 1.0

_CHUNK = 64 * 1024

Respond = Callable[[Request], Response]
Refuse = Callable[[HttpError], Response]


class Connection:
    """A connection whose requests `respond` answers; `refuse` turns errors into responses.

    `respond` may raise HttpError. A connection may be idle for IDLE_SECONDS, a request has to
    arrive within REQUEST_SECONDS, and a client that reads nothing for WRITE_SECONDS is cut off.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        respond: Respond,
        refuse: Refuse,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._respond = respond
        self._refuse = refuse
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAXIMUM_HEAD)
        self._method = b""
        self.has_asked = False
        """Whether a whole request has arrived."""

    async def serve(self, error: HttpError | None = None) -> None:
        """Answer requests, one after another, until either side ends the connection.

        `error` is the only response where given, sent before any request arrives. When
        cancelled, it ends an open stream properly, so that its reader knows it is complete.
        """
        try:
            if error is not None:
                await self._send(self._refuse(error))
                await self._close_gently()
                return
            while await self._serve_one():
                self._http.start_next_cycle()
        except OSError:  # the client is gone, or reads nothing (TimeoutError)
            self._writer.transport.abort()
        finally:
            self._writer.close()

    async def _serve_one(self) -> bool:
        """Answer one request; return whether another may follow."""
        try:
            request = await self._read()
            if request is None:
                return False
            response = self._respond(request)
        except HttpError as error:
            response = self._refuse(error)
        except h11.RemoteProtocolError as error:
            response = self._refuse(
                HttpError(error.error_status_hint, f"invalid HTTP request: {error}")
            )
        await self._send(response)
        if self._http.our_state is self._http.their_state is h11.DONE:
            return True
        await self._close_gently()
        return False

    async def _read(self) -> Request | None:
        """Return the next request, None at the end of the connection.

        Raises HttpError beyond a limit, h11.RemoteProtocolError for an invalid request.
        """
        head: h11.Request | None = None
        body = bytearray()
        has_begun = self._http.trailing_data[0] != b""
        try:
            async with asyncio.timeout(REQUEST_SECONDS if has_begun else IDLE_SECONDS) as patience:
                while True:
                    match self._http.next_event():
                        case h11.NEED_DATA:
                            await self._receive()
                            if not has_begun:
                                has_begun = True
                                now = asyncio.get_running_loop().time()
                                patience.reschedule(now + REQUEST_SECONDS)
                        case h11.Request() as head:
                            self._method = head.method
                            _check_length(head)
                        case h11.Data(data=data):
                            body += data
                            if len(body) > MAXIMUM_BODY:
                                raise _too_large()
                        case h11.EndOfMessage() if head:
                            self.has_asked = True
                            return _request(head, bytes(body))
                        case _:
                            return None
        except TimeoutError:
            if not has_begun:
                return None
            raise HttpError(408, "the request did not arrive in time") from None

    async def _receive(self) -> None:
        if self._http.they_are_waiting_for_100_continue:
            await self._write(h11.InformationalResponse(status_code=100, headers=[]))
        self._http.receive_data(await self._reader.read(_CHUNK))

    async def _send(self, response: Response) -> None:
        bodiless = response.code == 304 or self._method == b"HEAD"
        headers = [(b"Date", _date()), (b"Content-Type", response.content_type.encode())]
        headers += [(name.encode(), value.encode()) for name, value in response.headers.items()]
        # What arrives during a stream is dropped, so no request can follow it.
        if response.stream is not None or self._http.their_state is not h11.DONE:
            headers.append((b"Connection", b"close"))
        if response.stream is None and response.code != 304:
            headers.append((b"Content-Length", str(len(response.body)).encode()))
        head = h11.Response(
            status_code=response.code, headers=headers, reason=HTTPStatus(response.code).phrase
        )
        if response.stream is not None:
            await self._send_stream(head, response.stream)
        elif response.body and not bodiless:
            await self._write(head, h11.Data(data=response.body), h11.EndOfMessage())
        else:
            await self._write(head, h11.EndOfMessage())

    async def _send_stream(self, head: h11.Response, stream: AsyncGenerator[bytes, None]) -> None:
        """Send a stream until it ends, the client leaves, or this task is cancelled."""
        pump = asyncio.ensure_future(self._pump(head, stream))
        departure = asyncio.ensure_future(self._departure())
        try:
            await asyncio.wait({pump, departure}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            departure.cancel()
            pump.cancel()
            await asyncio.wait({pump, departure})
        if not pump.cancelled():
            pump.result()

    async def _pump(self, head: h11.Response, stream: AsyncGenerator[bytes, None]) -> None:
        async with aclosing(stream):
            try:
                # A client may wait for the headers before anything happens.
                await self._write(head)
                async for chunk in stream:
                    await self._write(h11.Data(data=chunk))
            finally:
                self._writer.write(self._http.send(h11.EndOfMessage()) or b"")

    async def _departure(self) -> None:
        """Return when the client has closed its side."""
        with suppress(OSError):
            while await self._reader.read(_CHUNK):
                pass

    async def _write(self, *events: h11.Event) -> None:
        """Send events in one piece; raises TimeoutError if the client does not read them."""
        self._writer.write(b"".join(self._http.send(event) or b"" for event in events))
        async with asyncio.timeout(WRITE_SECONDS):
            await self._writer.drain()

    async def _close_gently(self) -> None:
        """Close our side, and give the client LINGER_SECONDS to read the last response.

        A socket that is closed with bytes unread resets its connection, and the client loses it.
        """
        if self._writer.can_write_eof():
            self._writer.write_eof()
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                await self._departure()


def _date() -> bytes:
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime()).encode()


def _too_large() -> HttpError:
    return HttpError(413, f"the body has more than {MAXIMUM_BODY} bytes")


def _check_length(head: h11.Request) -> None:
    announced = dict(head.headers).get(b"content-length", b"0")
    if int(announced) > MAXIMUM_BODY:
        raise _too_large()


def _request(head: h11.Request, body: bytes) -> Request:
    path, _, query = head.target.decode("ascii").partition("?")
    try:
        pairs = parse_qsl(
            query, keep_blank_values=True, errors="strict", max_num_fields=MAXIMUM_PARAMETERS
        )
    except ValueError:
        raise HttpError(400, "invalid query in the URL") from None
    headers = {name.decode("ascii"): value.decode("latin-1") for name, value in head.headers}
    return Request(head.method.decode("ascii"), unquote(path), dict(pairs), headers, body)
