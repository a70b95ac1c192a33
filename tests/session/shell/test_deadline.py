"""The signals of a deadline: to the job in the foreground and, when nothing helps, to bash."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from meshpeek.session.shell.command_stream import CommandExit, Ending
from meshpeek.session.shell.deadline import Deadline
from meshpeek.session.shell.shell import Shell

BASH, JOB = 7, 8
INT, TERM, KILL = signal.SIGINT, signal.SIGTERM, signal.SIGKILL


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([JOB] * 9, [(JOB, INT), (JOB, INT), (JOB, TERM), (JOB, KILL), (BASH, KILL)]),
        ([BASH] * 9, [(BASH, INT), (BASH, TERM), (BASH, KILL), (BASH, KILL)]),
        ([BASH] + [JOB] * 9, [(BASH, INT), (JOB, INT), (JOB, TERM), (JOB, KILL), (BASH, KILL)]),
        # A terminal without a foreground group says 0, which kill(2) takes for our own.
        ([0] * 9, [(BASH, KILL)]),
    ],
)
def test_what_is_sent(
    monkeypatch: pytest.MonkeyPatch,
    groups: Sequence[int],
    expected: list[tuple[int, signal.Signals]],
) -> None:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "killpg", lambda group, number: sent.append((group, number)))
    found, ticks = iter(groups), itertools.count()
    deadline = Deadline(0, clock=lambda: next(ticks))
    for _ in range(40):
        deadline.enforce(lambda: next(found), BASH)
    assert sent == expected
    assert deadline.passed
    assert deadline.seconds_left(0.1) == 0.1


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        "(kill -STOP $$)",  # the foreground is a group of which nobody is left
        "exec sleep 61 </dev/null >/dev/null 2>&1",  # nobody has the terminal open
    ],
)
def test_every_command_ends_after_its_deadline(tmp_path: Path, command: str) -> None:
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm"}
    with closing(Shell(tmp_path, environment)) as shell:
        *_, end = shell.run(command, timeout=0.1)
        assert isinstance(end, CommandExit)
        assert end.ending is Ending.TIMED_OUT
        *_, end = shell.run("true")
        assert isinstance(end, CommandExit)
        assert end.status == 0
