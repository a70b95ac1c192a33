"""Recording a run as a transcript."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from pathlib import Path

from meshpeek.run.events import CommandEnded, CommandResult, Event, Reason, RunStarted
from meshpeek.sinks.reports.incremental.double_buffered_file import open_output
from meshpeek.sinks.run_report import RunReport
from meshpeek.sinks.transcripts.transcript import RecordedStep, Transcript, keys_of
from meshpeek.sinks.transcripts.yaml_writer import (
    RecordingFacts,
    update_transcript,
    write_transcript,
)
from meshpeek.terminal.settled_text import visible_text
from meshpeek.workshop.model import Workshop


class TranscriptSink:
    """Writes a transcript to `path` once all steps have passed, or leaves the file as it is.

    `text` and `old` are the transcript to update; steps that do not run are kept as they are.
    Raises OSError at once if the file cannot be written.
    """

    def __init__(self, path: Path, text: str = "", old: Transcript | None = None) -> None:
        self._path = path
        self._file = open_output(path)
        self._text = text
        self.old = old
        self._report = RunReport()
        self._workshop: Workshop | None = None
        self._results: dict[int, CommandResult] = {}
        self._size: str | None = None
        self._versions: Mapping[str, str] = {}

    def take(self, event: Event) -> None:
        """Keep the result of a command."""
        self._report.take(event)
        match event:
            case RunStarted(workshop=workshop, size=size, versions=versions):
                self._workshop = workshop
                self._size = None if size is None else f"{size[0]}x{size[1]}"
                self._versions = versions
            case CommandEnded(step=step, result=result) if result.final:
                self._results[id(step)] = result

    @property
    def is_complete(self) -> bool:
        """Whether the run has finished and all commands that ran have passed."""
        return self._report.reason is Reason.FINISHED and not self._report.failed

    def describe(self) -> str:
        """Return the line about the transcript at the end of the run."""
        if self.is_complete:
            return f"written: {self._path}"
        return f"{self._path} is unchanged: not every step passed"

    def close(self) -> None:
        """Write the transcript. Raises OSError."""
        with contextlib.closing(self._file):
            if self._workshop is not None and self.is_complete:
                self._file.add(self._compose(self._workshop).encode())
                self._file.publish(b"")

    def _compose(self, workshop: Workshop) -> str:
        known = self.old.by_key() if self.old else {}
        keys = keys_of(workshop.steps)
        steps = {}
        for step in workshop.steps:
            key = keys.get(id(step))
            result = self._results.get(id(step))
            if key is not None and result is not None:
                output = visible_text(result.output)
                name = getattr(step, "name", None)
                steps[key] = RecordedStep(
                    step.text, name, step.span.line, result.status, output, result.output
                )
            elif key is not None and key in known:
                steps[key] = known[key]
        facts = RecordingFacts(time.strftime("%Y-%m-%d"), self._size, self._versions)
        if self.old is None:
            return write_transcript(workshop.path, list(steps.values()), facts)
        return update_transcript(self._text, self.old, steps, facts)
