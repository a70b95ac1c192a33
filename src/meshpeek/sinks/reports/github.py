"""The run for GitHub Actions: annotations and the summary of a job."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from meshpeek.run.events import Event, RunEnded, RunRefused, RunStarted, WorkshopSkipped
from meshpeek.sinks.reports.step_summary import (
    annotate,
    annotate_refusal,
    summarise,
    summarise_refusal,
    summarise_skipped,
)
from meshpeek.sinks.run_report import RunReport

_MOST_ANNOTATIONS = 10
"""How many annotations of one step GitHub shows."""


class GitHub:
    """Writes annotations to `stream`, the job's log, and a summary to the job's own file for it.

    `environment` is that of the job. Annotations are written at the end of a run, where the log is
    at the start of a line. From the start of a run on, GitHub's runner takes no other commands from
    the log: what a workshop prints could switch annotations off, or hide words of the log.
    """

    def __init__(self, stream: BinaryIO, environment: Mapping[str, str]) -> None:
        self._stream = stream
        self._workspace = Path(environment.get("GITHUB_WORKSPACE", ".")).resolve()
        summary = environment.get("GITHUB_STEP_SUMMARY")
        self._summary = Path(summary) if summary else None
        self._report = RunReport()
        self._path = ""
        self._token = ""
        self._written = 0
        self._held: list[str] = []

    def take(self, event: Event) -> None:
        """Add the event; at the end of a run, write its annotations and summary."""
        if isinstance(event, RunStarted):
            self._report = RunReport()
            self._path = event.workshop.path
            self._stop_commands()
        self._report.take(event)
        if isinstance(event, RunEnded):
            for failure in self._report.failed:
                self._annotate(annotate(failure, self._in_repository(failure.step.span.path)))
            if event.problem is not None:
                place = self._in_repository(self._path)
                self._annotate(annotate_refusal(RunRefused(self._path, event.problem), place))
            self._sum_up(summarise(self._report, self._path))
        elif isinstance(event, RunRefused):
            self._annotate(annotate_refusal(event, self._in_repository(event.path)))
            self._sum_up(summarise_refusal(event))
        elif isinstance(event, WorkshopSkipped):
            self._sum_up(summarise_skipped(event))

    def close(self) -> None:
        """Write the last annotation, and let the runner take commands again."""
        first, *more = self._held or [""]
        if more:
            first += f"%0Aand {len(more)} more failures: the summary of the job has all"
        if first:
            self.say(first)
        self._resume_commands()

    def _annotate(self, command: str) -> None:
        """Write an annotation; from the tenth on, keep it: GitHub shows ten of a step."""
        if self._written < _MOST_ANNOTATIONS - 1:
            self._written += 1
            self.say(command)
        else:
            self._held.append(command)

    def _in_repository(self, path: str) -> str:
        """Return the path relative to the repository's root, if it is in there."""
        whole = Path(path).resolve()
        if whole.is_relative_to(self._workspace):
            return whole.relative_to(self._workspace).as_posix()
        return path

    def say(self, command: str) -> None:
        """Give the runner a command."""
        was_stopped = bool(self._token)
        self._resume_commands()
        self._write(command)
        if was_stopped:
            self._stop_commands()

    def _stop_commands(self) -> None:
        """Have the runner take no commands before the next token, which nobody can guess."""
        if not self._token:
            self._token = secrets.token_hex(16)
            self._write(f"::stop-commands::{self._token}")

    def _resume_commands(self) -> None:
        if self._token:
            self._write(f"::{self._token}::")
            self._token = ""

    def _write(self, line: str) -> None:
        self._stream.write(f"\n{line}\n".encode(errors="replace"))
        self._stream.flush()

    def _sum_up(self, text: str) -> None:
        if self._summary:
            with self._summary.open("a", encoding="utf-8", errors="replace") as file:
                file.write(text)
