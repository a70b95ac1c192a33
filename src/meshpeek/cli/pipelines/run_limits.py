"""What bounds a run of several workshops: time, failures, attempts."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import click

from meshpeek.cli.click_extensions import Duration
from meshpeek.cli.options import CommandFunction, gathered
from meshpeek.run.settings import RunSettings

if TYPE_CHECKING:
    from meshpeek.cli.parallel.start_gate import StartGate


class Limits(NamedTuple):
    """How long all workshops may take, in seconds, how many may fail, how often each is retried.

    None is no limit.
    """

    total_timeout: float | None = None
    max_failures: int | None = None
    retries: int = 0

    def ends_at(self) -> float | None:
        """Return when a run that starts now has to end, by `time.monotonic`; None: it need not."""
        return None if self.total_timeout is None else time.monotonic() + self.total_timeout

    def gate(self, settings: RunSettings) -> StartGate:
        """Return what decides whether a workshop may start."""
        from meshpeek.cli.parallel.start_gate import StartGate

        return StartGate(self.max_failures, settings.ends_at, self.retries)


_OPTIONS: tuple[Callable[[CommandFunction], CommandFunction], ...] = (
    click.option(
        "--workshop-timeout",
        type=Duration(),
        help="How long a workshop may take; the command under way then fails.",
    ),
    click.option(
        "--total-timeout",
        type=Duration(),
        help="How long all workshops may take; none starts any more, and those that run fail.",
    ),
    click.option(
        "--max-failures",
        type=click.IntRange(min=1),
        metavar="N",
        help="Start no other workshop when N have failed.",
    ),
    click.option(
        "--retries",
        type=click.IntRange(min=0),
        default=0,
        metavar="N",
        help="Run a workshop that fails up to N times more; it is flaky if it passes then.",
    ),
)


def takes_limits(command: CommandFunction) -> CommandFunction:
    """Give a command the options that bound a run; all but one as one argument, `limits`."""
    command = gathered("limits", Limits._fields, Limits)(command)
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
