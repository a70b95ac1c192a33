"""A run whose process was killed, at any moment, ends once in all reports, with the reason."""

from __future__ import annotations

import pytest

from meshpeek.cli.parallel.messages import Ended, Message
from meshpeek.cli.parallel.unfinished_run import UnfinishedRun
from meshpeek.errors import EnvironmentUnfitError, ExitCode
from meshpeek.run.events import (
    CommandEnded,
    CommandStarted,
    Event,
    OutputReceived,
    Reason,
    RunEnded,
    RunRefused,
    RunStarted,
    StepSkipped,
)
from meshpeek.workshop.model import Command, Mode
from meshpeek.workshop.parse import parse
from tests.sinks.story import result

WORKSHOP = parse("# T\n\n```bash\none\ntwo\n```\n", "w.md", lambda path: pytest.fail(path))
ONE, TWO = (step for step in WORKSHOP.steps if isinstance(step, Command))
RUN: list[Event | Ended] = [
    RunStarted(WORKSHOP, Mode.CI, False),
    CommandStarted(ONE, 1),
    OutputReceived(ONE, b"not of two\n"),
    CommandEnded(ONE, result("")),
    CommandStarted(TWO, 1),
    OutputReceived(TWO, b"of two\n"),
    CommandEnded(TWO, result("")),
    RunEnded(Reason.FINISHED, 1.0),
    Ended(ExitCode.PASSED),
]
DEATH = EnvironmentUnfitError("w.md: it was killed", hint="look")


def finish(sent: list[Event | Ended]) -> list[Event | Ended]:
    """Return what follows the messages that were sent."""
    run = UnfinishedRun("w.md")
    passed_on = [m.content for each in sent for m in run.complete(Message(100.0, each))]
    assert passed_on == sent
    return [message.content for message in run.end(lambda: DEATH)]


def test_one_that_ended_needs_nothing() -> None:
    assert finish(RUN) == []


def test_killed_before_it_began() -> None:
    refused, ended = finish([])
    assert refused == RunRefused("w.md", DEATH.render())
    assert ended == Ended(ExitCode.UNFIT_ENVIRONMENT, DEATH.render())


def test_killed_in_a_step() -> None:
    step, run, ended = finish(RUN[:6])
    assert isinstance(step, CommandEnded)
    assert step.step is TWO
    assert step.result.output == "of two\n"
    assert step.result.verdict.reasons == ("it was killed",)
    assert step.result.verdict.hint == "look"
    assert isinstance(run, RunEnded)
    assert (run.reason, run.problem) == (Reason.LOST, None)
    assert ended == Ended(ExitCode.UNFIT_ENVIRONMENT)  # the log has said it


@pytest.mark.parametrize(("count", "left"), [(1, [ONE, TWO]), (4, [TWO]), (7, [])])
def test_killed_between_steps(count: int, left: list[Command]) -> None:
    *skipped, run, ended = finish(RUN[:count])
    assert skipped == [StepSkipped(step, "it was killed") for step in left]
    assert isinstance(run, RunEnded)
    assert run.problem == "w.md: it was killed\n  hint: look"
    assert ended == Ended(ExitCode.UNFIT_ENVIRONMENT, DEATH.render())


def test_killed_when_all_is_told() -> None:
    assert finish(RUN[:8]) == [Ended(ExitCode.UNFIT_ENVIRONMENT, DEATH.render())]


def test_a_defect_of_meshpeek_ends_the_run_too() -> None:
    run = UnfinishedRun("w.md")
    defect = Ended(ExitCode.DEFECT, "error: meshpeek has a defect: boom")
    told = [m.content for each in [*RUN[:2], defect] for m in run.complete(Message(1.0, each))]
    assert [type(each) for each in told[2:]] == [CommandEnded, StepSkipped, RunEnded, Ended]
    assert list(run.end(lambda: DEATH)) == []
