"""What viewers get over HTTP: those who follow, who come late, who were cut off, who are slow."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

import pytest

from meshpeek.http.server import authority, listen
from meshpeek.run.events import CommandStarted, Event, OutputReceived, RunStarted, Typed
from meshpeek.run.frames import FrameWriter
from meshpeek.sinks.shared_page import viewer_server
from meshpeek.sinks.shared_page.viewer_server import ViewerServer
from meshpeek.workshop.model import Mode
from tests.sinks.shared_page.test_shared_document import a_show
from tests.sinks.story import tell

ALL = list(tell(Mode.PRESENT))


class Room:
    """A page that is served, the show's end of it, and its viewers."""

    def __init__(self, hosts: Iterable[str] = ("127.0.0.1",)) -> None:
        self.listeners = [listen(host) for host in hosts]
        self.place = authority(self.listeners[0])
        self.server = ViewerServer(self.listeners)
        self.source = asyncio.StreamReader()
        self._frames = FrameWriter()

    def show(self, events: Iterable[Event]) -> None:
        for event in events:
            self.source.feed_data(self._frames.frame(event))
            if isinstance(event, RunStarted):
                self._frames.refer_to(event.workshop)

    async def open(
        self, path: str, *headers: str, method: str = "GET", host: str | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(
            *self.listeners[0].getsockname()[:2], limit=1 << 22
        )
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host or self.place}", *headers, "", ""]
        writer.write("\r\n".join(lines).encode())
        return reader, writer

    async def ask(
        self, path: str, *headers: str, method: str = "GET", host: str | None = None
    ) -> str:
        """Return the whole response."""
        reader, writer = await self.open(
            path, "Connection: close", *headers, method=method, host=host
        )
        try:
            async with asyncio.timeout(20):
                return (await reader.read()).decode()
        finally:
            writer.close()

    async def follow(self, path: str, *headers: str) -> AsyncIterator[tuple[str, str, dict]]:
        """Yield the identity, the name and the data of each event."""
        reader, writer = await self.open(path, *headers)
        identity, name = "", "message"
        try:
            async with asyncio.timeout(20):
                while line := await reader.readline():
                    field, _, value = line.decode().rstrip().partition(": ")
                    match field:
                        case "id":
                            identity = value
                        case "event":
                            name = value
                        case "data":
                            yield identity, name, json.loads(value)
        finally:
            writer.close()

    async def page_has(self, words: str) -> str:
        """Return the page as soon as it has these words."""
        async with asyncio.timeout(20):
            while words not in (page := await self.ask("/")):
                await asyncio.sleep(0.01)
        return page


def played(scene: Callable[[Room], Awaitable[None]], hosts: Iterable[str] = ("127.0.0.1",)) -> Room:
    """Play a scene in a room, whose page has ended afterwards."""

    async def play() -> Room:
        room = Room(hosts)
        serving = asyncio.ensure_future(room.server.run(room.source))
        try:
            await scene(room)
        finally:
            room.source.feed_eof()
            await serving
        return room

    return asyncio.run(play())


def reached(page: str) -> str:
    found = re.search(r'data-version="([^"]+)"', page)
    assert found
    return found[1]


def test_it_can_be_read_and_nothing_else() -> None:
    async def scene(room: Room) -> None:
        assert "has not begun" in await room.ask("/")
        room.show(ALL)
        page = await room.page_has("The show is over")
        assert "default-src 'none'" in page
        assert "script-src 'self'" in page
        assert "frame-ancestors 'none'" in page
        assert '<script src="page.js" defer>' in page
        assert page.partition("\r\n\r\n")[2].count("http") == 0
        for name in ("style.css", "page.js", "live.js"):
            assert (await room.ask(f"/{name}")).startswith("HTTP/1.1 200")
        for path in ("/", "/events", "/download"):
            head = await room.ask(path, method="HEAD")
            assert head.startswith("HTTP/1.1 200")
            assert head.endswith("\r\n\r\n")
            for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
                refused = await room.ask(path, "Content-Length: 0", method=method)
                assert refused.startswith("HTTP/1.1 405")
        for path in ("/actions", "/presenter", "//", "/download/x", "/../page.js", "/live.py"):
            assert (await room.ask(path)).startswith("HTTP/1.1 404")

    assert not played(scene).server.is_defective


def test_the_download_is_a_file_that_loads_nothing() -> None:
    async def scene(room: Room) -> None:
        room.show(a_show())
        await room.page_has("The show is over")
        head, _, body = (await room.ask("/download")).partition("\r\n\r\n")
        assert "attachment; filename*=UTF-8''w.html" in head
        assert "two" in body
        assert "<style>" in body
        assert not re.search(r'(src|href)="(?!#)', body)

    played(scene)


def test_a_viewer_follows_and_a_late_one_has_the_same() -> None:
    async def scene(room: Room) -> None:
        version = reached(await room.ask("/"))
        following = room.follow(f"/events?from={version}")
        room.show(ALL[:8])
        got = [await anext(following)]
        room.show(ALL[8:])
        while not got[-1][2]["over"]:
            got.append(await anext(following))
        assert len(got) <= len(ALL)
        ids = [change["id"] for _, _, data in got for change in data["elements"]]
        assert {"title", "part-0", "part-1", "to-part-1", "step-1"} <= {*ids}
        # One that is cut off says what it has, and gets what it lacks: nothing.
        again = room.follow("/events?from=x", f"Last-Event-ID: {got[0][0]}")
        _, _, update = await anext(again)
        assert not update["again"]
        assert "part-1" in [change["id"] for change in update["elements"]]
        assert "title" not in [change["id"] for change in update["elements"]]
        for unknown in ("", "x-1", f"{got[-1][0]}000", "-", "0"):
            _, _, update = await anext(room.follow(f"/events?from={unknown}"))
            assert update["again"]
            assert update["elements"][0]["id"] == "title"

    played(scene)


def test_the_end_is_told_however_it_comes() -> None:
    got: list[dict] = []

    async def scene(room: Room) -> None:
        async def follow() -> None:
            async for _, _, data in room.follow("/events?from=x"):
                got.append(data)

        room.show(ALL[:10])
        following = asyncio.ensure_future(follow())
        while not got:
            await asyncio.sleep(0.01)
        room.source.feed_eof()  # as when the show is killed
        await following

    played(scene)
    assert got[-1]["status"] == "The show has stopped."
    assert got[-1]["over"]


def test_one_viewer_too_many_is_told_and_gets_what_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(viewer_server, "MAXIMUM_VIEWERS", 1)

    async def scene(room: Room) -> None:
        room.show(ALL[:10])
        first = room.follow("/events?from=x")
        await anext(first)
        second = [(name, data) async for _, name, data in room.follow("/events?from=x")]
        assert [name for name, _ in second] == ["message", "full"]
        assert second[0][1]["elements"]
        await first.aclose()  # type: ignore[attr-defined]
        async with asyncio.timeout(20):
            while True:  # the server sees in its own time that the first one left
                third = room.follow("/events?from=x")
                await anext(third)
                room.show([Typed(ALL[5].step, "x")])  # type: ignore[attr-defined]
                if (await anext(third))[1] == "message":
                    break

    played(scene)


def test_a_viewer_who_reads_nothing_delays_nobody() -> None:
    async def scene(room: Room) -> None:
        begun = next(n for n, event in enumerate(ALL) if isinstance(event, CommandStarted)) + 1
        room.show(ALL[:begun])
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(room.listeners[0].getsockname())
        slow.sendall(f"GET /events HTTP/1.1\r\nHost: {room.place}\r\n\r\n".encode())
        following = room.follow("/events?from=x")
        await anext(following)
        step = ALL[begun - 1].step  # type: ignore[attr-defined]
        for number in range(40):
            room.show([OutputReceived(step, b"x" * 2000 + b"%d\n" % number)])
            await asyncio.sleep(0)
        text = ""
        while "39\n" not in text:
            _, _, update = await anext(following)
            text += "".join(change.get("html", "") for change in update["elements"])
        slow.close()

    played(scene)


def test_only_its_own_addresses_are_answered() -> None:
    async def scene(room: Room) -> None:
        port = room.listeners[0].getsockname()[1]
        answers = {
            f"127.0.0.1:{port}": "200",
            f"evil.example:{port}": "421",
            "127.0.0.1:1": "421",
            f"192.168.1.20:{port}": "200" if room.place.startswith("0") else "421",
        }
        for host, code in answers.items():
            assert (await room.ask("/", host=host)).startswith(f"HTTP/1.1 {code}")

    played(scene)
    played(scene, ["0.0.0.0"])


def test_an_event_that_cannot_be_shown_does_not_end_the_page() -> None:
    async def scene(room: Room) -> None:
        room.show(ALL[:2])
        stranger = next(e for e in a_show() if isinstance(e, Typed))
        room.show([stranger, *ALL[2:]])
        await room.page_has("The show is over")

    assert played(scene).server.is_defective
