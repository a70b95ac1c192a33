"""Whether a command waits for an answer, by what it has written and for how long it is silent."""

from __future__ import annotations

import pytest

from meshpeek.session.shell.prompt_watch import PromptWatch


@pytest.mark.parametrize(
    ("written", "reads_keys", "silence", "waits"),
    [
        (b"name? ", False, 0.25, True),  # read -p, sudo
        (b"name? ", False, 0.15, False),
        (b"a page\r\n", True, 0.25, True),  # less
        (b"a page\r\n", True, 0.15, False),
        (b"press RETURN\r\n", False, 1.6, True),
        (b"downloading\r\n", False, 1.0, False),
        (b"", True, 60, False),  # there is nothing to be seen
    ],
)
def test_a_silence_after_output(
    written: bytes, reads_keys: bool, silence: float, waits: bool
) -> None:
    now = 0.0
    watch = PromptWatch(lambda: reads_keys, lambda: now)
    if written:
        watch.wrote(written)
    now = silence
    assert [watch.is_waiting(), watch.is_waiting()] == [waits, False]


def test_each_prompt_is_told() -> None:
    now = 0.0
    watch = PromptWatch(lambda: False, lambda: now)
    for answer in ("name? ", "surname? "):
        watch.wrote(answer.encode())
        now += 1
        assert watch.is_waiting()
