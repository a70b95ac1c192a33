"""Reports, logs and exit codes of workshops that run in processes of their own."""

from __future__ import annotations

from collections.abc import Sequence

from meshpeek.cli.parallel.messages import Ended, Job, Message
from meshpeek.cli.parallel.pool import run_parallel
from meshpeek.cli.parallel.start_gate import StartGate
from meshpeek.cli.play import require_written
from meshpeek.cli.standard_output import open_log
from meshpeek.cli.workshops import print_error
from meshpeek.errors import ExitCode
from meshpeek.run.events import CommandEnded, EarlierFailure, Event, RunStarted, WorkshopSkipped
from meshpeek.sinks.fanout import Fanout
from meshpeek.sinks.reports.clock import ReportClock


def run_and_report(
    jobs: Sequence[Job], count: int, reports: Fanout, clock: ReportClock, gate: StartGate
) -> list[ExitCode]:
    """Run workshops, `count` of them at a time; return the code of each.

    `clock` is set to the time of each event that `reports` get. They get the last attempt at a
    workshop, and what failed in those before; the log has all. Raises EnvironmentUnfitError if a
    log could not be written.
    """
    reporter = _Reporter(reports, clock, gate.retries)
    if run_parallel(jobs, count, reporter.take, gate):
        reporter.codes.append(ExitCode.INTERRUPTED)
    for log in reporter.logs:
        require_written(log)
    return reporter.codes


class _Reporter:
    def __init__(self, reports: Fanout, clock: ReportClock, retries: int) -> None:
        self.codes: list[ExitCode] = []
        self.logs: list[Fanout] = []
        self._reports = reports
        self._clock = clock
        self._retries = retries
        self._attempt = 1
        self._failures: list[EarlierFailure] = []
        self._is_open = False

    def take(self, job: Job, message: Message, *, is_last: bool) -> None:
        if not self._is_open:
            if self.logs:
                print(flush=True)
            self.logs.append(Fanout([("screen", open_log())]))
            self._is_open = True
        if isinstance(message.content, Ended):
            self._end(job.workshop.path, message.content, is_last=is_last)
            return
        event = message.content
        self.logs[-1].take(event)
        if not is_last:
            self._note(event)
            return
        if isinstance(event, RunStarted):
            event = event.replace(earlier=tuple(self._failures))
        elif isinstance(event, WorkshopSkipped):
            print(f"{event.path} skipped: {event.reason}")
        self._clock.set(message.time, is_start=isinstance(event, RunStarted))
        self._reports.take(event)

    def _note(self, event: Event) -> None:
        if isinstance(event, CommandEnded) and event.result.final and not event.result.verdict:
            failure = EarlierFailure(self._attempt, event.step, event.result.replace(output=""))
            self._failures.append(failure)

    def _end(self, path: str, ended: Ended, *, is_last: bool) -> None:
        self.logs[-1].close()
        self._is_open = False
        if ended.error:
            print_error(ended.error, path)
        if is_last:
            self.codes.append(ended.code)
            self._attempt, self._failures = 1, []
        else:
            self._attempt += 1
            print(f"\n{path}: attempt {self._attempt} of {self._retries + 1}", flush=True)
