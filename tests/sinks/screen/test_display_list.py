"""What is drawn again: what of a command's output is still on the screen, and how it wraps."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from meshpeek.sinks.screen.display_list import (
    CommandOutput,
    DisplayList,
    expand_tabs,
    wrap,
)

CONSOLE = Console(file=io.StringIO(), width=20, height=5)


def output(*chunks: bytes) -> CommandOutput:
    written = CommandOutput()
    for chunk in chunks:
        written.add(chunk)
    return written


def plain(written: CommandOutput) -> str:
    return "\n".join(line.plain for line in written.lines)


@pytest.mark.parametrize(
    ("chunks", "left", "ends_line", "cleared"),
    [
        ([b"plain\r\n"], "plain\n", True, False),
        ([b"no end"], "no end", False, False),
        ([b""], "", True, False),
        ([b"10%\r20%\r30%\r\n"], "30%\n", True, False),
        ([b"\x1b[31mred\x1b[0m\n"], "red\n", True, False),
        (
            [b"before\n\x1b[?10", b"49hfull screen\x1b[?1049lafter\n"],
            "before\nafter\n",
            True,
            False,
        ),
        ([b"before\n\x1b[?1049hkilled there"], "before\n", True, False),
        ([b"old\n\x1b[H\x1b[2Jnew\n"], "new\n", True, True),
        ([b"old\n\x1b[H\x1b[2J\x1b[3J"], "", True, True),
        ([b"abc\r\x1b[?1049hx\x1b[?1049l\ndef"], "abc\ndef", False, False),
        ([b"abc\r\x1b[?1049hx\x1b[?1049ldef"], "def", False, False),
        ([b"old\x1bcnew\n"], "new\n", True, True),
        ([b"cut off\x1b[?1049lafter\n"], "after\n", True, False),
        ([b"old\x1b[?1049;25hthere\x1b[?25;1049lnew"], "oldnew", False, False),
        ([b"\x1b]0;title\x07\x1b]8;;http://x\x07a link\x1b]8;;\x07\n"], "a link\n", True, False),
        ([b"top\x1b[5;1Hmiddle\x1b[24;1Hend\n"], "end\n", True, False),
    ],
)
def test_what_is_left_of_output(
    chunks: list[bytes], left: str, ends_line: bool, cleared: bool
) -> None:
    written = output(*chunks)
    written.finish()
    assert (plain(written), written.ends_line) == (left, ends_line)
    assert written.cleared is cleared


def test_output_is_kept_within_bounds() -> None:
    written = CommandOutput()
    for _ in range(100):
        written.add(b"x" * 63 + b"\n" * 1000)
    written.add(b"last\n")
    written.finish()
    assert len(plain(written)) <= 128 * 1024
    assert plain(written).endswith("last\n")


def test_a_cleared_screen_takes_what_was_drawn_with_it() -> None:
    drawn = DisplayList()
    drawn.add(Text("narration\n"), narration=True)
    written = output(b"\x1b[H\x1b[2Jnew\n")
    drawn.add(written)
    drawn.finish(written)
    console = Console(file=io.StringIO(), width=20, height=5)
    lines = ["".join(s.text for s in line) for line in drawn.lines(console, narration=True)]
    assert lines == ["new", ""]


def test_only_what_fits_is_drawn() -> None:
    drawn = DisplayList()
    for number in range(50):
        drawn.add(Text(f"line {number}\n"))
    drawn.add(Text("$ "))
    console = Console(file=io.StringIO(), width=20, height=4)
    lines = ["".join(s.text for s in line) for line in drawn.lines(console, narration=True)]
    assert lines == ["line 47", "line 48", "line 49", "$ "]


@given(st.text(st.sampled_from("ab 한🙂é"), max_size=40), st.integers(2, 12))
def test_wrapping_loses_nothing_and_fits(text: str, width: int) -> None:
    lines = [line.plain for line in wrap(Text(text), width)]
    assert "".join(lines) == text
    assert all(cell_len(line) <= width for line in lines)
    assert lines


@pytest.mark.parametrize(
    ("text", "column", "expanded"),
    [
        ("\tx", 0, " " * 8 + "x"),
        ("\tx", 3, " " * 5 + "x"),
        ("ab\tx", 6, "ab" + " " * 8 + "x"),
        ("한\tx", 0, "한" + " " * 6 + "x"),
        ("\t\tx", 3, " " * 13 + "x"),
        ("a\tb\n\tx", 3, "a    b\n" + " " * 8 + "x"),
        ("none", 5, "none"),
    ],
)
def test_tabs_lead_to_the_terminals_columns(text: str, column: int, expanded: str) -> None:
    assert expand_tabs(text, column) == expanded


def test_styles_last_until_they_are_changed() -> None:
    written = output(b"\x1b[1;31mred\r\nred \x1b[38;5;208;48:2::1:2:3mcoloured\x1b[m\r\nplain")
    written.finish()
    drawn = [
        [(segment.text, str(segment.style or "")) for segment in line.render(CONSOLE)]
        for line in written.lines
    ]
    assert drawn == [
        [("red", "bold color(1)")],
        [("red ", "bold color(1)"), ("coloured", "bold color(208) on #010203")],
        [("plain", "")],
    ]


def test_links_are_kept() -> None:
    written = output(b"\x1b]8;id=1;http://x\x1b\\a link\x1b]8;;\x1b\\, and none")
    written.finish()
    (line,) = written.lines
    links = {segment.text: segment.style and segment.style.link for segment in line.render(CONSOLE)}
    assert links["a link"] == "http://x"
    assert not links[", and none"]


def test_numbers_without_end_draw_nothing_wrong() -> None:
    written = output(b"\x1b[" + b"9" * 5000 + b"m\x1b[38;5;" + b"9" * 5000 + b"mtext\n")
    written.finish()
    assert plain(written) == "text\n"
