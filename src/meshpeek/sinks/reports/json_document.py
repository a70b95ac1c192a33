"""A run as one JSON document, the format of `--json`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from meshpeek import __version__
from meshpeek.run.events import (
    CommandEnded,
    CommandResult,
    CommandStarted,
    Event,
    JobsLeft,
    Reason,
    RunEnded,
    RunRefused,
    RunStarted,
    StepSkipped,
    VerdictKind,
    WorkshopSkipped,
)
from meshpeek.sinks.difference_lines import difference_lines
from meshpeek.sinks.reports.incremental.document import Chunk
from meshpeek.sinks.summary import OUTCOMES
from meshpeek.terminal.settled_text import visible_text
from meshpeek.workshop.model import Command

FORMAT_VERSION = 1
"""Grows when something is removed from the format or changes its meaning."""

_TAIL_CHARACTERS = 2000


class JsonFormatter:
    """Builds the document. docs/reports.md describes its keys."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._workshops = 0
        self._steps = 0
        self._numbers: dict[int, int | None] = {}
        self._attempts: list[dict[str, Any]] = []
        self._end: dict[str, Any] = {}
        self._counts: Counter[str] = Counter()
        self._total: Counter[str] = Counter()

    def head(self) -> Iterator[Chunk]:
        """Return the document's start."""
        yield f'{{"format": {FORMAT_VERSION}, "meshpeek": {_dump(__version__)}, "workshops": ['

    def tail(self) -> str:
        """Return what ends the current workshop and the document."""
        total = _dump({"counts": _counts(self._total)})
        return f"{self._end_of_workshop()}\n], {total[1:]}\n"

    def take(self, event: Event) -> Iterator[Chunk]:
        """Return what `event` adds."""
        match event:
            case RunStarted():
                yield from self._begin_run(event)
            case RunRefused(path=path, message=message):
                yield from self._begin_workshop({"path": path, "started": self._timestamp()})
                self._end = {"outcome": "could not run", "message": message}
                self._total["could not run"] += 1
            case WorkshopSkipped(path=path, reason=reason):
                yield from self._begin_workshop({"path": path, "started": self._timestamp()})
                self._end = {"outcome": "skipped", "message": reason}
            case CommandStarted(step=step):
                self._end["under_way"] = self._place(step)
            case CommandEnded(result=result) if not result.final:
                self._attempts.append(_attempt(result))
            case CommandEnded(step=step, result=result):
                yield from self._step(step, self._result(result))
            case StepSkipped(step=step, reason=reason):
                yield from self._step(step, {"outcome": "skipped", "reasons": [reason]})
            case JobsLeft(listing=listing):
                self._end["jobs_left"] = listing
            case RunEnded(reason=reason, duration=duration, problem=problem):
                outcome = "could not run" if reason is Reason.LOST else self._outcome()
                self._end |= {"outcome": outcome, "end": reason.value}
                self._end["duration"] = round(duration, 6)
                if problem is not None:
                    self._end["message"] = problem

    def finish(self) -> Iterator[Chunk]:
        """Return nothing: the document says itself whether the run is under way."""
        yield from ()

    def _timestamp(self) -> str:
        return self._now().isoformat(timespec="milliseconds")

    def _begin_run(self, event: RunStarted) -> Iterator[Chunk]:
        workshop = event.workshop
        numbers = workshop.numbers()
        self._numbers = dict(zip(map(id, workshop.steps), numbers, strict=True))
        yield from self._begin_workshop(
            {
                "path": workshop.path,
                "started": self._timestamp(),
                "mode": event.mode.value,
                "rehearsal": event.rehearsal,
                "contexts": [context.name for context in workshop.front_matter.contexts],
                "sections": [section.title for section in workshop.sections],
                "earlier_failures": [
                    {
                        "attempt": failure.attempt,
                        "path": failure.step.span.path,
                        "line": failure.step.span.line,
                        "command": failure.step.text,
                        "outcome": failure.result.verdict.kind.value,
                        "reasons": list(failure.result.verdict.reasons),
                    }
                    for failure in event.earlier
                ],
            }
        )
        self._end = {"outcome": "running"}

    def _begin_workshop(self, described: dict[str, Any]) -> Iterator[Chunk]:
        yield self._end_of_workshop()
        yield f'{"," if self._workshops else ""}\n{_dump(described)[:-1]}, "steps": ['
        self._workshops += 1
        self._steps = 0
        self._counts.clear()

    def _end_of_workshop(self) -> str:
        if not self._workshops:
            return ""
        ending = _dump({"counts": _counts(self._counts), **self._end})
        return f"\n], {ending[1:]}"

    def _outcome(self) -> str:
        """Return the outcome of the workshop."""
        for word in ("interrupted", "failed", "passed"):
            if self._counts[word]:
                return word
        return "skipped"

    def _place(self, step: Command) -> dict[str, Any]:
        return {
            "step": self._numbers[id(step)],
            "path": step.span.path,
            "line": step.span.line,
            "command": step.text,
        }

    def _step(self, step: Command, described: dict[str, Any]) -> Iterator[Chunk]:
        self._end.pop("under_way", None)
        outcome = _count_as(described["outcome"])
        self._counts[outcome] += 1
        self._total[outcome] += 1
        place = {
            "step": self._numbers[id(step)],
            "path": step.span.path,
            "line": step.span.line,
            "end_line": step.span.end_line,
            "section": step.section,
            "name": step.name,
            "tags": sorted(step.tags),
            "note": step.note,
            "contexts": list(step.contexts),
            "shown": step.shown,
            "command": step.text,
        }
        yield f"{',' if self._steps else ''}\n{_dump(place | described)}"
        self._steps += 1

    def _result(self, result: CommandResult) -> dict[str, Any]:
        attempts, self._attempts = [*self._attempts, _attempt(result)], []
        return {
            "outcome": result.verdict.kind.value,
            "reasons": list(result.verdict.reasons),
            "hint": result.verdict.hint,
            "difference": difference_lines(result.difference),
            "status": result.status,
            "pipestatus": list(result.pipestatus),
            "duration": round(sum(attempt["duration"] for attempt in attempts), 6),
            "output": visible_text(result.output),
            "omitted": result.omitted,
            "shell_ended": result.shell_ended,
            "attempts": attempts,
        }


def _attempt(result: CommandResult) -> dict[str, Any]:
    return {
        "attempt": result.attempt,
        "outcome": result.verdict.kind.value,
        "reasons": list(result.verdict.reasons),
        "status": result.status,
        "duration": round(result.duration, 6),
        "output_tail": visible_text(result.output)[-_TAIL_CHARACTERS:],
    }


def _count_as(outcome: str) -> str:
    """Return what an outcome counts as: an outcome of the summary, or interrupted."""
    is_failure = outcome in (VerdictKind.FAILED, VerdictKind.TIMED_OUT, VerdictKind.NOT_RUN)
    return "failed" if is_failure else outcome


def _counts(counter: Counter[str]) -> dict[str, int]:
    return {**dict.fromkeys(OUTCOMES, 0), **counter}


def _dump(value: object) -> str:
    # ASCII only: so lone surrogates, which no UTF-8 can have, stay what they are.
    return json.dumps(value)
