"""Reports built in memory, as their file would hold them after each event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from meshpeek.run.events import Event
from meshpeek.sinks.reports.growth import Builder, Slot

NOW = datetime(2026, 11, 24, 14, 0, 0, tzinfo=UTC)


def now() -> datetime:
    return NOW


def texts(builder: Builder, events: Iterable[Event]) -> Iterator[str]:
    """Yield the whole report: at the start, and after each event."""
    pieces: list[str | Slot] = []

    def add(more: Iterable[str | Slot]) -> str:
        pieces.extend(piece for piece in more if isinstance(piece, str) or piece not in pieces)
        whole = "".join(p if isinstance(p, str) else p.encode().decode() for p in pieces)
        return whole + builder.tail()

    yield add(builder.head())
    for event in events:
        yield add(builder.take(event))


def text(builder: Builder, events: Iterable[Event]) -> str:
    """Return the report of all `events`."""
    *_, last = texts(builder, events)
    return last
