"""When another workshop may start, and when one may start again."""

from __future__ import annotations

import pytest

from meshpeek.cli.parallel.start_gate import StartGate
from meshpeek.errors import ExitCode
from meshpeek.run.events import RunRefused, WorkshopSkipped


@pytest.mark.parametrize(
    ("status", "attempt", "again"),
    [(0, 1, False), (1, 1, True), (1, 2, True), (1, 3, False), (3, 1, True), (-9, 1, True),
     (2, 1, False), (70, 1, False), (130, 1, False)],
)  # fmt: skip
def test_which_workshops_are_tried_again(status: int, attempt: int, again: bool) -> None:
    assert StartGate(retries=2).lets_retry(status, attempt) == again


def test_it_closes_after_so_many_failures() -> None:
    gate = StartGate(max_failures=2)
    for status, is_closed in ((1, False), (0, False), (-9, True)):
        gate.lets_retry(status, 1)
        assert gate.is_closed == is_closed
    event, code = gate.refuse("a.md")
    assert event == WorkshopSkipped("a.md", "not started: 2 workshops failed (--max-failures)")
    assert code is ExitCode.PASSED


def test_it_closes_when_time_is_up() -> None:
    now = [0.0]
    gate = StartGate(ends_at=5.0, retries=1, clock=lambda: now[0])
    assert not gate.is_closed
    now[0] = 5.0
    assert gate.is_closed
    assert not gate.lets_retry(1, 1)
    event, code = gate.refuse("a.md")
    assert isinstance(event, RunRefused)
    assert code is ExitCode.STEP_FAILED
