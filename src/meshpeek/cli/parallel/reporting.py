"""Reports, logs and exit codes of several workshops that run at a time."""

from __future__ import annotations

from collections.abc import Sequence

from meshpeek.cli.parallel.messages import Ended, Job, Message
from meshpeek.cli.parallel.pool import run_parallel
from meshpeek.cli.play import require_written
from meshpeek.cli.standard_output import open_log
from meshpeek.cli.workshops import print_error
from meshpeek.errors import ExitCode
from meshpeek.run.events import RunStarted
from meshpeek.run.settings import RunSettings
from meshpeek.sinks.fanout import Fanout
from meshpeek.sinks.reports.clock import ReportClock
from meshpeek.workshop.model import Workshop


def run_and_report(
    workshops: Sequence[Workshop],
    settings: RunSettings,
    count: int,
    reports: Fanout,
    clock: ReportClock,
) -> list[ExitCode]:
    """Run workshops, `count` of them at a time; return the code of each.

    `clock` is set to the time of each event that `reports` get. Raises EnvironmentUnfitError if a
    log could not be written.
    """
    codes: list[ExitCode] = []
    logs: dict[int, Fanout] = {}

    def take(job: Job, message: Message) -> None:
        path, key = job.workshop.path, id(job)  # a workshop may be named twice
        if key not in logs:
            if logs:
                print(flush=True)
            logs[key] = Fanout([("screen", open_log())])
        if not isinstance(message.content, Ended):
            clock.set(message.time, is_start=isinstance(message.content, RunStarted))
            reports.take(message.content)
            logs[key].take(message.content)
        else:
            logs[key].close()
            codes.append(message.content.code)
            if message.content.error:
                print_error(message.content.error, path)

    if run_parallel([Job(workshop, settings) for workshop in workshops], count, take):
        codes.append(ExitCode.INTERRUPTED)
    for log in logs.values():
        require_written(log)
    return codes
