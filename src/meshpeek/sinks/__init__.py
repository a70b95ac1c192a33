"""Where a run's events go. Sinks consume events and decide nothing."""

from __future__ import annotations

from typing import Protocol

from meshpeek.run.events import Event


class Sink(Protocol):
    """Takes every event of a run, in order, and is closed after the last."""

    def take(self, event: Event) -> None:
        """Take the next event."""

    def close(self) -> None:
        """Finish; nothing comes after this."""
