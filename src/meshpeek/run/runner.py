"""The run itself: steps and a driver and a shell in, a stream of events out."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

from meshpeek.model import (
    REHEARSE,
    AnyStep,
    Clear,
    Command,
    Comment,
    Mode,
    Narration,
    Pause,
    Print,
    Workshop,
)
from meshpeek.run.cursor import Cursor
from meshpeek.run.drivers import Action, Driver
from meshpeek.run.editor import EditorDesk
from meshpeek.run.events import (
    CommandEnded,
    CommandShown,
    CommandStarted,
    Difference,
    Event,
    JobsLeft,
    OutputReceived,
    Reason,
    Result,
    RunEnded,
    RunStarted,
    RunStopping,
    ScreenCleared,
    StepSkipped,
    TextShown,
    Typed,
    Verdict,
    VerdictKind,
    WaitEnded,
    WaitStarted,
)
from meshpeek.run.outcome import Ending, Outcome, Output
from meshpeek.run.shell import Shell
from meshpeek.run.transcript import Transcript, strip_escapes
from meshpeek.run.verdict import judge

DEFAULT_TIMEOUT = 300.0
"""How long an unattended command may run, in seconds, when nothing else is said."""

_FIRST_RETRY_SECONDS = 0.1
_LONGEST_RETRY_SECONDS = 2.0
_REENTRY = re.compile(r"""["']?\$\{?SHELL\}?["']?\s+\S+\.(?:md|sh)\b""")
_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")


Compare = Callable[[Command, int, str], Difference | None]


class _Quit(Exception):  # noqa: N818  # not an error: the presenter's wish
    pass


class _Stop(Exception):  # noqa: N818  # not an error of ours: a step has failed
    pass


class Runner:
    """Runs a workshop once.

    `contexts` are those that the session's kubeconfig has (None: not known). `timeout` is in
    seconds, None for unlimited (a presenter has ^C). `stop_on_failure`: the first failed step
    ends the run, but for the steps marked `always`. `start` is the index of the first step;
    `setup` runs, before it, the commands before it that are not shown. `earlier` is what happened
    to commands in the run that this one goes on with. `compare` tells how a command's status and
    plain output differ from what they should be, None if they do not. `faces` is the URL at which
    a rehearsal shows Faces.
    """

    def __init__(
        self,
        workshop: Workshop,
        shell: Shell,
        driver: Driver,
        editor: EditorDesk,
        *,
        mode: Mode,
        rehearsal: bool = False,
        stop_on_failure: bool = False,
        timeout: float | None = DEFAULT_TIMEOUT,
        contexts: Sequence[str] | None = None,
        start: int = 0,
        setup: bool = False,
        earlier: Sequence[CommandEnded | StepSkipped] = (),
        compare: Compare | None = None,
        faces: str = "",
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._workshop = workshop
        self._shell = shell
        self._driver = driver
        self._editor = editor
        self._mode = mode
        self._rehearsal = rehearsal
        self._stop_on_failure = stop_on_failure
        self._timeout = timeout
        self._contexts = contexts
        self._compare = compare
        self._faces = faces
        self._clock = clock
        self._sleep = sleep
        self._words = frozenset({mode.value, REHEARSE} if rehearsal else {mode.value})
        self._start = start
        self._setup = setup
        self._earlier = tuple(earlier)
        self._attempts = attempts_in(self._earlier, workshop)

    def run(self) -> Generator[Event, None, None]:
        """Yield what happens, from RunStarted to RunEnded.

        KeyboardInterrupt, raised in here or thrown in, ends the command under way and the run.
        """
        started = self._clock()
        cursor = Cursor(self._workshop.steps)
        cursor.index = self._start
        reason = Reason.FINISHED
        skipping = ""
        yield RunStarted(
            self._workshop, self._mode, self._rehearsal, self._start, self._earlier, self._faces
        )
        try:
            if self._setup:
                yield from self._set_up()
            while (step := cursor.step) is not None:
                yield from self._take(cursor, step)
        except _Quit:
            reason, skipping = Reason.QUIT, "the presenter has quit"
        except _Stop as stop:
            reason, skipping = Reason.STOPPED, f"the run stopped at {stop}"
        except KeyboardInterrupt:
            reason, skipping = Reason.INTERRUPTED, "the run was interrupted"
        yield RunStopping(reason)
        if skipping:
            yield from self._leave_out(cursor, skipping)
        listing = self._shell.background_jobs()
        if listing:
            yield JobsLeft(listing)
        yield RunEnded(reason, self._clock() - started)

    def _set_up(self) -> Iterator[Event]:
        """Run the commands before the first step that nobody would have seen."""
        for index, step in enumerate(self._workshop.steps[: self._start]):
            if not isinstance(step, Command) or step.shown or not step.runs:
                continue
            if not step.selection.excluded_by(self._words):
                yield from self._execute(index, step)

    def _take(self, cursor: Cursor, step: AnyStep) -> Iterator[Event]:
        """Do one step, and move the cursor to the one that comes next."""
        action = Action.GO
        match step:
            case Narration() | Comment() if step.shown:
                yield TextShown(step, step.text)
                self._driver.linger(step.text)
            case Print():
                text = self._fill_in(step.text)
                yield TextShown(step, text)
                self._driver.linger(text)
            case Clear():
                yield ScreenCleared(step)
            case Pause():
                action = yield from self._wait(step)
            case Command():
                action = yield from self._command(cursor, step)
        if action is Action.BACK:
            cursor.back()
        else:
            cursor.advance()

    def _wait(self, step: Pause | Command) -> Generator[Event, None, Action]:
        self._driver.attend()
        return (yield from self._wait_on(step))

    def _wait_on(self, step: Pause | Command) -> Generator[Event, None, Action]:
        yield WaitStarted(step)
        action = self._driver.wait(step)
        yield WaitEnded(step)
        return self._obey(action)

    @staticmethod
    def _obey(action: Action) -> Action:
        if action is Action.QUIT:
            raise _Quit
        return action

    def _command(self, cursor: Cursor, step: Command) -> Generator[Event, None, Action]:
        excluded = step.selection.excluded_by(self._words)
        if excluded:
            yield StepSkipped(step, excluded)
            return Action.GO
        action = yield from self._lead_up(step)
        if action is Action.SKIP:
            yield StepSkipped(step, "the presenter went on")
        if action is not Action.GO:
            return action
        if step.runs:
            yield from self._execute(cursor.index, step)
        if step.wait_after:
            return (yield from self._wait(step))
        return Action.GO

    def _lead_up(self, step: Command) -> Generator[Event, None, Action]:
        """Show a command and wait until it may run: an answer counts from when it can be seen."""
        if step.wait_before:
            self._driver.attend()
        if step.shown:
            yield CommandShown(step)
            for piece in self._driver.type_out(step):
                if isinstance(piece, Action):
                    return self._obey(piece)
                yield Typed(step, piece)
        if step.wait_before:
            return (yield from self._wait_on(step))
        return Action.GO

    def _execute(self, index: int, step: Command) -> Iterator[Event]:
        """Run a command, again and again if `until` allows it; stop the run if it has to."""
        give_up = self._clock() + (step.checks.until or 0)
        pause = _FIRST_RETRY_SECONDS
        self._editor.assign(step)
        while True:
            result = yield from self._attempt(index, step, give_up)
            yield CommandEnded(step, result)
            if result.final:
                break
            self._sleep(min(pause, result.time_left))
            pause = min(2 * pause, _LONGEST_RETRY_SECONDS)
        if result.verdict:
            if step.shown:
                self._driver.linger(strip_escapes(result.output))
            return
        if result.verdict.kind is VerdictKind.INTERRUPTED:
            raise KeyboardInterrupt
        if self._stop_on_failure or step.stops_run:
            raise _Stop(str(step.span))

    def _attempt(self, index: int, step: Command, give_up: float) -> Generator[Event, None, Result]:
        attempt = self._attempts[index] = self._attempts.get(index, 0) + 1
        yield CommandStarted(step, attempt)
        transcript = Transcript()
        started = self._clock()
        outcome = None
        running = self._shell.run(step.text, timeout=self._timeout_of(step))
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
        return self._result(step, attempt, outcome, transcript, started, give_up)

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
            verdict = judge(step, outcome, plain, mode=self._mode, contexts=self._contexts)
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

    def _leave_out(self, cursor: Cursor, reason: str) -> Iterator[Event]:
        """Say of the steps that are left that they are skipped; run those marked `always`."""
        for index, step in enumerate(cursor.rest(), cursor.index):
            if not isinstance(step, Command) or not step.runs or index in self._attempts:
                continue
            excluded = step.selection.excluded_by(self._words)
            if excluded or not step.always:
                yield StepSkipped(step, excluded or reason)
                continue
            try:
                yield from self._execute(index, step)
            except (_Stop, KeyboardInterrupt):
                continue

    def _fill_in(self, text: str) -> str:
        """Return `text` with the session's values for `$NAME` and `${NAME}`."""
        names = [match[1] or match[2] for match in _VARIABLE.finditer(text)]
        if not names:
            return text
        values = " ".join(f'"${{{name}-}}"' for name in names)
        filled = iter(self._shell.ask(f"builtin printf '%s\\0' {values}").split("\0"))
        return _VARIABLE.sub(lambda _: next(filled), text)


def attempts_in(events: Iterable[CommandEnded | StepSkipped], workshop: Workshop) -> dict[int, int]:
    """Return how many attempts there have been at commands, by the indexes of their steps."""
    indexes = {id(step): index for index, step in enumerate(workshop.steps)}
    return {
        indexes[id(event.step)]: event.result.attempt
        for event in events
        if isinstance(event, CommandEnded)
    }
