"""Reports that are written to files while the run goes on."""

from __future__ import annotations

from pathlib import Path

from meshpeek.errors import EnvironmentUnfitError
from meshpeek.reports.jsonl import EventLines
from meshpeek.run.events import Event


class EventFile:
    """Writes each event as a line of JSON, at once, so that a killed run leaves whole lines.

    `append` adds to a file that there is. Raises EnvironmentUnfitError if the file cannot be
    opened for writing.
    """

    def __init__(self, path: Path, *, append: bool = False) -> None:
        try:
            self._file = path.open("a" if append else "w", encoding="utf-8", errors="replace")
        except OSError as error:
            raise EnvironmentUnfitError(
                f"cannot write {path}: {error.strerror}",
                hint="name a file in an existing folder that you may write to",
            ) from error
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
