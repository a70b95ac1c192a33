"""One connection, byte by byte: what is answered, in which order, and when it ends."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest

from meshpeek.http import connection, server
from meshpeek.http.connection import MAXIMUM_HEAD
from meshpeek.http.exchange import HttpError, Request, Response, answer, text
from meshpeek.http.server import Application, serve

Scene = Callable[["Client"], Awaitable[None]]


class Client:
    """The other end of a connection to a server that echoes what it understood."""

    def __init__(self, port: int, stop: asyncio.Event) -> None:
        self.port = port
        self.stop = stop
        self.asked: list[str] = []

    def answer(self, request: Request) -> Response:
        """Answer a request of this client's, at the other end."""
        self.asked.append(request.path)
        return echo(request)

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def say(self, data: bytes, *, shut: bool = False) -> bytes:
        """Send bytes as they are, and return all that comes back until the server hangs up."""
        reader, writer = await self.open()
        writer.write(data)
        if shut:
            writer.write_eof()
        try:
            async with asyncio.timeout(20):
                return await reader.read()
        finally:
            writer.close()

    def request(self, line: str, *headers: str, body: bytes = b"") -> bytes:
        lines = [f"{line} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", *headers, "", ""]
        return "\r\n".join(lines).encode() + body


def echo(request: Request) -> Response:
    """Tell what was asked; `/flow` streams without end, `/many` answers with 64 MiB."""
    if request.path == "/flow":
        return Response(200, stream=flow())
    if request.path == "/two":
        return Response(200, stream=two())
    if request.path == "/many":
        return text("x" * (64 << 20))
    if request.path == "/same":
        return Response(304, headers={"ETag": '"a"'})
    told = {
        "method": request.method,
        "path": request.path,
        "query": dict(request.query),
        "body": request.body.decode("latin-1"),
    }
    return answer(told, Warning='299 - "é"')


def refuse(error: HttpError) -> Response:
    return answer({"code": error.code, "message": error.message}, error.code)


async def flow() -> AsyncGenerator[bytes, None]:
    while True:
        yield b"x" * 65536


async def two() -> AsyncGenerator[bytes, None]:
    yield b"one\n"
    yield b"two\n"


def played(scene: Scene) -> None:
    """Play a scene with a client against a server on loopback, which has ended afterwards."""

    async def play() -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        stop = asyncio.Event()
        client = Client(port, stop)
        application = Application({"/s/echo": client.answer}, {f"127.0.0.1:{port}"}, refuse)
        serving = asyncio.ensure_future(serve(application, [listener], stop.wait()))
        try:
            await scene(client)
        finally:
            stop.set()
            await serving
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert not {task for task in others if "Connection" in repr(task)}

    asyncio.run(play())


def told(answer: bytes) -> dict[str, object]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), answer
    value: dict[str, object] = json.loads(body)
    return value


def refusal(answer: bytes, code: int) -> str:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {code}".encode()), answer
    assert b"onnection: close" in head
    error = json.loads(body)
    assert error["code"] == code
    return str(error["message"])


def test_what_was_asked_is_understood() -> None:
    async def scene(client: Client) -> None:
        line = "PUT /s/echo/a%20b/c?x=1&y=%26&z="
        asked = client.request(line, "Content-Length: 2", "Connection: close", body=b"hi")
        assert told(await client.say(asked)) == {
            "method": "PUT",
            "path": "/a b/c",
            "query": {"x": "1", "y": "&", "z": ""},
            "body": "hi",
        }

    played(scene)


def test_bodies_may_come_in_chunks_and_after_a_go_ahead() -> None:
    async def scene(client: Client) -> None:
        headers = ("Transfer-Encoding: chunked", "Expect: 100-continue", "Connection: close")
        reader, writer = await client.open()
        writer.write(client.request("POST /s/echo/x", *headers))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        writer.write(b"2\r\nhi\r\n4\r\n you\r\n0\r\n\r\n")
        assert told(await reader.read())["body"] == "hi you"
        writer.close()

    played(scene)


def test_requests_follow_each_other_on_one_connection() -> None:
    async def scene(client: Client) -> None:
        last = client.request("GET /s/echo/3", "Connection: close")
        asked = client.request("GET /s/echo/1") + client.request("GET /s/echo/2") + last
        answers = await client.say(asked)
        assert answers.count(b"HTTP/1.1 200 ") == 3
        assert answers.index(b'"/1"') < answers.index(b'"/2"') < answers.index(b'"/3"')

    played(scene)


def test_a_client_that_has_said_all_still_gets_its_answer() -> None:
    async def scene(client: Client) -> None:
        assert told(await client.say(client.request("GET /s/echo/x"), shut=True))["path"] == "/x"

    played(scene)


def test_answers_without_a_body() -> None:
    async def scene(client: Client) -> None:
        head = await client.say(client.request("HEAD /s/echo/x", "Connection: close"))
        assert head.startswith(b"HTTP/1.1 200 ")
        assert head.endswith(b"\r\n\r\n")
        same = await client.say(client.request("GET /s/echo/same", "Connection: close"))
        assert same.startswith(b"HTTP/1.1 304 ")
        assert same.endswith(b"\r\n\r\n")
        assert b"ontent-Length" not in same

    played(scene)


def test_a_stream_is_sent_as_it_comes_and_ends() -> None:
    async def scene(client: Client) -> None:
        sent = await client.say(client.request("GET /s/echo/two"))
        assert sent.endswith(b"\r\n\r\n4\r\none\n\r\n4\r\ntwo\n\r\n0\r\n\r\n")
        old = f"GET /s/echo/two HTTP/1.0\r\nHost: 127.0.0.1:{client.port}\r\n\r\n".encode()
        assert (await client.say(old)).endswith(b"\r\n\r\none\ntwo\n")

    played(scene)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"GET /s/echo/x HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: five\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 2 * MAXIMUM_HEAD, 431),
        (b"GET /" + b"a" * 2 * MAXIMUM_HEAD, 431),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", 400),
    ],
)
def test_an_invalid_request_is_refused(data: bytes, code: int) -> None:
    async def scene(client: Client) -> None:
        assert "invalid HTTP request" in refusal(await client.say(data, shut=True), code)
        assert told(await client.say(client.request("GET /s/echo/x"), shut=True))

    played(scene)


@pytest.mark.parametrize("target", ["*", "http://127.0.0.1/s/echo/x", "/", "//", "/s", "/s/other"])
def test_targets_that_name_nothing_are_not_found(target: str) -> None:
    async def scene(client: Client) -> None:
        sent = await client.say(client.request(f"GET {target}", "Connection: close"))
        assert refusal(sent, 404) == "not found"

    played(scene)


def test_a_request_that_does_not_come_to_its_end_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 0.05)

    async def scene(client: Client) -> None:
        started = b"GET /s/echo/x HTTP/1.1\r\nHost"
        assert "in time" in refusal(await client.say(started), 408)
        started = client.request("PUT /s/echo/x", "Content-Length: 10", body=b"half")
        assert "in time" in refusal(await client.say(started), 408)

    played(scene)


def test_an_idle_connection_is_closed_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "IDLE_SECONDS", 0.05)

    async def scene(client: Client) -> None:
        assert await client.say(b"") == b""

    played(scene)


@pytest.mark.parametrize("path", ["/s/echo/flow", "/s/echo/many"])
def test_a_client_that_takes_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(connection, "WRITE_SECONDS", 0.05)

    async def scene(client: Client) -> None:
        reader, writer = await client.open()
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(client.request(f"GET {path}"))
        await until(lambda: bool(client.asked) and connection_tasks() == 0)
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        received = await reader.read()
        assert len(received) < 64 << 20
        assert not received.endswith(b"0\r\n\r\n")
        writer.close()

    played(scene)


def test_a_reader_that_leaves_ends_its_stream() -> None:
    async def scene(client: Client) -> None:
        reader, writer = await client.open()
        writer.write(client.request("GET /s/echo/flow"))
        await reader.readexactly(100_000)
        writer.transport.abort()
        await until(lambda: connection_tasks() == 0)

    played(scene)


def test_an_open_stream_ends_as_it_should_when_the_server_does() -> None:
    async def scene(client: Client) -> None:
        reader, writer = await client.open()
        writer.write(client.request("GET /s/echo/flow"))
        await reader.readexactly(100_000)
        client.stop.set()
        rest = await reader.read()
        assert rest.endswith(b"\r\n0\r\n\r\n")
        writer.close()

    played(scene)


def test_there_is_a_limit_to_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAXIMUM_CONNECTIONS", 2)

    async def scene(client: Client) -> None:
        first, second = await client.open(), await client.open()
        for reader, writer in (first, second):
            writer.write(client.request("GET /s/echo/x"))
            await reader.readuntil(b"}")
        assert "too many connections" in refusal(await client.say(b""), 429)
        first[1].close()
        await until(lambda: connection_tasks() == 1)
        assert told(await client.say(client.request("GET /s/echo/x"), shut=True))
        second[1].close()

    played(scene)


def test_connections_without_a_request_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAXIMUM_CONNECTIONS", 2)

    async def scene(client: Client) -> None:
        asked = await client.open()
        asked[1].write(client.request("GET /s/echo/x"))
        await asked[0].readuntil(b"}")
        half_open = await client.open()
        half_open[1].write(client.request("GET /s/echo/x")[:20])
        await until(lambda: connection_tasks() == 2)
        assert told(await client.say(client.request("GET /s/echo/y"), shut=True))
        assert await half_open[0].read() == b""
        asked[1].write(client.request("GET /s/echo/z"))
        await asked[0].readuntil(b"/z")
        for _, writer in (asked, half_open):
            writer.close()

    played(scene)


def connection_tasks() -> int:
    return sum("Connection.serve" in repr(task.get_coro()) for task in asyncio.all_tasks())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


async def ask_each(hosts: list[str]) -> list[bytes]:
    listeners = [server.listen(host) for host in hosts]
    places = {server.authority(listener) for listener in listeners}
    application = Application({"/a/b": echo}, places, refuse)
    stop = asyncio.Event()
    serving = asyncio.ensure_future(serve(application, listeners, stop.wait()))
    statuses = []
    for listener in listeners:
        reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        head = f"GET /a/b HTTP/1.1\r\nHost: {server.authority(listener)}\r\n\r\n"
        writer.write(head.encode())
        statuses.append(await reader.readline())
        writer.close()
    stop.set()
    await serving
    return statuses


def test_one_server_listens_on_addresses_of_both_families() -> None:
    statuses = asyncio.run(ask_each(["127.0.0.1", "::1", "localhost"]))
    assert statuses == [b"HTTP/1.1 200 OK\r\n"] * 3


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_port_that_is_taken_is_replaced_by_a_free_one(host: str) -> None:
    with server.listen(host) as first, server.listen(host, first.getsockname()[1]) as second:
        assert server.authority(first).rpartition(":")[0] in (host, f"[{host}]")
        assert first.getsockname()[1] != second.getsockname()[1]
