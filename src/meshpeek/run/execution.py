"""Running one command: its attempts, what becomes of each, and what they are judged to be."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Mapping, Sequence

from meshpeek.run.events import (
    CommandEnded,
    CommandStarted,
    Difference,
    Event,
    OutputReceived,
    Result,
    Verdict,
    VerdictKind,
)
from meshpeek.run.transcript import Transcript, strip_escapes
from meshpeek.run.verdict import judge
from meshpeek.session.editor import EditorDesk
from meshpeek.session.outcome import Ending, Outcome, Output
from meshpeek.session.shell import Shell
from meshpeek.workshop.model import Checks, Command, Mode

DEFAULT_TIMEOUT = 300.0
"""How long an unattended command may run, in seconds, when nothing else is said."""

_FIRST_RETRY_SECONDS = 0.1
_LONGEST_RETRY_SECONDS = 2.0
_REENTRY = re.compile(r"""["']?\$\{?SHELL\}?["']?\s+\S+\.(?:md|sh)\b""")


Compare = Callable[[Command, int, str], Difference | None]


class Executor:
    """Runs commands in `shell` and judges them.

    `timeout` is in seconds, None for unlimited. `contexts` are those that the session's
    kubeconfig has (None: not known). `compare` tells how a command's status and plain output
    differ from what they should be, None if they do not. `attempts` says how often a step has been
    attempted before, by its index.
    """

    def __init__(
        self,
        shell: Shell,
        editor: EditorDesk,
        *,
        mode: Mode,
        timeout: float | None = DEFAULT_TIMEOUT,
        contexts: Sequence[str] | None = None,
        compare: Compare | None = None,
        attempts: Mapping[int, int] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._shell = shell
        self._editor = editor
        self._mode = mode
        self._timeout = timeout
        self._contexts = contexts
        self._compare = compare
        self._clock = clock
        self._sleep = sleep
        self._attempts = dict(attempts or {})

    def has_run(self, index: int) -> bool:
        """Tell whether the step at `index` has been attempted."""
        return index in self._attempts

    def execute(
        self, index: int, step: Command, edited: str | None = None
    ) -> Generator[Event, None, Result]:
        """Run the step at `index`, again and again if `until` allows it; return the last result.

        `edited` is what a presenter has made of its text: that runs instead, and is judged by its
        exit status alone, since what the step's author expects is about the text as it was.
        """
        give_up = self._clock() + (step.checks.until or 0)
        pause = _FIRST_RETRY_SECONDS
        self._editor.assign(step)
        while True:
            result = yield from self._attempt(index, step, edited, give_up)
            yield CommandEnded(step, result)
            if result.final:
                return result
            self._sleep(min(pause, result.time_left))
            pause = min(2 * pause, _LONGEST_RETRY_SECONDS)

    def _attempt(
        self, index: int, step: Command, edited: str | None, give_up: float
    ) -> Generator[Event, None, Result]:
        attempt = self._attempts[index] = self._attempts.get(index, 0) + 1
        yield CommandStarted(step, attempt, edited)
        transcript = Transcript()
        started = self._clock()
        outcome = None
        ran = step if edited is None else step.replace(text=edited, checks=Checks())
        running = self._shell.run(ran.text, timeout=self._timeout_of(ran))
        try:
            for item in running:
                if isinstance(item, Outcome):
                    outcome = item
                    continue
                if isinstance(item, Output):
                    transcript.add(item.data)
                yield OutputReceived(step if isinstance(item, Output) else None, item.data)
        except KeyboardInterrupt:
            running.close()
        result = self._result(ran, attempt, outcome, transcript, started, give_up)
        return result if edited is None else result.replace(edited=edited)

    def _timeout_of(self, step: Command) -> float | None:
        """Return how long an attempt may take, in seconds; None for as long as it likes.

        Another workshop that the step runs has bounds of its own, for each of its commands.
        """
        if step.checks.timeout is not None:
            return step.checks.timeout
        return None if _REENTRY.match(step.text) else self._timeout

    def _result(
        self,
        step: Command,
        attempt: int,
        outcome: Outcome | None,
        transcript: Transcript,
        started: float,
        give_up: float,
    ) -> Result:
        duration = self._clock() - started
        output = transcript.text()
        difference = None
        if outcome is None:
            verdict = Verdict(VerdictKind.INTERRUPTED, ("it was interrupted",))
            outcome = Outcome(130, (130,))
        else:
            plain = strip_escapes(output)
            verdict = judge(
                step,
                outcome,
                plain,
                mode=self._mode,
                contexts=self._contexts,
                timeout=self._timeout_of(step),
            )
            if verdict and self._compare is not None:
                difference = self._compare(step, outcome.status, plain)
            if difference is not None:
                verdict = Verdict(VerdictKind.FAILED, (difference.message,), difference.hint)
        interrupted = verdict.kind is VerdictKind.INTERRUPTED
        time_left = 0.0 if verdict or interrupted else max(0.0, give_up - self._clock())
        return Result(
            attempt=attempt,
            status=outcome.status,
            pipestatus=outcome.pipestatus,
            duration=duration,
            output=output,
            omitted=transcript.omitted,
            verdict=verdict,
            shell_ended=outcome.ending is Ending.SHELL_ENDED,
            final=not time_left,
            time_left=time_left,
            difference=difference,
        )
