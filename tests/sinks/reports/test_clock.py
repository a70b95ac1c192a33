"""The clock of reports that learn of things later than they happened."""

from __future__ import annotations

import time

from meshpeek.sinks.reports.clock import ReportClock


def test_untold_it_is_now() -> None:
    clock = ReportClock()
    before = time.time(), time.monotonic()
    found = clock.now(), clock.elapsed()
    after = time.time(), time.monotonic()
    assert before[0] <= found[0] <= after[0]
    assert before[1] <= found[1] <= after[1]


def test_runs_at_once_are_told_as_if_one_had_followed_the_other() -> None:
    clock = ReportClock()
    told = []
    for moment, is_start in [(100, True), (103, False), (101, True), (102, False), (101.5, False)]:
        clock.set(moment, is_start=is_start)
        told.append((clock.now(), clock.elapsed()))
    assert told == [(100, 0), (103, 3), (101, 3), (102, 4), (101.5, 4)]
