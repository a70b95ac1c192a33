"""Events are forgotten after an hour, those that are seen again later."""

from __future__ import annotations

from meshpeek.rehearsal.controllers.event_expiry import LIFETIME, SWEEP_SECONDS
from meshpeek.rehearsal.store.store import timestamp
from meshpeek.rehearsal.types.keys import EVENTS
from tests.rehearsal.simulated_clusters import Simulation, deployment

HOUR = LIFETIME.total_seconds()


def test_events_go_after_an_hour_and_not_before() -> None:
    simulation = Simulation()
    simulation.apply("north", deployment("face"))
    simulation.advance(10)
    said = simulation.names("north", EVENTS)
    assert said
    simulation.advance(HOUR - SWEEP_SECONDS)
    assert simulation.names("north", EVENTS) == said
    simulation.advance(2 * SWEEP_SECONDS)
    assert simulation.names("north", EVENTS) == []


def test_an_event_that_is_seen_again_stays() -> None:
    simulation = Simulation()
    simulation.apply("north", deployment("face"))
    simulation.advance(10)
    again, *_ = simulation.north.store.list(EVENTS, "faces")
    simulation.advance(HOUR / 2)
    seen = {**again, "count": 2, "lastTimestamp": timestamp(simulation.clock.now())}
    simulation.north.store.update(EVENTS, seen)
    simulation.advance(HOUR / 2 + SWEEP_SECONDS)
    assert simulation.names("north", EVENTS) == [again["metadata"]["name"]]
