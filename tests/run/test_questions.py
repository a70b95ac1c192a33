"""Which failures are explained by a question that nobody was there to answer."""

from __future__ import annotations

import pytest

from meshpeek.run.unattended import question_of_read, reads_terminal


@pytest.mark.parametrize(
    ("command", "question"),
    [
        ("read x", ""),
        ("read -p 'Go on? ' x", "Go on?"),
        ('echo hi\nread -rp "Name: " x && echo "$x"', "Name:"),
        ("IFS= read -r -p Name: x", "Name:"),
        ('read -p "$ASK" x', ""),
        ("until read -p '? ' x; do :; done", "?"),
    ],
)
def test_the_question_of_a_read(command: str, question: str) -> None:
    assert reads_terminal(command)
    assert question_of_read(command) == question


@pytest.mark.parametrize(
    "command",
    [
        *("read x <file", "read x <<<'a b'", "echo a | read x", "cat read", "ready", "readarray x"),
        "while read x; do echo $x; done <file",
    ],
)
def test_a_read_of_something_else_asks_nobody(command: str) -> None:
    assert not reads_terminal(command)
