"""The clock of controllers: real time, or simulated time."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where controllers get the time and have things done later (compare k8s.io/utils/clock)."""

    def now(self) -> datetime:
        """Return the present time, in UTC."""

    def call_later(self, delay: float, action: Callable[[], None]) -> None:
        """Run `action` once, `delay` seconds from now, never before the caller has returned."""


class RealClock:
    """Real time, on the running asyncio loop. `now` returns the present time, in UTC."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._loop = asyncio.get_running_loop()
        self._now = now

    def now(self) -> datetime:
        """Return the present time, in UTC."""
        return self._now()

    def call_later(self, delay: float, action: Callable[[], None]) -> None:
        """Run `action` on the loop, `delay` seconds from now."""
        self._loop.call_later(delay, action)


class SimulatedClock:
    """Time that passes only when told to: for seeding in the past, and for tests."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._order = itertools.count()
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []

    def now(self) -> datetime:
        """Return the simulated time."""
        return self._now

    def call_later(self, delay: float, action: Callable[[], None]) -> None:
        """Run `action` when `delay` more seconds have been simulated."""
        moment = self._now + timedelta(seconds=delay)
        heapq.heappush(self._due, (moment, next(self._order), action))

    def advance(self, seconds: float = 0.0) -> None:
        """Let `seconds` pass, doing what falls due within them, in its order."""
        end = self._now + timedelta(seconds=seconds)
        while self._due and self._due[0][0] <= end:
            moment, _, action = heapq.heappop(self._due)
            self._now = moment
            action()
        self._now = end
