"""Reports built in memory, as their file would hold them after each event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from meshpeek.run.events import Event
from meshpeek.sinks.reports.incremental.document import Chunk, Formatter

NOW = datetime(2026, 11, 24, 14, 0, 0, tzinfo=UTC)


def now() -> datetime:
    return NOW


def texts(formatter: Formatter, events: Iterable[Event]) -> Iterator[str]:
    """Yield the whole report: at the start, after each event, and at the end."""
    chunks: list[Chunk] = []

    def add(more: Iterable[Chunk]) -> str:
        chunks.extend(chunk for chunk in more if isinstance(chunk, str) or chunk not in chunks)
        whole = "".join(p if isinstance(p, str) else p.encode().decode() for p in chunks)
        return whole + formatter.tail()

    yield add(formatter.head())
    for event in events:
        yield add(formatter.take(event))
    yield add(formatter.finish())


def text(formatter: Formatter, events: Iterable[Event]) -> str:
    """Return the report of all `events`."""
    *_, last = texts(formatter, events)
    return last
