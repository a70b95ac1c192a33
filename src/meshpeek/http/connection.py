"""One client's HTTP connection: bytes to requests and answers to bytes, by h11, within limits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote

import h11

from meshpeek.http.exchange import Request, Response, answer
from meshpeek.rehearsal.types.status import ApiError, bad_request, too_large

MAXIMUM_HEAD = 64 * 1024
MAXIMUM_BODY = 3 * 1024 * 1024
MAXIMUM_PARAMETERS = 100
IDLE_SECONDS = 120.0
REQUEST_SECONDS = 30.0
WRITE_SECONDS = 30.0
LINGER_SECONDS = 1.0

_CHUNK = 64 * 1024

Respond = Callable[[Request], Response]


class Connection:
    """A connection; `respond` answers its requests, and raises ApiError for what it refuses.

    Limits in time: a connection may be idle for IDLE_SECONDS, a request has to arrive within
    REQUEST_SECONDS, and a client that takes nothing for WRITE_SECONDS is cut off.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, respond: Respond
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._respond = respond
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAXIMUM_HEAD)
        self._method = b""

    async def serve(self, refusal: ApiError | None = None) -> None:
        """Answer requests, one after another, until either side ends the connection.

        With `refusal` that is the only answer, given before anything was asked. Cancelled, it
        ends an open stream as it should end, so that its reader knows.
        """
        try:
            if refusal is not None:
                await self._send(answer(refusal.status(), refusal.code))
                await self._linger()
                return
            while await self._serve_one():
                self._http.start_next_cycle()
        except OSError:  # the client is gone, or takes nothing (TimeoutError)
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
        except ApiError as error:
            response = answer(error.status(), error.code)
        except h11.RemoteProtocolError as error:
            refusal = ApiError(error.error_status_hint, "BadRequest", f"no HTTP request: {error}")
            response = answer(refusal.status(), refusal.code)
        await self._send(response)
        if self._http.our_state is self._http.their_state is h11.DONE:
            return True
        await self._linger()
        return False

    async def _read(self) -> Request | None:
        """Return the next request, None at the end of the connection.

        Raises ApiError or h11.RemoteProtocolError for what is none, or more than a limit allows.
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
                                raise too_large(MAXIMUM_BODY)
                        case h11.EndOfMessage() if head:
                            return _request(head, bytes(body))
                        case _:
                            return None
        except TimeoutError:
            if not has_begun:
                return None
            raise ApiError(408, "Timeout", "the request did not arrive in time") from None

    async def _receive(self) -> None:
        if self._http.they_are_waiting_for_100_continue:
            await self._write(h11.InformationalResponse(status_code=100, headers=[]))
        self._http.receive_data(await self._reader.read(_CHUNK))

    async def _send(self, response: Response) -> None:
        bodiless = response.code == 304 or self._method == b"HEAD"
        headers = [(b"Date", _date()), (b"Content-Type", response.content_type.encode())]
        headers += [(name.encode(), value.encode()) for name, value in response.headers.items()]
        # What else arrives while a stream lasts is dropped, so no request can follow one.
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
        """Send events in one piece; raises TimeoutError where the client does not take them."""
        self._writer.write(b"".join(self._http.send(event) or b"" for event in events))
        async with asyncio.timeout(WRITE_SECONDS):
            await self._writer.drain()

    async def _linger(self) -> None:
        """Let the client read the last answer: closing at once would take it from it.

        (A socket that is closed with bytes unread resets its connection.)
        """
        if self._writer.can_write_eof():
            self._writer.write_eof()
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                await self._departure()


def _date() -> bytes:
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime()).encode()


def _check_length(head: h11.Request) -> None:
    announced = dict(head.headers).get(b"content-length", b"0")
    if int(announced) > MAXIMUM_BODY:
        raise too_large(MAXIMUM_BODY)


def _request(head: h11.Request, body: bytes) -> Request:
    path, _, query = head.target.decode("ascii").partition("?")
    try:
        pairs = parse_qsl(
            query, keep_blank_values=True, errors="strict", max_num_fields=MAXIMUM_PARAMETERS
        )
    except ValueError:
        raise bad_request("the query of the URL cannot be read") from None
    headers = {name.decode("ascii"): value.decode("latin-1") for name, value in head.headers}
    return Request(head.method.decode("ascii"), unquote(path), dict(pairs), headers, body)
