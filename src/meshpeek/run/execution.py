"""Running one command: its attempts, and the verdict on each."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping

from meshpeek.run.captured_output import CapturedOutput
from meshpeek.run.events import (
    CommandEnded,
    CommandResult,
    CommandStarted,
    Difference,
    Event,
    InputAwaited,
    OutputReceived,
    Verdict,
    VerdictKind,
)
from meshpeek.run.settings import RunSettings
from meshpeek.run.time_limit import TimeLimit
from meshpeek.run.unattended import Attendant, explained_by_absence
from meshpeek.run.verdict import judge
from meshpeek.session.guard.kubeconfig_watch import HINT as BREACH_HINT
from meshpeek.session.session import Session
from meshpeek.session.shell.command_stream import CommandExit, Ending, OutputChunk, Prompt
from meshpeek.terminal.escape_sequences import takes_screen
from meshpeek.terminal.settled_text import visible_text
from meshpeek.workshop.model import Checks, Command, Mode

_FIRST_RETRY_SECONDS = 0.1
_LONGEST_RETRY_SECONDS = 2.0
_NOT_EXECUTABLE = 126


Compare = Callable[[Command, int, str], Difference | None]


class Executor:
    """Runs commands in `session` and judges them.

    `compare` tells how a command's status and plain output differ from what they should be, None
    if they do not. `attempts` says how often a step has been attempted before, by its index.
    """

    def __init__(
        self,
        session: Session,
        settings: RunSettings,
        *,
        compare: Compare | None = None,
        attempts: Mapping[int, int] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._session = session
        self._settings = settings
        self._compare = compare
        self._clock = clock
        self._sleep = sleep
        self._attempts = dict(attempts or {})
        self.limit: TimeLimit | None = None
        self.is_out_of_time = False
        self.breach: str | None = None
        """Why commands may reach other clusters than the session's: nothing may run any more."""

    def has_run(self, index: int) -> bool:
        """Tell whether the step at `index` has been attempted."""
        return index in self._attempts

    def execute(
        self, index: int, step: Command, edited: str | None = None
    ) -> Generator[Event, None, CommandResult]:
        """Run the step at `index`, repeatedly if `until` allows it; return the last result.

        `edited` is the text as a presenter has changed it: that runs instead, and is judged by its
        exit status alone, since the step's other checks are about the original text.
        """
        give_up = self._clock() + (step.checks.until or 0)
        pause = _FIRST_RETRY_SECONDS
        self._session.editor.assign(step)
        while True:
            result = yield from self._attempt(index, step, edited, give_up)
            yield CommandEnded(step, result)
            if result.final:
                return result
            self._sleep(min(pause, result.time_left))
            pause = min(2 * pause, _LONGEST_RETRY_SECONDS)

    def _attempt(
        self, index: int, step: Command, edited: str | None, give_up: float
    ) -> Generator[Event, None, CommandResult]:
        attempt = self._attempts[index] = self._attempts.get(index, 0) + 1
        yield CommandStarted(step, attempt, edited)
        captured = CapturedOutput()
        started = self._clock()
        outcome = None
        if breach := self._look_for_breach():
            return self._not_run(attempt, breach, BREACH_HINT)
        ran = step if edited is None else step.replace(text=edited, checks=Checks())
        if self._has_reached_limit():
            self.is_out_of_time = True
            return self._not_run(attempt, self.limit.told if self.limit else "")
        attendant = Attendant(self._session, self._settings, ran, self._time_left())
        if attendant.missing:
            return self._not_run(attempt, attendant.missing)
        running = attendant.run()
        try:
            for item in running:
                if isinstance(item, CommandExit):
                    outcome = item
                elif isinstance(item, Prompt):
                    yield InputAwaited(step)
                elif isinstance(item, OutputChunk):
                    captured.add(item.data)
                    yield OutputReceived(step, item.data)
                else:
                    yield OutputReceived(None, item.data)
        except KeyboardInterrupt:
            running.close()
        result = self._result(ran, attempt, outcome, captured, attendant.errors(), started, give_up)
        return result if edited is None else result.replace(edited=edited)

    def _is_presenters(self, outcome: CommandExit, output: str) -> bool:
        """Tell whether a presenter has led the command through its screens, or left it early.

        What it wrote depends on that then, and on the window's size.
        """
        if self._settings.mode is not Mode.PRESENT:
            return False
        return outcome.steered or takes_screen(output)

    def _time_left(self) -> float | None:
        """Return the seconds until the run has to end, None if it need not."""
        return None if self.limit is None else self.limit.at - self._clock()

    def _has_reached_limit(self) -> bool:
        left = self._time_left()
        return left is not None and left <= 0

    def _look_for_breach(self) -> str | None:
        self.breach = self._session.guard.breach() if self._session.guard else None
        return self.breach

    def _not_run(self, attempt: int, reason: str, hint: str | None = None) -> CommandResult:
        """Return the result of a step that was not begun, for `reason`."""
        return CommandResult(
            attempt=attempt,
            status=_NOT_EXECUTABLE,
            pipestatus=(_NOT_EXECUTABLE,),
            duration=0.0,
            output="",
            omitted=0,
            verdict=Verdict(VerdictKind.NOT_RUN, (reason,), hint),
            ends_run=self.breach is not None,
        )

    def _result(
        self,
        step: Command,
        attempt: int,
        outcome: CommandExit | None,
        captured: CapturedOutput,
        errors: str | None,
        started: float,
        give_up: float,
    ) -> CommandResult:
        duration = self._clock() - started
        output = captured.text()
        difference = None
        if outcome is None:
            verdict = Verdict(VerdictKind.INTERRUPTED, ("it was interrupted",))
            outcome = CommandExit(130, (130,))
        else:
            if self._is_presenters(outcome, output):
                step = step.replace(checks=step.checks.replace(expect=(), reject=()))
            plain = visible_text(output)
            verdict = judge(step, outcome, plain, errors, self._settings, self._session.contexts)
            if self._settings.is_unattended:
                verdict = explained_by_absence(verdict, step, outcome)
            # What an endless command writes until it is stopped depends on the machine.
            if verdict and self._compare is not None and step.checks.stop is None:
                difference = self._compare(step, outcome.status, plain)
            if difference is not None:
                verdict = Verdict(VerdictKind.FAILED, (difference.message,), difference.hint)
        if self.limit and outcome.ending is Ending.TIMED_OUT and self._has_reached_limit():
            self.is_out_of_time = True
            verdict = Verdict(VerdictKind.TIMED_OUT, (self.limit.told,))
        interrupted = verdict.kind is VerdictKind.INTERRUPTED
        breach = self._look_for_breach()
        if breach and not interrupted:
            verdict = Verdict(VerdictKind.FAILED, (breach, *verdict.reasons), BREACH_HINT)
        is_final = verdict or interrupted or breach or self.is_out_of_time
        time_left = 0.0 if is_final else max(0.0, give_up - self._clock())
        return CommandResult(
            attempt=attempt,
            status=outcome.status,
            pipestatus=outcome.pipestatus,
            duration=duration,
            output=output,
            omitted=captured.omitted,
            verdict=verdict,
            shell_ended=outcome.ending is Ending.SHELL_ENDED,
            final=not time_left,
            time_left=time_left,
            difference=difference,
            ends_run=breach is not None,
        )
