"""The sink that keeps a report in a file while the run goes on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

from meshpeek.run.events import Event
from meshpeek.sinks.reports.incremental.document import (
    Chunk,
    Formatter,
    Placeholder,
    must_be_on_disk,
)
from meshpeek.sinks.reports.incremental.double_buffered_file import open_output


class ReportFile:
    """Keeps what `formatter` makes of the events in a file that is whole after every step.

    Raises OSError if the file cannot be written.
    """

    def __init__(self, path: Path, formatter: Formatter) -> None:
        self._file = open_output(path)
        self._formatter = formatter
        self._offsets: dict[Placeholder, int] = {}
        self._add(formatter.head())
        self._publish()

    def take(self, event: Event) -> None:
        """Add what the event adds; publish the file where a step begins or ends."""
        # All chunks or, where the formatter raises, none: half an element would spoil the document.
        self._add(list(self._formatter.take(event)))
        if must_be_on_disk(event):
            self._publish()

    def close(self) -> None:
        """Write the report's last state."""
        with contextlib.closing(self._file):
            self._add(self._formatter.finish())
            self._publish()

    def _add(self, chunks: Iterable[Chunk]) -> None:
        for chunk in chunks:
            if isinstance(chunk, str):
                self._file.add(chunk.encode(errors="replace"))
            elif chunk in self._offsets:
                self._file.overwrite(self._offsets[chunk], chunk.encode())
            else:
                self._offsets[chunk] = self._file.add(chunk.encode())

    def _publish(self) -> None:
        self._file.publish(self._formatter.tail().encode(errors="replace"))
