"""Events as JSON lines, the format of `--events`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from meshpeek.run.events import (
    CommandEnded,
    CommandStarted,
    Event,
    JobsLeft,
    Moved,
    PageOpened,
    RecordedShown,
    RunEnded,
    RunRefused,
    RunStarted,
    ScreenCleared,
    ShellLent,
    StepSkipped,
    TextShown,
    WaitStarted,
    WorkshopSkipped,
)
from meshpeek.sinks.difference_lines import difference_lines
from meshpeek.sinks.run_report import RunReport
from meshpeek.terminal.settled_text import visible_text
from meshpeek.workshop.model import Step


class EventLog:
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


class EventLines:
    """Turns a run's events into lines of JSON.

    Every line has `event` and, for an event of a step, `step` (its number in `meshpeek steps`, null
    if a hook has added it), `path`, `line`, `section` and `text`. A `command` line adds `attempt`,
    `edited` (what ran instead of the text, or null), `final`, `time_left` (seconds that `until`
    leaves for more attempts), `status`, `pipestatus`, `duration` (seconds), `output` (without
    escape sequences), `omitted` (bytes of it that were not kept), `contexts`, `verdict`, `reasons`,
    `hint`, `difference` (lines of a transcript and of the run, as in `diff -u`), and the step's
    `name`, `tags` and `note`.
    """

    def __init__(self) -> None:
        self._numbers: dict[int, int | None] = {}
        self._titles: list[str] = []
        self._report = RunReport()

    def line(self, event: Event) -> str | None:
        """Return the line for `event`, without its line end; None for an event that has no line."""
        self._report.take(event)
        record = self._record(event)
        return None if record is None else json.dumps(record, ensure_ascii=False)

    def _record(self, event: Event) -> dict[str, Any] | None:
        match event:
            case RunStarted(workshop=workshop, mode=mode, rehearsal=rehearsal):
                numbers = workshop.numbers()
                self._numbers = dict(zip(map(id, workshop.steps), numbers, strict=True))
                self._titles = [section.title for section in workshop.sections]
                self._report = RunReport()
                return {
                    "event": "run-started",
                    "path": workshop.path,
                    "mode": mode.value,
                    "rehearsal": rehearsal,
                    "contexts": [context.name for context in workshop.front_matter.contexts],
                }
            case RunRefused(path=path, message=message):
                return {"event": "run-refused", "path": path, "message": message}
            case WorkshopSkipped(path=path, reason=reason):
                return {"event": "workshop-skipped", "path": path, "reason": reason}
            case PageOpened(title=title, url=url):
                return {"event": "page-opened", "title": title, "url": url}
            case TextShown(step=step, text=text):
                return {**self._place("text", step), "kind": step.kind, "text": text}
            case ScreenCleared(step=step):
                return self._place("clear", step)
            case WaitStarted(step=None):
                return {"event": "wait", "step": None, "section": None, "text": ""}
            case WaitStarted(step=Step() as step):
                return self._place("wait", step)
            case Moved(step=step) if step is not None:
                return self._place("moved", step)
            case ShellLent():
                return {"event": "shell"}
            case CommandStarted(step=step, attempt=attempt, edited=edited):
                return {
                    **self._place("command-started", step),
                    "attempt": attempt,
                    "edited": edited,
                }
            case CommandEnded(step=step):
                return {**self._place("command", step), **_result(event)}
            case RecordedShown(step=step, source=source):
                return {**self._place("recorded-shown", step), "source": source}
            case StepSkipped(step=step, reason=reason):
                return {**self._place("skipped", step), "reason": reason}
            case JobsLeft(listing=listing):
                return {"event": "jobs-left", "text": listing}
            case RunEnded(reason=reason, duration=duration, problem=problem):
                counts = [step.outcome for step in self._report.steps]
                return {
                    "event": "run-ended",
                    "reason": reason.value,
                    "message": problem,
                    "duration": round(duration, 6),
                    **{word: counts.count(word) for word in ("passed", "failed", "skipped")},
                }
        return None

    def _place(self, event: str, step: Step) -> dict[str, Any]:
        return {
            "event": event,
            "step": self._numbers[id(step)],
            "path": step.span.path,
            "line": step.span.line,
            "section": self._titles[step.section],
            "text": step.text,
        }


def _result(event: CommandEnded) -> dict[str, Any]:
    result = event.result
    return {
        "contexts": list(event.step.contexts),
        "name": event.step.name,
        "tags": sorted(event.step.tags),
        "note": event.step.note,
        "attempt": result.attempt,
        "edited": result.edited,
        "final": result.final,
        "time_left": round(result.time_left, 6),
        "status": result.status,
        "pipestatus": list(result.pipestatus),
        "duration": round(result.duration, 6),
        "output": visible_text(result.output),
        "omitted": result.omitted,
        "shell_ended": result.shell_ended,
        "verdict": result.verdict.kind.value,
        "reasons": list(result.verdict.reasons),
        "hint": result.verdict.hint,
        "difference": difference_lines(result.difference),
    }
