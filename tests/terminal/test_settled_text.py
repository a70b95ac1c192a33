"""What stays on a screen: the one model of what a person sees."""

from __future__ import annotations

import io

import pytest
from hypothesis import given

from meshpeek.run.events import Event, Notice, OutputReceived
from meshpeek.sinks.html.ansi import to_html
from meshpeek.sinks.log.settled_lines import SettledLines, SettledOutput
from meshpeek.terminal.escape_sequences import strip_escapes
from meshpeek.terminal.settled_text import settle, visible_text
from tests.terminal.outputs import outputs

STAYS = [
    ("a\r\nb\r\n", "a\nb\n"),
    ("a\r\r\nb", "a\nb"),
    (" 10%\r 20%\rdone 100%\r\n", "done 100%\n"),
    ("a longer line\rshort", "shortger line"),
    ("a longer line\r\x1b[Kshort\r\n", "short\n"),
    ("a longer line\x1b[2K\rshort", "short"),
    ("|\b/\b-\b ok", " ok"),
    ("one\r\ntwo\r\nthree\r\n\x1b[2A\x1b[2KTWO\r\n\x1b[1B", "one\nTWO\nthree\n"),
    ("one\r\ntwo\r\n\x1b[2F1\x1b[1E2", "1ne\n2wo\n"),
    ("\x1b[sone\x1b[utwo", "two"),
    ("\x1b7one\x1b8t", "tne"),
    ("abc\x1b[2Dx", "axc"),
    ("ab\x1b[3Cx", "ab   x"),
    ("abc\x1b[1Gx\x1b[10Gy", "xbc      y"),
    ("abcdef\x1b[3G\x1b[2P", "abef"),
    ("abcdef\x1b[3G\x1b[2X", "ab  ef"),
    ("abcdef\x1b[3G\x1b[2@", "ab  cdef"),
    ("abc\x1b[1K", "   "),
    ("before\r\n\x1b[H\x1b[2Jafter\r\n", "after\n"),
    ("a\r\nb\r\n\x1b[H\x1b[Jc", "c"),
    ("a\r\nb\r\nc\x1b[2;1Hx", "a\nx\nc"),
    ("a\r\nb\r\nc\x1b[1;1H\x1b[M", "b\nc"),
    ("a\r\nb\x1b[1;1H\x1b[Lx", "x\na\nb"),
    ("old\x1bcnew", "new"),
    ("a\r\n\x1b[?1049h\x1b[Hpicture\x1b[?1049lb", "a\npicture\nb"),
    ("\x1b[31m10%\r\x1b[32m20%\x1b[0m\r\n", "20%\n"),
    ("no\x1b]0;title\x07 move\x1b[1m\r\n", "no move\n"),
]


@pytest.mark.parametrize(("output", "stays"), STAYS)
def test_what_a_person_sees(output: str, stays: str) -> None:
    assert visible_text(output) == stays


def test_what_has_scrolled_off_stays() -> None:
    lines = [f"line {number}\r\n" for number in range(40)]
    seen = visible_text("".join(lines) + "\x1b[H\x1b[2Jcleared")
    assert seen == "".join(line.replace("\r", "") for line in lines[:17]) + "cleared"
    up = visible_text("".join(lines) + "\x1b[99Ax")
    assert up.splitlines()[17] == "xine 17"


def test_a_cursor_far_away_costs_no_memory() -> None:
    assert len(visible_text("a\x1b[65535C\x1b[65535Bb")) < 11_000


@pytest.mark.parametrize(
    ("output", "settled"),
    [
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        ("no\r\x1b[1;38;5;208myes\x1b[0m!", "\x1b[0;1;38;5;208myes\x1b[0m!"),
        ("x\r\x1b[91;48;2;1;2;3my", "\x1b[0;91;48;2;1;2;3my\x1b[0m"),
        ("x\r\x1b]8;;http://a\x1b\\y\x1b]8;;\x1b\\", "\x1b[0m\x1b]8;;http://a\x1b\\y\x1b[0m\x1b]8;;\x1b\\"),
    ],
)  # fmt: skip
def test_colours_stay(output: str, settled: str) -> None:
    assert settle(output) == settled


@given(outputs)
def test_settled_text_moves_no_cursor_any_more(output: str) -> None:
    settled = settle(output)
    assert settle(settled) == settled
    controls = dict.fromkeys({*range(0x20), *range(0x7F, 0xA0)} - {9, 10})
    assert strip_escapes(settled).translate(controls) == visible_text(output).translate(controls)
    assert to_html(settled) == to_html(output)


@pytest.mark.parametrize(
    ("colour", "written"),
    [(False, b"done\nred\nlast"), (True, b"done\n\x1b[31mred\x1b[0m\nlast")],
)
def test_a_log_has_each_line_once(colour: bool, written: bytes) -> None:
    data = b"10%\r20%\rdone\r\n\x1b[31mred\x1b[0m\nno\r\x1b[Klast"
    for size in (1, 3, 100):
        lines = SettledLines(colour=colour)
        log = io.BytesIO()
        for start in range(0, len(data), size):
            log.write(lines.feed(data[start : start + size]))
        log.write(lines.end())
        assert log.getvalue() == written


def test_a_line_without_end_is_not_kept_whole() -> None:
    lines = SettledLines(colour=False)
    for number in range(50_000):
        assert lines.feed(f"\r{number:06}".encode()) == b""
    assert len(lines._held) < 70_000
    assert lines.end() == b"049999"


def test_a_screen_in_a_pipe_has_each_line_once_and_no_colours() -> None:
    taken: list[Event] = []

    class Taken:
        def take(self, event: Event) -> None:
            taken.append(event)

        def close(self) -> None:
            pass

    settled = SettledOutput(Taken(), colour=False)
    for data in (b"10%\r", b"\x1b[32mdone\x1b[0m\n", b"Name: "):
        settled.take(OutputReceived(None, data))
    settled.take(Notice("x"))
    assert taken == [
        OutputReceived(None, b"done\n"),
        OutputReceived(None, b"Name: "),
        Notice("x"),
    ]
