"""Reports that are written to files while the run goes on."""

from __future__ import annotations

import contextlib
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
        # All pieces or, where the builder raises, none: half an element would spoil the document.
        self._add(list(self._builder.take(event)))
        if is_milestone(event):
            self._publish()

    def close(self) -> None:
        """Write the report's last state."""
        with contextlib.closing(self._file):
            self._publish()

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
        self._file = path.open("wb", buffering=0)
        self._unwritten = bytearray()
        self._lines = EventLines()

    def take(self, event: Event) -> None:
        """Write the event's line, if it has one, after what could not be written before."""
        line = self._lines.line(event)
        if line is not None:
            self._unwritten += f"{line}\n".encode(errors="replace")
        self._write()

    def _write(self) -> None:
        while self._unwritten:
            del self._unwritten[: self._file.write(self._unwritten)]

    def close(self) -> None:
        """Write what could not be written before, and close the file."""
        with self._file:
            self._write()
