"""Running a workshop from preparation to exit code, for every way of running."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from meshpeek.cli.controls import (
    Controls,
    find_background,
    handling_terminal_signals,
    open_controls,
    terminal_size,
)
from meshpeek.cli.nested_command import nested_command
from meshpeek.cli.secrecy import hiding_secrets, secrets_of
from meshpeek.cli.signals import interrupting
from meshpeek.cli.standard_output import HEADLESS_SIZE, open_output, output_size
from meshpeek.errors import ExitCode, InputError, broken_sinks
from meshpeek.run.drivers import Driver, PacedDriver, UnattendedDriver
from meshpeek.run.events import Event, Notice, Reason
from meshpeek.run.execution import Compare
from meshpeek.run.masked import Masked
from meshpeek.run.masking import Masker
from meshpeek.run.runner import FindRecorded, Runner
from meshpeek.run.settings import RunSettings
from meshpeek.session.session import Session, open_session
from meshpeek.session.shell.processes import SESSION_VARIABLE
from meshpeek.session.shell.shell_settings import ShellSettings
from meshpeek.sinks import Sink
from meshpeek.sinks.fanout import Fanout
from meshpeek.sinks.reports.registry import refusal_reported
from meshpeek.sinks.run_report import RunReport
from meshpeek.terminal.background import Background, colour_numbers
from meshpeek.workshop.model import Workshop

if TYPE_CHECKING:
    from meshpeek.run.actions import ActionQueue
    from meshpeek.run.journal.journal import Journal
    from meshpeek.sinks.transcripts.comparison import Comparison
    from meshpeek.sinks.transcripts.transcript import Transcript


def play(
    workshop: Workshop,
    settings: RunSettings,
    reports: Fanout,
    transcript: Transcript | None = None,
    *,
    actions: ActionQueue | None = None,
    addresses: tuple[str, ...] = (),
    screen: Sink | None = None,
) -> ExitCode:
    """Run `workshop` and return what the process is to exit with; `reports` get what happens.

    A test compares each command with the `transcript`; a presenter can show what it has instead of
    what a command writes. A presentation needs `actions`, which can come from elsewhere than the
    keyboard; `addresses` are those of the page for the room. `screen` takes events in the place of
    standard output.

    Raises EnvironmentUnfitError if the run could not begin, or the screen could not be written;
    InputError if it was a test and nothing in it ran, or for a transcript of another workshop.
    """
    run = _WorkshopRun(workshop, settings.for_workshop(workshop), reports)
    with hiding_secrets(workshop), contextlib.ExitStack() as stack:
        end = stack.enter_context(interrupting())
        try:
            run.prepare(stack, transcript, actions, addresses, screen)
            run.run()
        finally:
            end()
    return run.conclude()


class _WorkshopRun:
    """A run of `workshop` in three steps: `prepare`, `run` and `conclude`."""

    def __init__(self, workshop: Workshop, settings: RunSettings, reports: Fanout) -> None:
        self._workshop = workshop
        self._settings = settings
        self._reports = reports
        self._report = RunReport()
        self._notices: list[str] = []
        self._comparison: Comparison | None = None
        self._background = Background.UNKNOWN
        self._take: Callable[[Event], None] = reports.take

    def prepare(
        self,
        stack: contextlib.ExitStack,
        transcript: Transcript | None,
        actions: ActionQueue | None,
        addresses: tuple[str, ...],
        screen: Sink | None,
    ) -> None:
        """Get ready what the run needs; `stack` cleans it up."""
        # Without secrets, as soon as those are known.
        with refusal_reported(self._workshop.path, lambda event: self._take(event)):
            masker = Masker(secrets_of(self._workshop.front_matter, os.environ))
            self._take = Masked(masker, self._reports.take).take
            compare, find_recorded = self._uses_of(transcript, masker)
            controls = stack.enter_context(open_controls(actions, addresses)) if actions else None
            if self._settings.sealed:
                from meshpeek.session.sealing import seal_network

                seal_network(os.environ)
            size = self._size(controls)
            if not self._settings.is_test:
                self._background = find_background(self._settings.theme, controls)
            sums_up = self._settings.summary == "stage"
            screen = screen or open_output(
                self._settings.mode, controls, self._background, sums_up=sums_up
            )
            journal = self._open_journal(stack) if controls and self._settings.journal else None
            session = self._open_session(stack, controls, journal, size)
            versions = self._versions(session)
        if controls:
            stack.enter_context(handling_terminal_signals(controls, session.shell, screen))
        self._runner = Runner(
            self._workshop,
            self._settings,
            session,
            _driver(self._workshop, self._settings, controls),
            resumed=journal.resumed.events if journal and journal.resumed else (),
            compare=compare,
            find_recorded=find_recorded,
            size=size[::-1],
            versions=versions,
        )
        writer = journal.writer(session, self._settings) if journal else None
        self._journal = Fanout([("the journal", writer)] if writer else [])
        self._shown = Fanout([("the verdict", self._report), ("screen", screen)])
        self._take = Masked(masker, self._pass_on).take

    def run(self) -> None:
        """Run the workshop, and pass on what happens."""
        publish(self._runner.run(), self._take, self._notices)
        for _, error in self._journal.broken:
            self._take(Notice(f"this presentation cannot be resumed: its journal failed: {error}"))
        self._shown.close()

    def conclude(self) -> ExitCode:
        """Return the exit code of the run. Raises as `play` does."""
        require_written(self._shown)
        if self._report.reason is Reason.INTERRUPTED:
            return ExitCode.INTERRUPTED
        if self._report.reason is Reason.NOTHING_RAN:
            raise _nothing_ran(self._workshop, self._report)
        return ExitCode.STEP_FAILED if self._report.failed else ExitCode.PASSED

    def _pass_on(self, event: Event) -> None:
        self._journal.take(event)  # first: it must be on disk when somebody sees it
        self._reports.take(event)
        self._shown.take(event)

    def _uses_of(
        self, transcript: Transcript | None, masker: Masker
    ) -> tuple[Compare | None, FindRecorded | None]:
        """Return what compares commands with `transcript`, and what finds them in it."""
        if transcript is None:
            return None, None
        if self._settings.is_test:
            from meshpeek.sinks.transcripts.comparison import Comparison

            self._comparison = Comparison(
                self._workshop,
                transcript,
                masker.mask_text,
                today=time.strftime("%Y-%m-%d"),
            )
            return self._comparison.compare, None
        from meshpeek.sinks.transcripts.fallback import Fallback

        return None, Fallback(self._workshop, transcript, masker.mask_text).find

    def _open_journal(self, stack: contextlib.ExitStack) -> Journal | None:
        """Open the presentation's journal; what is resumed decides on some of the settings."""
        from meshpeek.run.journal.journal import open_journal

        journal = stack.enter_context(
            open_journal(self._workshop, resume=self._settings.resume, notices=self._notices)
        )
        if journal and journal.resumed:
            self._settings = journal.resumed.continued(self._settings)
        return journal

    def _size(self, controls: Controls | None) -> tuple[int, int]:
        """Return the rows and columns of the session's terminal.

        A test does not depend on the terminal that it is started in: tools fold what they write.
        """
        if controls:
            return terminal_size()[::-1]
        size = self._settings.size or self._workshop.front_matter.size
        if size is not None:
            return size[::-1]
        return HEADLESS_SIZE if self._settings.is_test else output_size()

    def _versions(self, session: Session) -> dict[str, str]:
        if not self._settings.asks_versions:
            return {}
        from meshpeek.session.tools import tool_versions

        versions = tool_versions(self._workshop, session.environment)
        if self._comparison:
            self._comparison.note_versions(versions)
        return versions

    def _open_session(
        self,
        stack: contextlib.ExitStack,
        controls: Controls | None,
        journal: Journal | None,
        size: tuple[int, int],
    ) -> Session:
        settings = self._settings
        folder = settings.folder
        if settings.scratch:
            from meshpeek.session.scratch import scratch_copy

            folder = stack.enter_context(scratch_copy(Path(self._workshop.path).parent))
        bash = ShellSettings(
            keyboard=controls.keyboard if controls else None,
            size=size,
            arguments=settings.arguments,
            folder=folder,
        )
        return stack.enter_context(
            open_session(
                self._workshop,
                {**os.environ, **colour_numbers(self._background)},
                bash,
                rehearse=settings.rehearse,
                sealed=settings.sealed,
                nested=nested_command(settings),
                persistence=journal.persistence if journal else None,
            )
        )


def require_written(screen: Fanout) -> None:
    """Raise an error if the screen could not be written: of the machine, or a defect."""
    # A reader that has closed the pipe (`| head`) is no error.
    broken = [each for each in screen.broken if not isinstance(each[1], BrokenPipeError)]
    if broken:
        raise broken_sinks("cannot write the output", broken, os.environ)


def _nothing_ran(workshop: Workshop, report: RunReport) -> InputError:
    """Return the error for a test in which nothing ran: it must not pass."""
    hint = "only fences that start with ```bash or ```sh are run"
    if report.steps:
        hint = "a test in which nothing runs cannot pass; use another mode, or leave it out"
    return InputError(f"{workshop.path}: {report.problem}", hint=hint)


def publish(
    events: Generator[Event, None, None], take: Callable[[Event], None], notices: Sequence[str]
) -> None:
    """Hand on every event, and `notices` after the first.

    An interruption, wherever it comes, is passed to the runner, which ends the run. A second one is
    raised: somebody wants out at once.
    """
    waiting = [Notice(text) for text in notices]
    try:
        for event in events:
            take(event)
            while waiting:
                take(waiting.pop(0))
    except KeyboardInterrupt:
        with contextlib.suppress(StopIteration):
            take(events.throw(KeyboardInterrupt))
            for event in events:
                take(event)


def _driver(workshop: Workshop, settings: RunSettings, controls: Controls | None) -> Driver:
    if controls:
        from meshpeek.run.presenting.presenter import Presenter

        return Presenter(
            workshop,
            controls.keyboard,
            controls.actions,
            bindings=controls.bindings,
            addresses=controls.addresses,
            typing=settings.pace,
            rest=settings.rest,
            waits_at_end=SESSION_VARIABLE not in os.environ,  # not within another presentation
        )
    return UnattendedDriver() if settings.is_test else PacedDriver(settings.pace)
