"""How much of a line without an end the log holds back."""

from __future__ import annotations

from meshpeek.sinks.log.settled_lines import SettledLines


def test_a_line_that_is_only_long_is_not_held_back() -> None:
    lines = SettledLines(colour=False)
    passed = b"".join(lines.feed(b"x" * 50_000) for _ in range(100))
    held = lines.end()
    assert len(passed) + len(held) == 5_000_000
    assert len(held) <= 64 * 1024


def test_a_line_that_is_drawn_over_itself_stays_one_line() -> None:
    lines = SettledLines(colour=False)
    passed = b"".join(lines.feed(b"\r%05d %%" % number) for number in range(20_000))
    assert passed + lines.end() == b"19999 %"
