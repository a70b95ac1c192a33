"""The pods of Faces 0.8.0: what each answers, and how long it takes, by its environment.

Facts: faces-demo v0.8.0, src/faces-service/server.py. What a pod remembers between requests (that
it is stuck in errors, how often it was asked) is kept here by its uid.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from meshpeek.rehearsal.installations.faces.hops import Hop
from meshpeek.rehearsal.types.objects import Object

PORT = 8000
"""What every workload listens on."""

SMILEYS: Mapping[str, str] = {
    "Smiling": "\N{SMILING FACE WITH OPEN MOUTH}",
    "Sleeping": "\N{SLEEPING FACE}",
    "Cursing": "\N{SERIOUS FACE WITH SYMBOLS COVERING MOUTH}",
    "Kaboom": "\N{SHOCKED FACE WITH EXPLODING HEAD}",
    "HeartEyes": "\N{SMILING FACE WITH HEART-SHAPED EYES}",
    "Neutral": "\N{NEUTRAL FACE}",
    "RollingEyes": "\N{FACE WITH ROLLING EYES}",
    "Screaming": "\N{FACE SCREAMING IN FEAR}",
}

_UNLATCH_SECONDS = 30
_RATE_SECONDS = 10
_LOWEST_RATE = 0.1
_MOST_REMEMBERED = 1024
_PARTS = (("color", "grey"), ("smiley", SMILEYS["Cursing"]))
"""What a face is made of, in the order in which it asks, and what it shows instead of an error."""


class Settings(NamedTuple):
    """What a pod's environment says: `delays` in milliseconds, fractions in percent."""

    service: str
    colour: str
    smiley: str
    delays: tuple[int, ...]
    error_fraction: int
    latch_fraction: float
    max_rate: float


class Answer(NamedTuple):
    """What a pod answers, after `seconds`, and the requests that it made for it."""

    status: int
    seconds: float
    body: Mapping[str, Any]
    calls: tuple[Hop, ...] = ()


Ask = Callable[[str, float], Hop]
"""Make a request to a Service, at a moment (in seconds)."""


@dataclass(slots=True)
class _Memory:
    last_request: float
    is_latched: bool = False
    arrivals: deque[int] = field(default_factory=deque)


def read_settings(pod: Object) -> Settings | None:
    """Return the settings of the container that has FACES_SERVICE; None where none can run."""
    for container in pod["spec"]["containers"]:
        variables = {each["name"]: each.get("value") or "" for each in container.get("env") or ()}
        if variables.get("FACES_SERVICE") in ("face", "smiley", "color"):
            try:
                return _settings(variables)
            except ValueError:
                return None  # the real one ends with a traceback, again and again
    return None


def _settings(variables: Mapping[str, str]) -> Settings:
    smiley = variables.get("SMILEY") or "Smiling"
    return Settings(
        variables["FACES_SERVICE"],
        variables.get("COLOR", "green"),
        SMILEYS.get(smiley, SMILEYS["RollingEyes"]),
        tuple(_delays(variables.get("DELAY_BUCKETS", ""))),
        min(max(int(variables.get("ERROR_FRACTION", "0")), 0), 100),
        min(max(float(variables.get("LATCH_FRACTION", "0")), 0.0), 100.0),
        max(float(variables.get("MAX_RATE", "0")), 0.0),
    )


def _delays(buckets: str) -> list[int]:
    delays = []
    for bucket in buckets.split(","):
        try:
            delays.append(max(int(bucket), 0))
        except ValueError:
            continue
    return delays


class Workloads:
    """All pods of Faces. `random` decides what they leave to chance."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._memories: dict[str, _Memory] = {}

    def answer(self, uid: str, settings: Settings, now: float, ask: Ask) -> Answer:
        """Return what the pod `uid` answers to a request that comes at `now` (seconds).

        A face makes its own requests by `ask`.
        """
        memory = self._remember(uid, now)
        if settings.service != "face":
            value = settings.colour if settings.service == "color" else settings.smiley
            return self._respond(settings, memory, {settings.service: value} if value else {})
        if int(now - memory.last_request) > _UNLATCH_SECONDS:
            memory.is_latched = False
        memory.last_request = now
        if _is_over_rate(settings, memory, now):
            face = {"color": "pink", "smiley": SMILEYS["Kaboom"], "errors": ["ratelimit"]}
            return self._respond(settings, memory, face)
        return self._put_together(settings, memory, now, ask)

    def _remember(self, uid: str, now: float) -> _Memory:
        if uid not in self._memories and len(self._memories) >= _MOST_REMEMBERED:
            del self._memories[next(iter(self._memories))]
        return self._memories.setdefault(uid, _Memory(now))

    def _put_together(self, settings: Settings, memory: _Memory, now: float, ask: Ask) -> Answer:
        """Ask for the parts of a face, one after the other."""
        face: dict[str, Any] = {}
        errors: list[str] = []
        calls: list[Hop] = []
        waited = 0.0
        for part, instead in _PARTS:
            call = ask(part, now + waited)
            waited += call.seconds
            calls.append(call)
            value = call.body.get(part)
            status = call.status if call.status != 200 or value else 400
            if status != 200:
                errors.append(f"{part}: {status}")
                value = "504" if status == 504 else instead
            face[part] = value
        if errors:
            face["errors"] = errors
        return self._respond(settings, memory, face, waited, calls)

    def _respond(
        self,
        settings: Settings,
        memory: _Memory,
        body: Mapping[str, Any],
        waited: float = 0.0,
        calls: Sequence[Hop] = (),
    ) -> Answer:
        """Wait for a moment, then answer: with `body`, unless an error is due."""
        delay = self._random.choice(settings.delays) / 1000 if settings.delays else 0.0
        status = 200
        if memory.is_latched:
            status = 599
        elif self._happens(settings.error_fraction):
            status = 500
            if self._happens(settings.latch_fraction):
                memory.is_latched = True
                status = 599
        return Answer(status, waited + delay, body if status == 200 else {}, tuple(calls))

    def _happens(self, percentage: float) -> bool:
        """Return True in N+1 of 100 cases, as the real ones compare; never for 0."""
        return percentage > 0 and self._random.randint(0, 99) <= percentage


def _is_over_rate(settings: Settings, memory: _Memory, now: float) -> bool:
    if settings.max_rate < _LOWEST_RATE:
        return False
    second = int(now)
    memory.arrivals.append(second)
    while memory.arrivals[0] <= second - _RATE_SECONDS:
        memory.arrivals.popleft()
    return len(memory.arrivals) / _RATE_SECONDS >= settings.max_rate
