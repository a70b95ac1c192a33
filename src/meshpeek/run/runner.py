"""The run itself: steps, a driver and a session in, a stream of events out."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from meshpeek.run.actions import Action, AnyAction
from meshpeek.run.cursor import Cursor
from meshpeek.run.drivers import Decision, Driver
from meshpeek.run.events import (
    CommandEnded,
    CommandResult,
    CommandShown,
    Event,
    Hinted,
    JobsLeft,
    Moved,
    PageOpened,
    Reason,
    RecordedShown,
    RunEnded,
    RunStarted,
    RunStopping,
    ScreenCleared,
    SetupEnded,
    SetupStarted,
    StepSkipped,
    TextShown,
    Typed,
    VerdictKind,
    WaitEnded,
    WaitStarted,
)
from meshpeek.run.execution import Compare, Executor
from meshpeek.run.interactive import edit, lend_shell
from meshpeek.run.resumed import attempts_in, skipped_in
from meshpeek.run.settings import RunSettings
from meshpeek.run.step_choice import why_nothing_ran
from meshpeek.run.time_limit import find_limit
from meshpeek.run.verdict import ended_by_presenter
from meshpeek.session.session import Session
from meshpeek.session.shell.questions import fill_in, without_pagers
from meshpeek.terminal.settled_text import visible_text
from meshpeek.workshop.model import (
    AnyStep,
    Clear,
    Command,
    Comment,
    Narration,
    Pause,
    Print,
    Workshop,
)
from meshpeek.workshop.needs_person import find_interactive_steps

_NO_VERSIONS: Mapping[str, str] = MappingProxyType({})
_IN_PLACE = (Action.REPEAT, Action.EDIT, Action.SHELL, Action.FALLBACK)

FindRecorded = Callable[[Command], RecordedShown | None]


class _ShownCommand(NamedTuple):
    """The last command that the audience saw run, as the presenter had changed it."""

    position: int
    step: Command
    edited: str | None


class _Quit(Exception):  # noqa: N818  # not an error: the presenter wants to
    pass


class _Stop(Exception):  # noqa: N818  # not an error of ours: a step has failed
    pass


class Runner:
    """Runs a workshop once.

    `resumed` is what happened to commands in the run that this one resumes. `compare` tells how a
    command's status and plain output differ from what they should be, None if they do not.
    `find_recorded` returns what a command wrote when it was recorded, None if it was not. `size`
    and `versions` are those of RunStarted.
    """

    def __init__(
        self,
        workshop: Workshop,
        settings: RunSettings,
        session: Session,
        driver: Driver,
        *,
        resumed: Sequence[CommandEnded | StepSkipped] = (),
        compare: Compare | None = None,
        find_recorded: FindRecorded | None = None,
        size: tuple[int, int] | None = None,
        versions: Mapping[str, str] = _NO_VERSIONS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._workshop = workshop
        self._settings = settings
        self._session = session
        self._driver = driver
        self._find_recorded = find_recorded
        self._size, self._versions = size, versions
        self._clock = clock
        self._start = settings.start or 0
        self._resumed = tuple(resumed)
        self._executor = Executor(
            session,
            settings,
            compare=compare,
            attempts=attempts_in(self._resumed, workshop),
            clock=clock,
            sleep=sleep,
        )
        self._left_out = dict(settings.choice.left_out(workshop)) if settings.choice else {}
        if settings.skips_interactive:
            self._left_out = find_interactive_steps(workshop) | self._left_out
        self._passed: dict[int, bool] = {}
        self._statuses: dict[int, int] = {}
        self._skipped = skipped_in(self._resumed, workshop)
        self._cursor = Cursor(workshop.steps)
        self._last: _ShownCommand | None = None
        self._has_waited = True
        self._history: list[str] = []

    def run(self) -> Generator[Event, None, None]:
        """Yield what happens, from RunStarted to RunEnded.

        KeyboardInterrupt, raised in here or thrown in, ends the running command and the run.
        """
        started = self._clock()
        self._executor.limit = find_limit(self._settings, started)
        cursor = self._cursor
        cursor.index = self._start
        reason = Reason.FINISHED
        skipping = ""
        yield RunStarted(
            self._workshop,
            self._settings.mode,
            self._settings.rehearse,
            self._start,
            self._resumed,
            has_recording=self._find_recorded is not None,
            sealed=self._settings.sealed,
            size=self._size,
            versions=self._versions,
        )
        for title, url in self._session.pages:
            yield PageOpened(title, url)
        try:
            if self._settings.setup:
                yield from self._set_up()
            while (step := cursor.step) is not None or self._driver.waits_at_end:
                if step is not None:
                    yield from self._take(cursor, step)
                elif (yield from self._ends()):
                    break
        except _Quit:
            reason, skipping = Reason.QUIT, "the presenter quit"
        except _Stop as stop:
            late = self._executor.is_out_of_time
            reason = Reason.OUT_OF_TIME if late else Reason.STOPPED
            skipping = f"the run {'was out of time' if late else 'stopped'} at {stop}"
        except KeyboardInterrupt:
            reason, skipping = Reason.INTERRUPTED, "the run was interrupted"
        yield RunStopping(reason)
        yield from self._skip_the_rest(cursor.index, skipping)
        listing = self._session.shell.background_jobs()
        if listing:
            yield JobsLeft(listing)
        problem = None
        if self._settings.is_test and reason is Reason.FINISHED and not self._passed:
            reason, problem = Reason.NOTHING_RAN, why_nothing_ran(self._workshop, self._excludes)
        yield RunEnded(reason, self._clock() - started, problem)

    def _excludes(self, index: int, step: Command) -> str | None:
        """Return why the step at `index` has no part in the run, None if it has."""
        return self._settings.excludes(step) or self._left_out.get(index)

    def _set_up(self) -> Iterator[Event]:
        """Run the hidden commands before the first step, but for those of hooks."""
        yield SetupStarted()
        with without_pagers(self._session.shell):
            for index, step in enumerate(self._workshop.steps[: self._start]):
                if not isinstance(step, Command) or index in self._workshop.hooked:
                    continue
                if step.shown or not step.runs or self._excludes(index, step):
                    continue
                result = yield from self._execute(index, step)
                if not result.verdict and self._settings.stops_at(step, result.status):
                    raise _Stop(str(step.span))
        yield SetupEnded()

    def _take(self, cursor: Cursor, step: AnyStep) -> Iterator[Event]:
        """Do one step, and move the cursor to the next."""
        action: AnyAction = Action.GO
        match step:
            case Narration() | Comment() if step.shown:
                yield from self._show_text(step, step.text)
            case Print():
                yield from self._show_text(step, fill_in(self._session.shell, step.text))
            case Clear():
                yield ScreenCleared(step)
            case Pause():
                action = yield from self._wait(step)
            case Command():
                action = yield from self._command(cursor.index, step)
        yield from self._move(action)

    def _show_text(self, step: Narration | Comment | Print, text: str) -> Iterator[Event]:
        self._has_waited = False
        yield TextShown(step, text)
        self._driver.pause_for_reading(text)

    def _ends(self) -> Generator[Event, None, bool]:
        """Wait at the end, if the last step did not; tell whether the presenter ends the show."""
        if self._has_waited:
            return True
        action = yield from self._wait(None)
        yield from self._move(action)
        return self._cursor.step is None

    def _move(self, action: AnyAction) -> Iterator[Event]:
        self._cursor.move(action)
        if action not in (Action.GO, Action.SKIP):
            yield Moved(self._cursor.step)
            if action is not Action.BACK and self._cursor.step is not None:
                yield ScreenCleared(self._cursor.step)

    def _wait(self, step: Pause | Command | None) -> Decision:
        """Wait for an action that leads to another step; do the others meanwhile."""
        while True:
            self._driver.discard_input()
            action = yield from self._answer(step, can_edit=self._last is not None)
            if action not in _IN_PLACE:
                self._has_waited = True
                return action
            yield from self._act_in_place(action)

    def _answer(self, step: Pause | Command | None, *, can_edit: bool) -> Decision:
        """Wait at `step` for an action that is possible there."""
        yield WaitStarted(step)
        while True:
            action = yield from self._driver.wait(step)
            impossible = self._refuse(action, can_edit=can_edit)
            if impossible is None:
                break
            yield Hinted(impossible)
        yield WaitEnded(step)
        return self._obey(action)

    def _refuse(self, action: AnyAction, *, can_edit: bool) -> str | None:
        """Return why `action` is impossible here, None if it is possible."""
        if action is Action.FALLBACK and self._find_recorded is None:
            return "no recorded output: name a transcript with --fallback"
        has_run = self._last is not None or (action is Action.EDIT and can_edit)
        if action in (Action.REPEAT, Action.EDIT, Action.FALLBACK) and not has_run:
            return "no command has run yet"
        if action is Action.FALLBACK and self._recorded() is None:
            return "the transcript does not have this command"
        return self._cursor.stays_at(action)

    @staticmethod
    def _obey(action: AnyAction) -> AnyAction:
        if action is Action.QUIT:
            raise _Quit
        return action

    def _command(self, index: int, step: Command) -> Decision:
        excluded = self._excludes(index, step)
        if excluded:
            self._skipped.add(index)
            yield StepSkipped(step, excluded)
            return Action.GO
        action, edited = yield from self._show_and_wait(step)
        if action is Action.SKIP:
            self._skipped.add(index)
            yield StepSkipped(step, "the presenter skipped it")
        if action is not Action.GO:
            return action
        if not step.runs:
            return (yield from self._wait(step)) if step.wait_after else Action.GO
        result = yield from self._execute(index, step, edited)
        if step.wait_after or self._waits_after_failure(step, result):
            action = yield from self._wait(step)
        if action is Action.GO and self._failed_at(index, step):
            raise _Stop(str(step.span))
        return action

    def _show_and_wait(self, step: Command) -> Generator[Event, None, tuple[AnyAction, str | None]]:
        """Show a command and wait until it may run: keys count from when it can be seen.

        Returns the action, and the command as the presenter has changed it, None if unchanged.
        """
        again = False
        while True:
            action: AnyAction = Action.GO
            if step.wait_before:
                self._driver.discard_input()
            if step.shown:
                yield CommandShown(step)
                if again:
                    yield Typed(step, step.text)
                else:
                    action = self._obey((yield from self._driver.type_out(step)))
            again = True
            if impossible := self._refuse(action, can_edit=True):
                yield Hinted(impossible)
                continue
            if action is Action.GO and step.wait_before:
                action = yield from self._answer(step, can_edit=True)
            if action is Action.EDIT:
                edited = yield from edit(self._session.shell, step)
                if edited is not None:
                    return Action.GO, edited
            elif action in _IN_PLACE:
                yield from self._act_in_place(action)
            else:
                return action, None

    def _act_in_place(self, action: AnyAction) -> Iterator[Event]:
        """Do an action that leads to no other step."""
        if action is Action.SHELL:
            yield from lend_shell(self._session.shell, self._history)
            self._history = []
        elif action is Action.FALLBACK:
            if recorded := self._recorded():
                yield recorded
        elif self._last is not None:
            index, step, edited = self._last
            if action is Action.EDIT:
                edited = yield from edit(self._session.shell, step, edited)
                if edited is None:
                    return
            else:
                yield CommandShown(step)
                yield Typed(step, edited or step.text)
            yield from self._execute(index, step, edited)

    def _recorded(self) -> RecordedShown | None:
        if self._find_recorded is None or self._last is None:
            return None
        return self._find_recorded(self._last.step)

    def _execute(
        self, index: int, step: Command, edited: str | None = None
    ) -> Generator[Event, None, CommandResult]:
        self._has_waited = False
        if step.shown:
            self._last = _ShownCommand(index, step, edited)
            self._history.append(edited or step.text)
        result = yield from self._executor.execute(index, step, edited)
        if result.verdict.kind is VerdictKind.INTERRUPTED:
            raise KeyboardInterrupt
        self._passed[index] = bool(result.verdict)
        self._statuses[index] = result.status
        if self._executor.breach or self._executor.is_out_of_time:
            raise _Stop(str(step.span))
        if result.verdict and step.shown:
            self._driver.pause_for_reading(visible_text(result.output))
        return result

    def _failed_at(self, index: int, step: Command) -> bool:
        """Tell whether a step has failed so that the run ends."""
        return not self._passed[index] and self._settings.stops_at(step, self._statuses[index])

    def _waits_after_failure(self, step: Command, result: CommandResult) -> bool:
        """Tell whether the presenter decides what happens after a failure that the audience saw."""
        if result.verdict or not step.shown or ended_by_presenter(result.status):
            return False
        return self._driver.waits_after_failure

    def _skip_the_rest(self, end: int, reason: str) -> Iterator[Event]:
        """Report the steps that have not run as skipped; run those marked `always`.

        The run ended at index `end` for `reason`: the presenter jumped past steps before it.
        """
        self._executor.limit = None  # or nothing could clean up
        self._executor.is_out_of_time = False
        first = 0 if self._resumed else self._start
        for index, step in enumerate(self._workshop.steps[first:], first):
            if not isinstance(step, Command) or not step.runs:
                continue
            if index in self._skipped or self._executor.has_run(index):
                continue
            excluded = self._excludes(index, step)
            if excluded or not step.always or self._executor.breach:
                jumped = "the presenter jumped past it"
                yield StepSkipped(step, excluded or (jumped if index < end else reason))
                continue
            with contextlib.suppress(KeyboardInterrupt, _Stop):
                yield from self._execute(index, step)
