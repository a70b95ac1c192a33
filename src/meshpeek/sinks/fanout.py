"""Passing events to all sinks, so that one that breaks harms neither the run nor the others."""

from __future__ import annotations

from collections.abc import Sequence

from meshpeek.run.events import Event
from meshpeek.sinks import Sink


class _Branch:
    def __init__(self, name: str, sink: Sink) -> None:
        self.name = name
        self.sink = sink
        self.error: Exception | None = None


class Fanout:
    """A sink that passes events on to named sinks.

    One that raises is tried again with the next event: what breaks on one event shows the others.
    """

    def __init__(self, sinks: Sequence[tuple[str, Sink]]) -> None:
        self._branches = [_Branch(name, sink) for name, sink in sinks]

    def take(self, event: Event) -> None:
        """Pass `event` on to every sink."""
        for branch in self._branches:
            try:
                branch.sink.take(event)
            except Exception as error:  # noqa: BLE001  # whatever it is, the run goes on
                branch.error = branch.error or error

    def close(self) -> None:
        """Close every sink, those that have raised as well."""
        for branch in self._branches:
            try:
                branch.sink.close()
            except Exception as error:  # noqa: BLE001
                branch.error = branch.error or error

    @property
    def broken(self) -> list[tuple[str, Exception]]:
        """The sinks that have raised, by name, each with its first error."""
        return [(branch.name, branch.error) for branch in self._branches if branch.error]
