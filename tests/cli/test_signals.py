"""What signals do during a run: the first ends it, and nothing costs its end."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshpeek.cli.play import publish
from meshpeek.cli.signals import handling, interrupting
from meshpeek.run.drivers import UnattendedDriver
from meshpeek.run.events import Event, OutputReceived, Reason, RunEnded, RunStopping, StepSkipped
from meshpeek.run.runner import Runner
from meshpeek.run.settings import RunSettings
from meshpeek.session.editor import ScriptedEditor
from meshpeek.session.session import Session
from meshpeek.session.shell.shell import Shell
from meshpeek.workshop.model import Mode
from meshpeek.workshop.parse import parse

ENDING = [signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP]
OTHERS = [
    number
    for name in ("USR1", "USR2", "VTALRM", "PROF", "IO", "PWR", "STKFLT", "XCPU", "RTMIN", "RTMAX")
    if (number := getattr(signal, f"SIG{name}", None))
]


@pytest.fixture(autouse=True)
def same_handlers() -> Iterator[None]:
    """Let signals do after a test what they did before: an interruption leaves them ignored."""
    before = {number: signal.getsignal(number) for number in signal.valid_signals()}
    yield
    for number, handler in before.items():
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)


@pytest.mark.parametrize("number", [*ENDING, *OTHERS])
def test_a_signal_interrupts(number: int) -> None:
    with interrupting(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)


def test_signals_do_what_they_did_after_a_run_without_one() -> None:
    before = [signal.getsignal(number) for number in (*ENDING, *OTHERS)]
    with interrupting():
        pass
    assert [signal.getsignal(number) for number in (*ENDING, *OTHERS)] == before


def test_nothing_interrupts_the_cleaning_up() -> None:
    now = 7.0
    with interrupting(lambda: now) as end:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        end()
        now += 9
        signal.raise_signal(signal.SIGTERM)
        now += 2
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)


def test_many_at_short_intervals_are_one() -> None:
    now = 7.0
    with interrupting(lambda: now):
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        for _ in range(9):
            now += 0.15
            signal.raise_signal(signal.SIGTERM)


def test_a_signal_that_has_a_handler_keeps_it() -> None:
    heard = []
    with handling([signal.SIGUSR1], lambda *_: heard.append(1)), interrupting():
        signal.raise_signal(signal.SIGUSR1)
    assert heard


@pytest.mark.parametrize(("first", "second"), [*itertools.product(ENDING, repeat=2)])
def test_one_that_follows_at_once_is_the_same(
    first: signal.Signals, second: signal.Signals
) -> None:
    now = 7.0
    with interrupting(lambda: now):
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(first)
        now += 0.15
        signal.raise_signal(second)


def test_one_that_comes_later_is_another() -> None:
    now = 7.0
    with interrupting(lambda: now):
        for _ in range(3):
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
            now += 0.25


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_that_the_caller_ignores_stays_ignored(number: signal.Signals) -> None:
    with handling([number], signal.SIG_IGN), interrupting():
        signal.raise_signal(number)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    shell = Shell(tmp_path, {"PATH": os.environ["PATH"]})
    yield Session(shell, ScriptedEditor(tmp_path), None, tmp_path, {})
    shell.close()


@pytest.mark.parametrize("second", [RunStopping, StepSkipped])
def test_a_second_one_at_once_does_not_cost_the_summary(
    session: Session, second: type[Event]
) -> None:
    workshop = parse("```bash\necho begun; sleep 60\necho later\n```\n", "w.md", str)
    events: list[Event] = []

    def take(event: Event) -> None:
        events.append(event)
        if isinstance(event, OutputReceived | second):
            signal.raise_signal(signal.SIGINT)

    with interrupting(lambda: 7.0):
        runner = Runner(workshop, RunSettings(Mode.CI), session, UnattendedDriver())
        publish(runner.run(), take, [])
    assert isinstance(events[-1], RunEnded)
    assert events[-1].reason is Reason.INTERRUPTED
