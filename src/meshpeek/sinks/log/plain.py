"""The log of `meshpeek ci`: plain text with everything in it."""

from __future__ import annotations

from typing import BinaryIO

from meshpeek.run.events import (
    CommandEnded,
    CommandStarted,
    Event,
    JobsLeft,
    OutputReceived,
    RunEnded,
    RunStarted,
    StepSkipped,
)
from meshpeek.sinks.log.settled_lines import SettledLines
from meshpeek.sinks.rehearsal_banner import rehearsal_banner
from meshpeek.sinks.run_report import RunReport
from meshpeek.sinks.summary import (
    OUTCOMES,
    conclusion,
    describe_failure,
    format_duration,
    name_step,
    output_tail,
    summary_rows,
)
from meshpeek.terminal.settled_text import visible_text
from meshpeek.workshop.model import Command


class PlainLog:
    """Writes a run to `stream`, each command with its place, contexts, output and verdict.

    Differences from a transcript are drawn in `width` columns. Without `colour`, there are none in
    what commands write, either. What they write arrives as it comes on a `live` stream, at which
    somebody looks; in others, a line is written once, when it has ended.
    """

    def __init__(
        self, stream: BinaryIO, *, colour: bool = False, width: int = 120, live: bool = False
    ) -> None:
        self._stream = stream
        self._lines = None if live else SettledLines(colour=colour)
        self._colour = colour
        self._width = width
        self._report = RunReport()
        self._titles: list[str] = []
        self._section = -1
        self._at_line_start = True

    def take(self, event: Event) -> None:
        """Write what `event` says."""
        self._report.take(event)
        match event:
            case RunStarted(workshop=workshop):
                self._titles = [section.title for section in workshop.sections]
                banner = rehearsal_banner(event)
                self._line(f"{workshop.path}: {banner}" if banner else workshop.path)
            case CommandStarted():
                self._start(event)
            case OutputReceived(data=data):
                self._write(self._lines.feed(data) if self._lines else data)
            case CommandEnded():
                self._end(event)
            case StepSkipped(step=step, reason=reason):
                self._enter(step)
                self._line(f"{name_step(step)} skipped: {reason}")
            case JobsLeft(listing=listing):
                self._line("\nended background jobs:")
                self._line(listing.rstrip())
            case RunEnded():
                self._sum_up()
        self._stream.flush()

    def close(self) -> None:
        """Leave the stream open: it is not ours."""

    def _enter(self, step: Command) -> None:
        if step.section != self._section:
            self._section = step.section
            title = self._titles[step.section]
            if title:
                self._line(f"\n== {title}")

    def _start(self, event: CommandStarted) -> None:
        self._enter(event.step)
        again = f" attempt {event.attempt}" if event.attempt > 1 else ""
        self._line(f"\n{name_step(event.step)}{again}")
        first, *more = event.step.text.splitlines() or [""]
        self._line(f"$ {first}")
        for line in more:
            self._line(f"> {line}")

    def _end(self, event: CommandEnded) -> None:
        result = event.result
        word = result.verdict.kind.value if result.final else "not yet"
        reasons = "".join(f"; {reason}" for reason in result.verdict.reasons)
        restarted = "; the shell ended: the next command gets a new one in its state"
        left = "" if result.final else f"; {format_duration(result.time_left)} left"
        self._line(
            f"-- {word} in {format_duration(result.duration)}{reasons}{left}"
            f"{restarted if result.shell_ended else ''}"
        )
        if result.final and result.verdict.hint:
            self._line(f"   hint: {result.verdict.hint}")
        if result.final and result.difference is not None:
            from meshpeek.sinks.log.difference import draw_difference

            drawn = draw_difference(result.difference, width=self._width, colour=self._colour)
            if drawn:
                self._line(drawn)

    def _sum_up(self) -> None:
        self._line("")
        header = ("section", *OUTCOMES, "time")
        rows = [header, *summary_rows(self._report)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
        for row in rows:
            title, *numbers = (
                cell.ljust(widths[0]) if not column else cell.rjust(widths[column])
                for column, cell in enumerate(row)
            )
            self._line("  ".join((title, *numbers)).rstrip())
        for failure in self._report.failed:
            self._line("")
            for line in describe_failure(failure):
                self._line(line)
            for line in output_tail(visible_text(failure.results[-1].output)):
                self._line(f"  | {line}")
        self._line(f"\n{conclusion(self._report)}")

    def _write(self, data: bytes) -> None:
        if data:
            self._stream.write(data)
            self._at_line_start = data.endswith(b"\n")

    def _line(self, text: str) -> None:
        if self._lines:
            self._write(self._lines.end())
        if not self._at_line_start:
            self._stream.write(b"\n")
        self._stream.write(text.encode(errors="replace") + b"\n")
        self._at_line_start = True
