"""What is told of changes in clusters, and how it gets to a reader who may be slow."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from typing import Any

import pytest

from meshpeek.rehearsal.store import change_feed
from meshpeek.rehearsal.store.change_feed import describe, report_changes
from meshpeek.rehearsal.types.keys import DEPLOYMENTS, NAMESPACES, PODS, SERVICES
from tests.rehearsal.simulated_clusters import Simulation, deployment, namespace, service


@pytest.fixture
def simulation() -> Simulation:
    return Simulation("north")


@pytest.fixture
def told(simulation: Simulation) -> list[str]:
    """Collect what is told from now on, shortened."""
    lines: list[str] = []

    def follow(event: Any) -> None:
        change = describe(simulation.north, event)
        if change:
            detail = f": {change['detail']}" if change["detail"] else ""
            lines.append(f"{change['change']} {change['kind']} {change['name']}{detail}")

    simulation.north.store.subscribe(follow)
    return lines


def test_a_deployment_comes_up(simulation: Simulation, told: list[str]) -> None:
    simulation.apply("north", deployment("face", replicas=1))
    simulation.advance(5)
    pod = simulation.names("north", PODS)[0]
    assert told[0] == "added Deployment face"
    assert f"added Pod {pod}" in told
    assert f"changed Pod {pod}: Running, 1 of 1 ready" in told
    assert told[-1] == "changed Deployment face: 1 of 1 ready"
    assert not [line for line in told if "Event" in line or "EndpointSlice" in line]


def test_fields_are_named_as_they_are_in_a_manifest(
    simulation: Simulation, told: list[str]
) -> None:
    simulation.apply("north", service("face"))
    simulation.advance(1)
    told.clear()
    simulation.label("north", SERVICES, "faces/face", {"new": "label"})
    simulation.change("north", SERVICES, "faces/face", ports=[{"port": 81, "protocol": "TCP"}])
    assert told == [
        "changed Service face: metadata.labels",
        "changed Service face: spec.ports",
    ]


def test_a_write_that_changes_nothing_to_see_is_not_told(
    simulation: Simulation, told: list[str]
) -> None:
    (made,) = simulation.apply("north", deployment("face", replicas=0))
    simulation.advance(1)
    told.clear()
    store = simulation.north.store
    present = store.get(DEPLOYMENTS, "faces", "face")
    assert present is not None
    noted = {**present["metadata"], "managedFields": [{"manager": made["kind"]}]}
    store.update(DEPLOYMENTS, {**present, "metadata": noted})
    assert told == []


def test_what_waits_for_its_end_is_told_before_it_goes(
    simulation: Simulation, told: list[str]
) -> None:
    simulation.apply("north", namespace("passing"))
    simulation.advance(1)
    told.clear()
    simulation.north.store.delete(NAMESPACES, None, "passing")
    simulation.advance(1)
    assert told[0] == "changed Namespace passing: is being deleted"
    assert told[-1] == "deleted Namespace passing"


def test_a_slow_reader_misses_lines_and_is_told_how_many(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_feed, "_BACKLOG", 1000)
    reading, writing = os.pipe()
    os.set_blocking(reading, False)

    async def read_until(end: bytes) -> bytes:
        text = b""
        while end not in text:
            await asyncio.sleep(0)
            with contextlib.suppress(BlockingIOError):
                text += os.read(reading, 1 << 20)
        return text

    async def write() -> bytes:
        with open(writing, "w") as output:
            transport = await report_changes([simulation.north], output)
            for number in range(2000):
                simulation.apply("north", namespace(f"n{number}"))
            waiting = transport.get_write_buffer_size()
            assert waiting < 2000
            text = await read_until(b'"n10"')
            while transport.get_write_buffer_size():
                await asyncio.sleep(0)
            simulation.apply("north", namespace("last"))
            text += await read_until(b'"last", "detail": ""}\n')
            transport.close()
            await asyncio.sleep(0)
        return text

    lines = [json.loads(line) for line in asyncio.run(write()).splitlines()]
    os.close(reading)
    missed = [line["missed"] for line in lines if "missed" in line]
    named = [line["name"] for line in lines if "name" in line]
    assert len(missed) == 1
    assert len(named) + missed[0] == 2001
    assert named[-1] == "last"
