"""Output for a log that nobody watches: each line as it was left, once it has ended."""

from __future__ import annotations

from meshpeek.run.events import Event, OutputReceived
from meshpeek.sinks import Sink
from meshpeek.terminal.escape_sequences import strip_escapes
from meshpeek.terminal.settled_text import settle

_MOST_HELD = 64 * 1024
"""A line may be drawn over itself for long: so many bytes are taken together."""

_CONTROLS = (0x08, 0x0D, 0x1B)
"""Backspace, carriage return and escape: without one of these, a line is as it was written."""


class SettledLines:
    """Holds back a line until it ends, since it may be drawn over; `colour`: colours stay."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Return the lines that `data` completes."""
        self._held += data
        whole, newline, self._held = self._held.rpartition(b"\n")
        if len(self._held) > _MOST_HELD:
            text = self._held.decode(errors="surrogateescape")
            self._held = settle(text).encode(errors="surrogateescape")
        if len(self._held) > _MOST_HELD:
            # Just long, not drawn over itself: it would be settled again with each piece.
            newline, self._held = newline + self._held, b""
        return self._settle(whole + newline)

    def end(self) -> bytes:
        """Return the line that has not ended: nothing follows."""
        held, self._held = self._held, b""
        return self._settle(held)

    def _settle(self, data: bytes) -> bytes:
        if not any(control in data for control in _CONTROLS):
            return data
        lines = data.decode(errors="surrogateescape").split("\n")
        # A carriage return before the end of a line belongs to that.
        settled = (settle(line.rstrip("\r")) for line in lines)
        kept = settled if self._colour else map(strip_escapes, settled)
        return "\n".join(kept).encode(errors="surrogateescape")


class SettledOutput:
    """Passes events on to `sink`, with output as in SettledLines."""

    def __init__(self, sink: Sink, *, colour: bool) -> None:
        self._sink = sink
        self._lines = SettledLines(colour=colour)
        self._last: OutputReceived | None = None

    def take(self, event: Event) -> None:
        """Pass on `event`, after the line that it ends."""
        if isinstance(event, OutputReceived):
            self._last = event
            data = self._lines.feed(event.data)
        else:
            data = self._lines.end()
        if data and self._last:
            self._sink.take(self._last.replace(data=data))
        if not isinstance(event, OutputReceived):
            self._sink.take(event)

    def close(self) -> None:
        """Close the sink."""
        self._sink.close()
