"""What a journal's lines mean, and where the presentation is to be resumed.

A line is one JSON object. The first describes the presentation, the others what happened, by the
indexes of steps. The last may be cut off, and is ignored then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from meshpeek.run.events import (
    CommandEnded,
    CommandResult,
    Reason,
    StepSkipped,
    Verdict,
    VerdictKind,
)
from meshpeek.session.shell.state import SavedState
from meshpeek.workshop.model import AnyStep, Command, Comment, Narration, Print, Workshop
from meshpeek.workshop.values import Value

FORMAT = 1
"""The version of the journal's format; one in another format cannot be resumed."""

_KEPT_OUTPUT = 2000
"""How much of a command's output is kept, in characters from its end."""


class Header(Value):
    """What the first line says.

    `session` is the session's folder, which values in its state name. `steps` are fingerprints of
    the workshop's steps. `options` are those of the command line that a resumed presentation keeps.
    """

    session: str
    process: int
    rehearsal: bool
    arguments: tuple[str, ...]
    steps: tuple[str, ...]
    sealed: bool = False
    options: Mapping[str, Any] = MappingProxyType({})


class Entry(Value):
    """What a later line says about the step with the index `step`.

    `kind` is `up` (it was shown, or waited at), `started`, `ended` (with a `result`) or `skipped`
    (for a `reason`). `number` is the command's in its session, if one ran.
    """

    kind: str
    step: int
    number: int = 0
    result: CommandResult | None = None
    reason: str = ""


class History(Value):
    """What a journal says; `ended` is why the presentation ended, None if it did not."""

    header: Header
    entries: tuple[Entry, ...]
    ended: Reason | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the presenter did anything, rather than only what runs by itself at the start."""
        shown = {entry.step for entry in self.entries if entry.kind == "up"}
        started = {entry.step for entry in self.entries if entry.kind == "started"}
        return len(shown) > 1 or bool(started & shown if shown else started)

    @property
    def under_way(self) -> int | None:
        """The number of the command that was running at the end, None if none was."""
        for entry in reversed(self.entries):
            if entry.kind == "started":
                return entry.number
            if entry.kind == "ended":
                return entry.number if _was_interrupted(entry) else None
        return None

    @property
    def statuses(self) -> tuple[int, ...]:
        """`$?` and PIPESTATUS after the last command that ended."""
        for entry in reversed(self.entries):
            if entry.result is not None and not _was_interrupted(entry):
                return (entry.result.status, *entry.result.pipestatus)
        return (0, 0)

    def until(self, state: SavedState) -> History:
        """Return the part of the history up to `state`.

        A command that ended just before a crash may have no saved state: it counts as one that
        was running.
        """
        return self.replace(
            entries=tuple(
                entry
                for entry in self.entries
                if entry.kind != "ended"
                or (entry.number <= state.number and not _was_interrupted(entry))
            )
        )

    def position(self, workshop: Workshop) -> int:
        """Return the index of the step to resume at, or of the narration that leads up to it."""
        if not self.entries:
            return 0
        last = self.entries[-1]
        index = last.step
        is_done = last.kind == "skipped" or (last.result is not None and last.result.final)
        if is_done and self.ended is not Reason.STOPPED:
            return index + 1
        while index and _leads_in(workshop.steps[index - 1]):
            index -= 1
        return index

    def events(self, workshop: Workshop) -> list[CommandEnded | StepSkipped]:
        """Return what happened to commands, for reports."""
        events: list[CommandEnded | StepSkipped] = []
        for entry in self.entries:
            step = workshop.steps[entry.step]
            if not isinstance(step, Command):
                continue
            if entry.result is not None:
                events.append(CommandEnded(step, entry.result))
            elif entry.kind == "skipped":
                events.append(StepSkipped(step, entry.reason))
        return events

    def first_change(self, workshop: Workshop) -> int | None:
        """Return the index of the first step, of those in the journal, that has changed since."""
        told = 1 + max((entry.step for entry in self.entries), default=-1)
        now = fingerprints(workshop.steps[:told])
        for index, (one, other) in enumerate(zip(self.header.steps, now, strict=False)):
            if one != other:
                return index
        return len(now) if len(now) < told else None


def fingerprints(steps: Iterable[AnyStep]) -> tuple[str, ...]:
    """Return a short hash of each step, by which a change of the workshop is found."""
    return tuple(
        hashlib.sha256(f"{step.kind}\0{step.text}".encode(errors="surrogatepass")).hexdigest()[:8]
        for step in steps
    )


def read(path: Path) -> History | None:
    """Read a journal; None if it has no first line, or another format. Raises OSError."""
    records = _records(path)
    first = next(records, {})
    if first.get("journal") != FORMAT:
        return None
    try:
        return _history(first, records)
    except (LookupError, TypeError, ValueError):
        return None  # no journal that meshpeek writes


def _history(first: Mapping[str, Any], records: Iterable[Mapping[str, Any]]) -> History:
    header = Header(
        session=first["session"],
        process=first["process"],
        rehearsal=first["rehearsal"],
        arguments=tuple(first["arguments"]),
        steps=tuple(first["steps"]),
        sealed=bool(first.get("sealed")),
        options=dict(first.get("options", {})),
    )
    entries: list[Entry] = []
    ended = None
    for record in records:
        match record:
            case {"mark": kind, "step": step}:
                given = record.get("result")
                entries.append(
                    Entry(
                        kind,
                        step,
                        record.get("number", 0),
                        None if given is None else _result(given),
                        record.get("reason", ""),
                    )
                )
            case {"over": reason}:
                ended = Reason(reason)
            case {"resumed": process}:
                header, ended = header.replace(process=process), None
    return History(header, tuple(entries), ended)


def header_line(header: Header) -> str:
    """Return the first line of a journal."""
    return _line({"journal": FORMAT, **vars(header), "options": dict(header.options)})


def entry_line(entry: Entry) -> str:
    """Return the line for `entry`."""
    record: dict[str, Any] = {"mark": entry.kind, "step": entry.step}
    if entry.number:
        record["number"] = entry.number
    if entry.reason:
        record["reason"] = entry.reason
    if entry.result is not None:
        left_out = entry.result.output[:-_KEPT_OUTPUT]
        record["result"] = {
            **vars(entry.result),
            "output": entry.result.output[-_KEPT_OUTPUT:],
            "omitted": entry.result.omitted + len(left_out.encode(errors="replace")),
            "verdict": [
                entry.result.verdict.kind,
                entry.result.verdict.reasons,
                entry.result.verdict.hint,
            ],
        }
    return _line(record)


def end_line(reason: Reason) -> str:
    """Return the line that says why the presentation ended."""
    return _line({"over": reason})


def resumed_line(process: int) -> str:
    """Return the line that says that the process with that id resumes the presentation."""
    return _line({"resumed": process})


def _line(record: Mapping[str, Any]) -> str:
    return json.dumps(record, separators=(",", ":")) + "\n"


def _records(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open("rb") as file:
        for line in file:
            try:
                record = json.loads(line)
            except ValueError:
                continue  # it was being written when the process was killed
            if isinstance(record, dict):
                yield record


def _result(given: Mapping[str, Any]) -> CommandResult:
    kind, reasons, hint = given["verdict"]
    known = {name: given[name] for name in CommandResult.__match_args__ if name in given}
    verdict = Verdict(VerdictKind(kind), tuple(reasons), hint)
    return CommandResult(**{**known, "pipestatus": tuple(given["pipestatus"]), "verdict": verdict})


def _was_interrupted(entry: Entry) -> bool:
    return entry.result is not None and entry.result.verdict.kind is VerdictKind.INTERRUPTED


def _leads_in(step: AnyStep) -> bool:
    return step.shown and isinstance(step, Narration | Comment | Print)
