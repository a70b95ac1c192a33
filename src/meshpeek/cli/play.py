"""Playing a workshop: a session, a driver and sinks put together, for every way of running."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from meshpeek.cli.outputs import open_screen, size
from meshpeek.cli.signals import interrupting
from meshpeek.cli.stage import Stage, open_stage, resizing, stopping, terminal_size
from meshpeek.errors import EnvironmentUnfitError, ExitCode, InputError
from meshpeek.run.drivers import Clock, Driver, Nobody
from meshpeek.run.events import Event, Notice, Reason
from meshpeek.run.execution import DEFAULT_TIMEOUT, Compare
from meshpeek.run.masked import Masked
from meshpeek.run.masking import Masker
from meshpeek.run.runner import Recall, Runner
from meshpeek.session.session import Keep, Session, open_session
from meshpeek.sinks import Sink
from meshpeek.sinks.fanout import Fanout
from meshpeek.sinks.reports.registry import refusal_reported
from meshpeek.sinks.run_report import RunReport
from meshpeek.workshop.model import SHORTEST_SECRET, Mode, Workshop

if TYPE_CHECKING:
    from meshpeek.run.actions import Inbox
    from meshpeek.run.journal.journal import Journal, Past
    from meshpeek.run.journal.recorder import Recorder
    from meshpeek.sinks.transcripts.transcript import Transcript


class Options(NamedTuple):
    """What the command line says about a run.

    `pace` is a factor on reading time (`run`), `typing` one on the time between typed characters
    (`present`). `timeout` is in seconds, None for the mode's default. `startup` says whether
    start-up files (`.demoshrc`) are read. `resume` goes on with the last show. `start` is the index
    of the first step, None for the beginning, or where that show stopped; `setup` runs the hidden
    steps before it. `journal` says whether to keep what is needed to resume a show. `folder` is
    where commands begin, None for the working directory; with `scratch` that is a copy of the
    workshop's folder.
    """

    mode: Mode
    rehearse: bool = False
    pace: float = 1.0
    typing: float = 1.0
    stop_on_failure: bool = False
    timeout: float | None = None
    arguments: tuple[str, ...] = ()
    startup: bool = True
    start: int | None = None
    setup: bool = False
    resume: bool = False
    journal: bool = True
    folder: Path | None = None
    scratch: bool = False


def play(
    workshop: Workshop,
    options: Options,
    environment: Mapping[str, str],
    reports: Fanout,
    transcript: Transcript | None = None,
    fallback: Transcript | None = None,
    inbox: Inbox | None = None,
    *,
    screen: Sink | None = None,
) -> ExitCode:
    """Run `workshop` and return what the process is to exit with; `reports` get what happens.

    With a `transcript`, each command is compared with it; what `fallback` has can be shown instead
    of what a command writes. A presentation takes requests from `inbox` as well as from the
    keyboard, and needs one. `screen` is for events in the place of standard output.

    Raises EnvironmentUnfitError if the run could not begin, or the screen could not be written;
    InputError if it was a test and nothing in it ran, or for a transcript of another workshop.
    """
    report = RunReport()
    fanout = Fanout([("the verdict", report)])
    journalled = Fanout([])

    def take(event: Event) -> None:
        journalled.take(event)
        reports.take(event)
        fanout.take(event)

    with refusal_reported(workshop.path, reports.take):
        masker = Masker(_secrets(workshop, environment))
        compare = _comparison(workshop, transcript, masker)
        recall = _fallback(workshop, fallback, masker)
    masked = Masked(masker, take)
    with contextlib.ExitStack() as stack:
        stack.enter_context(interrupting())
        stage = stack.enter_context(open_stage(inbox)) if inbox else None
        screen = screen or open_screen(options.mode, stage, environment)
        fanout = Fanout([("the verdict", report), ("screen", screen)])
        journal = None
        notices: list[str] = []
        with refusal_reported(workshop.path, masked.take):
            if stage and options.journal:
                from meshpeek.run.journal.journal import open_journal

                journal = stack.enter_context(
                    open_journal(workshop, resume=options.resume, notices=notices)
                )
            past = journal.past if journal else None
            if past:
                options = _as_before(options, past)
            session = stack.enter_context(
                open_session(
                    workshop,
                    environment,
                    rehearse=options.rehearse,
                    keyboard=stage.keyboard if stage else None,
                    size=terminal_size()[::-1] if stage else size(),
                    arguments=options.arguments,
                    reentry=_arguments_of(options),
                    keep=_keep(journal) if journal else None,
                    folder=_folder(workshop, options, stack),
                )
            )
        if journal:
            journalled = Fanout([("the journal", _recorder(journal, session, options))])
        if stage:
            stack.enter_context(resizing(session.shell, stage.inbox))
            stack.enter_context(stopping(stage, session.shell, screen))
        runner = Runner(
            workshop,
            session.shell,
            _driver(workshop, options, stage),
            session.editor,
            mode=options.mode,
            rehearsal=options.rehearse,
            stop_on_failure=options.stop_on_failure,
            timeout=_timeout(workshop, options),
            contexts=session.contexts,
            start=options.start or 0,
            setup=options.setup,
            earlier=past.events if past else (),
            compare=compare,
            recall=recall,
            pages=session.pages,
        )
        _collect_garbage_from_here()
        _publish(runner.run(), masked.take, notices)
        for _, error in journalled.broken:
            masked.take(Notice(f"this show could not be resumed, for its journal broke: {error}"))
        fanout.close()
    require_written(fanout)
    if report.reason is Reason.INTERRUPTED:
        return ExitCode.INTERRUPTED
    if options.mode is Mode.CI and not report.has_run:
        raise _nothing_ran(workshop, report)
    return ExitCode.STEP_FAILED if report.failed else ExitCode.PASSED


def require_written(screen: Fanout) -> None:
    """Raise EnvironmentUnfitError if the screen could not be written."""
    # A reader of our output who has seen enough (`| head`) is no reason to complain.
    broken = [each for each in screen.broken if not isinstance(each[1], BrokenPipeError)]
    if broken:
        told = "; ".join(f"{name}: {error}" for name, error in broken)
        raise EnvironmentUnfitError(f"the output could not be written: {told}")


def _comparison(
    workshop: Workshop, transcript: Transcript | None, masker: Masker
) -> Compare | None:
    if transcript is None:
        return None
    from meshpeek.sinks.transcripts.comparison import Comparison

    return Comparison(workshop, transcript, masker.mask_text).compare


def _fallback(workshop: Workshop, fallback: Transcript | None, masker: Masker) -> Recall | None:
    if fallback is None:
        return None
    from meshpeek.sinks.transcripts.fallback import Fallback

    return Fallback(workshop, fallback, masker.mask_text).find


def _nothing_ran(workshop: Workshop, report: RunReport) -> InputError:
    """Return the error for a test that tested nothing: it must not look like one that passed."""
    reasons = {step.skipped for step in report.steps if step.skipped}
    if reasons:
        return InputError(
            f"{workshop.path}: every command was left out ({'; '.join(sorted(reasons))})",
            hint="a run in which nothing runs is no pass; run it in another mode, or not at all",
        )
    return InputError(
        f"{workshop.path}: there is no command in it",
        hint="only fences that begin with ```bash or ```sh are run",
    )


def _collect_garbage_from_here() -> None:
    """Collect what a run of hours may leave, and never look at what has been loaded for it."""
    gc.freeze()
    gc.enable()


def _secrets(workshop: Workshop, environment: Mapping[str, str]) -> list[str]:
    """Return the values of the variables that the workshop calls secrets, where they have one.

    Raises EnvironmentUnfitError for one that is too short to be told from other text.
    """
    variables = {**environment, **workshop.front_matter.env}
    secrets = []
    for name in sorted(workshop.front_matter.secrets):
        value = variables.get(name, "")
        if 0 < len(value) < SHORTEST_SECRET:
            raise EnvironmentUnfitError(
                f"the value of {name} is too short to be hidden: {len(value)} characters",
                hint=f"a secret has {SHORTEST_SECRET} or more; without a value there is none",
            )
        if value:
            secrets.append(value)
    return secrets


def _arguments_of(options: Options) -> tuple[str, ...]:
    """Return the command line, without its file, that runs another workshop in the same way."""
    arguments = [options.mode.value]
    match options.mode:
        case Mode.PRESENT:
            arguments += [f"--typing={options.typing}", "--no-journal"]
        case Mode.RUN:
            arguments.append(f"--pace={options.pace}")
        case Mode.CI if not options.stop_on_failure:
            arguments.append("--keep-going")
    if options.timeout is not None:
        arguments.append(f"--timeout={options.timeout}")
    if options.rehearse:
        arguments.append("--rehearse")
    if not options.startup:
        arguments.append("--no-init")
    return tuple(arguments)


def _publish(
    events: Generator[Event, None, None], take: Callable[[Event], None], notices: Sequence[str]
) -> None:
    """Hand on every event, and `notices` after the first.

    An interruption, wherever it comes, is the runner's to deal with. One that comes while it does
    so is passed on: whoever insists wants out at once.
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


def _as_before(options: Options, past: Past) -> Options:
    """Return the options for a show that goes on: it uses the clusters that it used.

    Raises InputError when it is asked to rehearse, and did not before.
    """
    if options.rehearse and not past.rehearsal:
        raise InputError(
            "the last show used real clusters, so it cannot go on as a rehearsal",
            hint="leave --rehearse out, or begin anew without --resume",
        )
    return options._replace(
        rehearse=past.rehearsal,
        arguments=options.arguments or past.arguments,
        start=past.position if options.start is None else options.start,
    )


def _recorder(journal: Journal, session: Session, options: Options) -> Recorder:
    return journal.recorder(
        session=session.folder,
        environment=session.environment,
        rehearsal=options.rehearse,
        arguments=options.arguments,
        count=lambda: session.shell.count,
    )


def _folder(workshop: Workshop, options: Options, stack: contextlib.ExitStack) -> Path | None:
    if not options.scratch:
        return options.folder
    from meshpeek.session.scratch import scratch_copy

    return stack.enter_context(scratch_copy(Path(workshop.path).parent))


def _keep(journal: Journal) -> Keep:
    past = journal.past
    return Keep(
        journal.folder, journal.clusters, (past.session, past.restoration) if past else None
    )


def _driver(workshop: Workshop, options: Options, stage: Stage | None) -> Driver:
    if stage:
        from meshpeek.run.presenting.presenter import Presenter

        return Presenter(
            workshop,
            stage.keyboard,
            stage.inbox,
            bindings=stage.bindings,
            typing=options.typing,
        )
    return Nobody() if options.mode is Mode.CI else Clock(options.pace)


def _timeout(workshop: Workshop, options: Options) -> float | None:
    if options.timeout is not None:
        return options.timeout
    if options.mode is Mode.PRESENT:
        return None
    return workshop.front_matter.timeout or DEFAULT_TIMEOUT
