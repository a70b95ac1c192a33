"""Watch streams: what comes first, what follows, when they end."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

import pytest

from meshpeek.rehearsal.store.store import HISTORY_LENGTH
from tests.rehearsal.in_memory import InMemory

CONFIG_MAPS = "/api/v1/namespaces/faces/configmaps"
MERGE_PATCH = "application/merge-patch+json"


class Watching:
    """An open watch of the config maps in faces."""

    def __init__(self, north: InMemory, query: str = "", accept: str = "") -> None:
        url = f"{CONFIG_MAPS}?watch=true&{query}"
        response = north.respond("GET", url, None, "", {"accept": accept})
        assert response.stream is not None
        self.stream: Any = response.stream
        self._lines: deque[bytes] = deque()

    async def next(self) -> Any:
        if not self._lines:
            async with asyncio.timeout(5):
                self._lines.extend((await anext(self.stream)).splitlines())
        return json.loads(self._lines.popleft())

    async def names(self, count: int) -> list[tuple[str, str]]:
        events = [await self.next() for _ in range(count)]
        return [(event["type"], event["object"]["metadata"].get("name", "")) for event in events]

    async def ends(self) -> bool:
        async with asyncio.timeout(5):
            return [line async for line in self.stream] == []


def config(name: str, color: str = "blue") -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": {"color": color}}}


@pytest.fixture
def north() -> InMemory:
    return InMemory()


def played(scene: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(scene())  # type: ignore[arg-type]


def test_present_objects_come_first_then_what_happens(north: InMemory) -> None:
    async def scene() -> None:
        north.ok("POST", CONFIG_MAPS, config("a"))
        watching = Watching(north)
        async with aclosing(watching.stream):
            assert await watching.names(1) == [("ADDED", "a")]
            north.ok("POST", CONFIG_MAPS, config("b"))
            north.ok("PATCH", f"{CONFIG_MAPS}/a", {"data": {"k": "v"}}, MERGE_PATCH)
            north.ok("DELETE", f"{CONFIG_MAPS}/b")
            expected = [("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]
            assert await watching.names(3) == expected

    played(scene)


def test_other_kinds_and_namespaces_are_not_seen(north: InMemory) -> None:
    async def scene() -> None:
        watching = Watching(north)
        async with aclosing(watching.stream):
            pending = asyncio.ensure_future(watching.names(1))
            await asyncio.sleep(0)
            north.ok("POST", "/api/v1/namespaces/default/configmaps", config("elsewhere"))
            north.ok("POST", "/api/v1/namespaces/faces/secrets", config("other-kind"))
            north.ok("POST", CONFIG_MAPS, config("a"))
            assert await pending == [("ADDED", "a")]

    played(scene)


def test_a_watch_goes_on_from_the_version_of_a_list(north: InMemory) -> None:
    async def scene() -> None:
        north.ok("POST", CONFIG_MAPS, config("before"))
        version = north.ok("GET", CONFIG_MAPS)["metadata"]["resourceVersion"]
        north.ok("POST", CONFIG_MAPS, config("between"))
        watching = Watching(north, f"resourceVersion={version}")
        async with aclosing(watching.stream):
            assert await watching.names(1) == [("ADDED", "between")]
            north.ok("POST", CONFIG_MAPS, config("after"))
            assert await watching.names(1) == [("ADDED", "after")]

    played(scene)


def test_a_version_out_of_history_is_gone(north: InMemory) -> None:
    async def scene() -> None:
        for number in range(HISTORY_LENGTH + 1):
            north.cluster.store.create(
                ("", "events"),  # type: ignore[arg-type]
                {"metadata": {"name": f"e{number}", "namespace": "faces"}},
            )
        watching = Watching(north, "resourceVersion=1")
        event = await watching.next()
        assert (event["type"], event["object"]["code"]) == ("ERROR", 410)
        assert event["object"]["reason"] == "Expired"
        assert await watching.ends()

    played(scene)


def test_a_version_of_the_future_is_refused(north: InMemory) -> None:
    async def scene() -> None:
        watching = Watching(north, "resourceVersion=99999")
        event = await watching.next()
        assert (event["type"], event["object"]["code"]) == ("ERROR", 504)
        assert await watching.ends()

    played(scene)


def test_thousands_of_objects_come_in_few_chunks(north: InMemory) -> None:
    async def scene() -> None:
        for number in range(1000):
            north.ok("POST", CONFIG_MAPS, config(f"c{number}"))
        watching = Watching(north)
        chunks: list[bytes] = []
        while sum(chunk.count(b"\n") for chunk in chunks) < 1000:
            chunks.append(await anext(watching.stream))
        assert len(chunks) < 20
        assert all(chunk.endswith(b"\n") for chunk in chunks)

    played(scene)


def test_objects_enter_and_leave_a_selection(north: InMemory) -> None:
    async def scene() -> None:
        north.ok("POST", CONFIG_MAPS, config("a", "green"))
        watching = Watching(north, "labelSelector=color%3Dblue")
        async with aclosing(watching.stream):
            pending = asyncio.ensure_future(watching.names(2))
            await asyncio.sleep(0)
            blue = {"metadata": {"labels": {"color": "blue"}}}
            north.ok("PATCH", f"{CONFIG_MAPS}/a", blue, MERGE_PATCH)
            green = {"metadata": {"labels": {"color": "green"}}}
            north.ok("PATCH", f"{CONFIG_MAPS}/a", green, MERGE_PATCH)
            assert await pending == [("ADDED", "a"), ("DELETED", "a")]

    played(scene)


def test_the_end_of_the_initial_events_is_marked(north: InMemory) -> None:
    async def scene() -> None:
        north.ok("POST", CONFIG_MAPS, config("a"))
        asked = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
        watching = Watching(north, f"{asked}&resourceVersion=")
        async with aclosing(watching.stream):
            assert await watching.names(1) == [("ADDED", "a")]
            mark = await watching.next()
            assert mark["type"] == "BOOKMARK"
            assert mark["object"]["kind"] == "ConfigMap"
            metadata = mark["object"]["metadata"]
            assert metadata["annotations"] == {"k8s.io/initial-events-end": "true"}
            assert metadata["resourceVersion"] == str(north.cluster.store.resource_version)

    played(scene)


def test_tables_are_watched_row_by_row(north: InMemory) -> None:
    async def scene() -> None:
        accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
        north.ok("POST", CONFIG_MAPS, config("a"))
        watching = Watching(north, "", accept)
        async with aclosing(watching.stream):
            event = await watching.next()
            assert event["object"]["kind"] == "Table"
            assert [row["cells"][0] for row in event["object"]["rows"]] == ["a"]

    played(scene)


def test_a_watch_ends_when_its_time_is_over(north: InMemory) -> None:
    async def scene() -> None:
        watching = Watching(north, "timeoutSeconds=1")
        assert await watching.ends()

    played(scene)


def test_a_closed_watch_listens_no_longer(north: InMemory) -> None:
    async def scene() -> None:
        north.ok("POST", CONFIG_MAPS, config("a"))
        watching = Watching(north)
        before = len(north.cluster.store._listeners)
        await watching.next()
        assert len(north.cluster.store._listeners) == before + 1
        await watching.stream.aclose()
        assert len(north.cluster.store._listeners) == before

    played(scene)


def test_a_reader_that_falls_too_far_behind_is_cut_off(north: InMemory) -> None:
    async def scene() -> None:
        north.ok("POST", CONFIG_MAPS, config("a"))
        watching = Watching(north)
        assert await watching.names(1) == [("ADDED", "a")]
        for number in range(HISTORY_LENGTH + 1):
            north.ok("PATCH", f"{CONFIG_MAPS}/a", {"data": {"n": str(number)}}, MERGE_PATCH)
        assert await watching.ends()

    played(scene)
