"""Telling GitHub Actions of a run, where one runs there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from meshpeek.run.events import Event, RunEnded, RunRefused, RunStarted
from meshpeek.sinks.reports.step_summary import (
    annotate,
    annotate_refusal,
    summarise,
    summarise_refusal,
)
from meshpeek.sinks.run_report import RunReport


class GitHub:
    """Writes annotations to `stream`, the job's log, and a summary to the job's own file for it.

    `environment` is that of the job. Annotations come at a run's end, where the log is at the
    start of a line.
    """

    def __init__(self, stream: BinaryIO, environment: Mapping[str, str]) -> None:
        self._stream = stream
        self._workspace = Path(environment.get("GITHUB_WORKSPACE", ".")).resolve()
        summary = environment.get("GITHUB_STEP_SUMMARY")
        self._summary = Path(summary) if summary else None
        self._report = RunReport()
        self._path = ""

    def take(self, event: Event) -> None:
        """Take note of the event; at the end, tell of the run."""
        if isinstance(event, RunStarted):
            self._report = RunReport()
            self._path = event.workshop.path
        self._report.take(event)
        if isinstance(event, RunEnded):
            for failure in self._report.failed:
                self._say(annotate(failure, self._in_repository(failure.step.span.path)))
            self._sum_up(summarise(self._report, self._path))
        elif isinstance(event, RunRefused):
            self._say(annotate_refusal(event, self._in_repository(event.path)))
            self._sum_up(summarise_refusal(event))

    def close(self) -> None:
        """Do nothing: all has been said at the end of each run."""

    def _in_repository(self, path: str) -> str:
        """Return the path as annotations want it: from the repository's root, if it is in there."""
        whole = Path(path).resolve()
        if whole.is_relative_to(self._workspace):
            return whole.relative_to(self._workspace).as_posix()
        return path

    def _say(self, command: str) -> None:
        self._stream.write(f"\n{command}\n".encode(errors="replace"))
        self._stream.flush()

    def _sum_up(self, text: str) -> None:
        if self._summary:
            with self._summary.open("a", encoding="utf-8", errors="replace") as file:
                file.write(text)
