"""The end of a run whose process was killed, as events that it would have sent.

So every report and log has one entry for the workshop, and names the step that was under way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from meshpeek.cli.parallel.messages import Ended, Message
from meshpeek.errors import ExitCode, MeshpeekError
from meshpeek.run.captured_output import CapturedOutput
from meshpeek.run.events import (
    CommandEnded,
    CommandResult,
    CommandStarted,
    Event,
    OutputReceived,
    Reason,
    RunEnded,
    RunRefused,
    RunStarted,
    StepSkipped,
    Verdict,
    VerdictKind,
)
from meshpeek.workshop.model import Command, Workshop

_UNKNOWN_STATUS = -1


class UnfinishedRun:
    """What is known of the run of the workshop at `path` from the messages of its process."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._workshop: Workshop | None = None
        self._started = 0.0
        self._under_way: CommandStarted | None = None
        self._begun = 0.0
        self._output = CapturedOutput()
        self._settled: set[int] = set()
        self._has_ended = self._was_told = False

    def complete(self, message: Message) -> Iterator[Message]:
        """Yield `message` after what is missing before it: a defect of meshpeek ends no run."""
        content = message.content
        if isinstance(content, Ended):
            self._has_ended = True
            is_untold = not self._was_told and content.code is not ExitCode.INTERRUPTED
            if is_untold and content.error:
                for event in self._missing(content.error, None, message.time):
                    yield Message(message.time, event)
        else:
            self._note(content, message.time)
        yield message

    def end(self, describe: Callable[[], MeshpeekError]) -> Iterator[Message]:
        """Yield the messages that the process did not come to; none if it came to its end.

        `describe` tells why it ended.
        """
        if self._has_ended:
            return
        error = describe()
        now = time.time()
        is_in_step = self._under_way is not None
        if not self._was_told:
            for event in self._missing(error.message, error.hint, now):
                yield Message(now, event)
        yield Message(now, Ended(error.exit_code, None if is_in_step else error.render()))

    def _note(self, event: Event, moment: float) -> None:
        match event:
            case RunStarted(workshop=workshop):
                self._workshop, self._started = workshop, moment
            case CommandStarted():
                self._under_way, self._begun = event, moment
                self._output = CapturedOutput()
            case OutputReceived(data=data):
                self._output.add(data)
            case CommandEnded(step=step) | StepSkipped(step=step):
                self._under_way = None
                self._settled.add(id(step))
            case RunEnded() | RunRefused():
                self._was_told = True

    def _missing(self, message: str, hint: str | None, now: float) -> Iterator[Event]:
        """Yield the events that end the run, because of what `message` says."""
        whole = f"{message}\n  hint: {hint}" if hint else message
        if self._workshop is None:
            yield RunRefused(
                self._path, whole if whole.startswith("error: ") else f"error: {whole}"
            )
            return
        reason = message.removeprefix(f"{self._path}: ")
        problem: str | None = whole
        if self._under_way:
            problem = None
            yield self._end_of_step(self._under_way, reason, hint, now)
        for step in self._workshop.steps:
            if isinstance(step, Command) and step.runs and id(step) not in self._settled:
                yield StepSkipped(step, reason.partition("\n")[0])
        yield RunEnded(Reason.LOST, max(0.0, now - self._started), problem)

    def _end_of_step(
        self, started: CommandStarted, reason: str, hint: str | None, now: float
    ) -> CommandEnded:
        self._settled.add(id(started.step))
        result = CommandResult(
            attempt=started.attempt,
            status=_UNKNOWN_STATUS,
            pipestatus=(),
            duration=max(0.0, now - self._begun),
            output=self._output.text(),
            omitted=self._output.omitted,
            verdict=Verdict(VerdictKind.NOT_RUN, (reason,), hint),
            edited=started.edited,
        )
        return CommandEnded(started.step, result)
