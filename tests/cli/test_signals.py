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


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_interrupts(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with interrupting(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)
    assert signal.getsignal(number) is before


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
