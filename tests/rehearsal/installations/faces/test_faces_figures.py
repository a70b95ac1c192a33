"""The figures of Faces over many requests: how long cells take, how often they fade and count.

What is expected came from a simulation of Faces 0.8.0 alone, 16 cells × 4,000 requests; here the
requests go through the objects of the rehearsal clusters.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest

from tests.rehearsal.installations.faces.faces_world import FacesWorld, call, to

PERIOD = 2.0
WATCH = 0.2
FADED_AFTER, GONE_AFTER = 2.0, 2.5
CELLS, REQUESTS = 16, 750


@dataclass(frozen=True)
class Figures:
    """`mean` and `late` (the 95th percentile) in seconds; the others as parts of one."""

    mean: float
    late: float
    faded: float
    invisible: float
    counted: float


def watch_grid(world: FacesWorld) -> Figures:
    """Play all cells as the page does, on simulated time."""
    cells = world.cells(2)
    latencies: list[float] = []
    ages: list[float] = []
    counted = 0
    for _ in range(CELLS):
        now = last = 0.0
        next_look = WATCH
        for turn in range(REQUESTS):
            hop = cells.ask({})
            arrival = now + hop.seconds
            while turn and next_look < arrival:
                ages.append(next_look - last)
                next_look += WATCH
            next_look = max(next_look, (arrival // WATCH + 1) * WATCH)
            last = arrival
            latencies.append(hop.seconds)
            counted += "504" in (hop.body.get("color"), hop.body.get("smiley"))
            now = arrival + max(0.0, PERIOD - hop.seconds)
    latencies.sort()
    return Figures(
        sum(latencies) / len(latencies),
        latencies[len(latencies) * 95 // 100],
        sum(age > FADED_AFTER for age in ages) / len(ages),
        sum(age > GONE_AFTER for age in ages) / len(ages),
        counted / len(latencies),
    )


def test_the_5_s_timeout() -> None:
    figures = watch_grid(FacesWorld())
    assert figures.mean == pytest.approx(1.081, abs=0.025)
    assert figures.late == pytest.approx(2.2, abs=0.05)
    assert figures.faded == pytest.approx(0.175, abs=0.02)
    assert figures.invisible == pytest.approx(0.078, abs=0.012)
    assert figures.counted == 0


def test_the_300_ms_timeout() -> None:
    world = FacesWorld()
    world.rules("smiley-router", to("smiley-east", timeouts={"request": "300ms"}))
    figures = watch_grid(world)
    assert figures.mean == pytest.approx(0.899, abs=0.025)
    assert figures.late == pytest.approx(1.8, abs=0.05)
    assert figures.faded == pytest.approx(0.147, abs=0.02)
    assert figures.invisible == pytest.approx(0.056, abs=0.012)
    assert figures.counted == pytest.approx(0.40, abs=0.02)


def test_pods_of_a_service_and_backends_of_a_route_are_chosen_evenly() -> None:
    world = FacesWorld()
    world.canary()
    count = 8000
    calls = [call(hop, "color") for hop in world.ask(count)]
    pods = Counter((each.backend, each.pod) for each in calls)
    expected = count / 4
    # Chi-squared with three degrees of freedom: 16.3 is passed once in a thousand times.
    assert len(pods) == 4
    assert sum((seen - expected) ** 2 / expected for seen in pods.values()) < 16.3
    delays = Counter(round(each.seconds * 1000) for each in calls)
    assert set(delays) == {0, 100, 200, 500, 1000}
    assert sum((seen - count / 5) ** 2 / (count / 5) for seen in delays.values()) < 18.5
