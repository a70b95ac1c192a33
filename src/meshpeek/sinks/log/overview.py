"""The outcome of each of several workshops, in a few lines at the end of the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from meshpeek.run.events import Event, RunRefused, RunStarted, WorkshopSkipped
from meshpeek.sinks.run_report import RunReport
from meshpeek.sinks.summary import conclusion, name_step

_WORDS = {"skipped": "nothing ran"}


class _Row(NamedTuple):
    path: str
    outcome: str
    detail: str


class Overview:
    """Keeps the outcome of each of `count` workshops, for lines at the end of the log."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._runs: list[tuple[str, RunReport | RunRefused | WorkshopSkipped]] = []

    def leave_out(self, count: int) -> None:
        """Speak of `count` workshops less: they are those of other shards."""
        self._count -= count

    def take(self, event: Event) -> None:
        """Add what `event` says."""
        match event:
            case RunStarted(workshop=workshop):
                self._runs.append((workshop.path, RunReport()))
            case RunRefused(path=path) | WorkshopSkipped(path=path):
                self._runs.append((path, event))
        if self._runs and isinstance(self._runs[-1][1], RunReport):
            self._runs[-1][1].take(event)

    def close(self) -> None:
        """Do nothing: the caller prints the lines."""

    def lines(self) -> Iterator[str]:
        """Yield a line for each workshop that ran or could not run, and one with their counts.

        There are none if no workshop ran: then the errors say it all.
        """
        if all(isinstance(run, RunRefused) for _, run in self._runs):
            return
        rows = [_row(path, run) for path, run in self._runs]
        widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
        yield ""
        for row in rows:
            yield f"{row.path:{widths[0]}}  {row.outcome:{widths[1]}}  {row.detail}"
        counts = Counter(row.outcome for row in rows)
        counts["not started"] = self._count - len(rows)
        told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
        yield f"\n{self._count} workshops: {told}"


def _row(path: str, run: RunReport | RunRefused | WorkshopSkipped) -> _Row:
    if isinstance(run, WorkshopSkipped):
        return _Row(path, "skipped", run.reason)
    if isinstance(run, RunRefused):
        reason = run.message.splitlines()[0]
        return _Row(path, "could not run", reason.removeprefix("error: "))
    outcome = _WORDS.get(run.outcome, run.outcome)
    if not run.failed:
        return _Row(path, outcome, run.problem.splitlines()[0] if run.problem else conclusion(run))
    first, *more = run.failed
    reason = "; ".join(first.results[-1].verdict.reasons)
    others = f" (and {len(more)} more)" if more else ""
    return _Row(path, outcome, f"{name_step(first.step)}: {reason}{others}")
