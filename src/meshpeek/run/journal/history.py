"""A show as its journal tells it: the lines, what they mean, and where it is to go on.

A line is one JSON object. The first tells of the show, those after it of what happened, by the
indexes of steps. The last may be cut off, and is left out then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from meshpeek.run.events import CommandEnded, Reason, Result, StepSkipped, Verdict, VerdictKind
from meshpeek.session.shell.state import SavedState
from meshpeek.workshop.model import AnyStep, Command, Comment, Narration, Print, Workshop

FORMAT = 1
"""The number of the form that journals have; one with another is not gone on with."""

_KEPT_OUTPUT = 2000
"""How much of a command's output is kept, in characters from its end."""


class Show(NamedTuple):
    """What the first line tells.

    `session` is the folder that the session had, which values in its state name. `steps` are
    fingerprints of the workshop's steps.
    """

    session: str
    process: int
    rehearsal: bool
    arguments: tuple[str, ...]
    steps: tuple[str, ...]


class Mark(NamedTuple):
    """What a later line tells of the step with the index `step`.

    `kind` is `up` (it was shown, or waited for), `started`, `ended` (with a `result`), `skipped`
    (for a `reason`). `number` is the command's in its session, where one ran.
    """

    kind: str
    step: int
    number: int = 0
    result: Result | None = None
    reason: str = ""


class History(NamedTuple):
    """A journal that has been read. `over` says how the show came to its end, if it did."""

    show: Show
    marks: tuple[Mark, ...]
    over: Reason | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the presenter did anything, and not only what runs by itself at the start."""
        shown = {mark.step for mark in self.marks if mark.kind == "up"}
        started = {mark.step for mark in self.marks if mark.kind == "started"}
        return len(shown) > 1 or bool(started & shown if shown else started)

    @property
    def under_way(self) -> int | None:
        """The number of the command that was under way at the end, None if none was."""
        for mark in reversed(self.marks):
            if mark.kind == "started":
                return mark.number
            if mark.kind == "ended":
                return mark.number if _is_broken_off(mark) else None
        return None

    @property
    def statuses(self) -> tuple[int, ...]:
        """`$?` and PIPESTATUS after the last command that ended."""
        for mark in reversed(self.marks):
            if mark.result is not None and not _is_broken_off(mark):
                return (mark.result.status, *mark.result.pipestatus)
        return (0, 0)

    def until(self, state: SavedState) -> History:
        """Return the part of the history that `state` holds.

        A command that ended just before a crash may have no state of its own any more: it counts
        as one that was under way.
        """
        return self._replace(
            marks=tuple(
                mark
                for mark in self.marks
                if mark.kind != "ended"
                or (mark.number <= state.number and not _is_broken_off(mark))
            )
        )

    def position(self, workshop: Workshop) -> int:
        """Return the index of the step to go on with, and what is shown just before it."""
        if not self.marks:
            return 0
        kind, index, _, result, _ = self.marks[-1]
        is_done = kind == "skipped" or (result is not None and result.final)
        if is_done and self.over is not Reason.STOPPED:
            return index + 1
        while index and _leads_in(workshop.steps[index - 1]):
            index -= 1
        return index

    def events(self, workshop: Workshop) -> list[CommandEnded | StepSkipped]:
        """Return what happened to commands, for reports."""
        events: list[CommandEnded | StepSkipped] = []
        for mark in self.marks:
            step = workshop.steps[mark.step]
            if not isinstance(step, Command):
                continue
            if mark.result is not None:
                events.append(CommandEnded(step, mark.result))
            elif mark.kind == "skipped":
                events.append(StepSkipped(step, mark.reason))
        return events

    def first_change(self, workshop: Workshop) -> int | None:
        """Return the index of the first step, of those it tells of, that is another one now."""
        told = 1 + max((mark.step for mark in self.marks), default=-1)
        now = fingerprints(workshop.steps[:told])
        for index, (one, other) in enumerate(zip(self.show.steps, now, strict=False)):
            if one != other:
                return index
        return len(now) if len(now) < told else None


def fingerprints(steps: Iterable[AnyStep]) -> tuple[str, ...]:
    """Return what tells a step from what it was before somebody changed the workshop."""
    return tuple(
        hashlib.sha256(f"{step.kind}\0{step.text}".encode(errors="surrogatepass")).hexdigest()[:8]
        for step in steps
    )


def read(path: Path) -> History | None:
    """Read a journal; None if it has no first line, or is of another form. Raises OSError."""
    records = _records(path)
    first = next(records, {})
    if first.get("journal") != FORMAT:
        return None
    try:
        return _history(first, records)
    except (LookupError, TypeError, ValueError):
        return None  # it says what no journal says


def _history(first: Mapping[str, Any], records: Iterable[Mapping[str, Any]]) -> History:
    show = Show(
        session=first["session"],
        process=first["process"],
        rehearsal=first["rehearsal"],
        arguments=tuple(first["arguments"]),
        steps=tuple(first["steps"]),
    )
    marks: list[Mark] = []
    over = None
    for record in records:
        match record:
            case {"mark": kind, "step": step}:
                given = record.get("result")
                marks.append(
                    Mark(
                        kind,
                        step,
                        record.get("number", 0),
                        None if given is None else _result(given),
                        record.get("reason", ""),
                    )
                )
            case {"over": reason}:
                over = Reason(reason)
            case {"resumed": process}:
                show, over = show._replace(process=process), None
    return History(show, tuple(marks), over)


def first_line(show: Show) -> str:
    """Return the line that a journal begins with."""
    return _line({"journal": FORMAT, **show._asdict()})


def mark_line(mark: Mark) -> str:
    """Return the line for `mark`."""
    record: dict[str, Any] = {"mark": mark.kind, "step": mark.step}
    if mark.number:
        record["number"] = mark.number
    if mark.reason:
        record["reason"] = mark.reason
    if mark.result is not None:
        left_out = mark.result.output[:-_KEPT_OUTPUT]
        record["result"] = {
            **vars(mark.result),
            "output": mark.result.output[-_KEPT_OUTPUT:],
            "omitted": mark.result.omitted + len(left_out.encode(errors="replace")),
            "verdict": [
                mark.result.verdict.kind,
                mark.result.verdict.reasons,
                mark.result.verdict.hint,
            ],
        }
    return _line(record)


def over_line(reason: Reason) -> str:
    """Return the line that says how the show came to its end."""
    return _line({"over": reason})


def resumed_line(process: int) -> str:
    """Return the line that says that the show goes on, in the process with that id."""
    return _line({"resumed": process})


def _line(record: Mapping[str, Any]) -> str:
    return json.dumps(record, separators=(",", ":")) + "\n"


def _records(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open("rb") as file:
        for line in file:
            try:
                record = json.loads(line)
            except ValueError:
                continue  # it was being written when the show was killed
            if isinstance(record, dict):
                yield record


def _result(given: Mapping[str, Any]) -> Result:
    kind, reasons, hint = given["verdict"]
    known = {name: given[name] for name in Result.__match_args__ if name in given}
    verdict = Verdict(VerdictKind(kind), tuple(reasons), hint)
    return Result(**{**known, "pipestatus": tuple(given["pipestatus"]), "verdict": verdict})


def _is_broken_off(mark: Mark) -> bool:
    return mark.result is not None and mark.result.verdict.kind is VerdictKind.INTERRUPTED


def _leads_in(step: AnyStep) -> bool:
    return step.shown and isinstance(step, Narration | Comment | Print)
