"""What exit statuses mean where a person sits at the terminal."""

from __future__ import annotations

import pytest

from meshpeek.run.verdict import describe_status, ended_by_presenter


@pytest.mark.parametrize(
    ("status", "by_presenter", "words"),
    [
        (0, False, "0"),
        (1, False, "1"),
        (127, False, "127 (command not found)"),
        (128, True, "128 (stopped; `fg` continues it)"),  # of `seq 9 | less`, after ^Z
        (130, True, "130 (signal 2)"),
        (137, False, "137 (signal 9)"),
        (141, False, "141 (signal 13)"),
        (148, True, "148 (stopped; `fg` continues it)"),
    ],
)
def test_statuses_of_what_a_presenter_ended(status: int, by_presenter: bool, words: str) -> None:
    assert ended_by_presenter(status) is by_presenter
    assert describe_status(status) == words
