"""Reports that are written to files while the run goes on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from meshpeek.run.events import Event
from meshpeek.sinks.reports.growing_file import open_output
from meshpeek.sinks.reports.growth import Builder, Piece, Slot, is_milestone
from meshpeek.sinks.reports.jsonl import EventLines


class ReportFile:
    """Keeps what `builder` makes of the events in a file that is whole after every step.

    Raises OSError if the file cannot be written.
    """

    def __init__(self, path: Path, builder: Builder) -> None:
        self._file = open_output(path)
        self._builder = builder
        self._offsets: dict[Slot, int] = {}
        self._add(builder.head())
        self._publish()

    def take(self, event: Event) -> None:
        """Add what the event brings; after a step, let readers see it."""
        self._add(self._builder.take(event))
        if is_milestone(event):
            self._publish()

    def close(self) -> None:
        """Write the report's last state."""
        self._publish()
        self._file.close()

    def _add(self, pieces: Iterable[Piece]) -> None:
        text: list[bytes] = []
        for piece in pieces:
            if isinstance(piece, str):
                text.append(piece.encode(errors="replace"))
            elif piece in self._offsets:
                self._file.overwrite(self._offsets[piece], piece.encode())
            else:
                self._file.add(b"".join(text))
                text.clear()
                self._offsets[piece] = self._file.add(piece.encode())
        self._file.add(b"".join(text))

    def _publish(self) -> None:
        self._file.publish(self._builder.tail().encode(errors="replace"))


class EventFile:
    """Writes each event as a line of JSON, at once: for programs that follow the run.

    Raises OSError if the file cannot be opened for writing.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", errors="replace")
        self._lines = EventLines()

    def take(self, event: Event) -> None:
        """Write the event's line, if it has one."""
        line = self._lines.line(event)
        if line is not None:
            self._file.write(line + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
