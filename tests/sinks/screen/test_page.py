"""The page that is drawn again: what of a command's output is still on it, and how it wraps."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from meshpeek.sinks.screen.page import Output, Page, fold, widen_tabs
from meshpeek.terminal.modes import TerminalModes


def output(*chunks: bytes) -> Output:
    written = Output()
    for chunk in chunks:
        written.add(chunk)
    return written


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
        ([b"top\x1b[5;1Hmiddle\x1b[24;1Hend\n"], "end\n", True, False),
    ],
)
def test_what_is_left_of_output(
    chunks: list[bytes], left: str, ends_line: bool, cleared: bool
) -> None:
    written = output(*chunks)
    written.settle()
    assert (written.text().plain, written.ends_line) == (left, ends_line)
    assert written.cleared is cleared


def test_output_is_kept_within_bounds() -> None:
    written = Output()
    for _ in range(100):
        written.add(b"x" * 63 + b"\n" * 1000)
    written.add(b"last\n")
    written.settle()
    assert len(written.text()) <= 128 * 1024
    assert written.text().plain.endswith("last\n")


def test_a_cleared_screen_takes_the_page_with_it() -> None:
    page = Page()
    page.add(Text("narration\n"), narration=True)
    written = output(b"\x1b[H\x1b[2Jnew\n")
    page.add(written)
    page.settle(written)
    console = Console(file=io.StringIO(), width=20, height=5)
    lines = ["".join(s.text for s in line) for line in page.lines(console, narration=True)]
    assert lines == ["new", ""]


def test_only_what_fits_is_drawn() -> None:
    page = Page()
    for number in range(50):
        page.add(Text(f"line {number}\n"))
    page.add(Text("$ "))
    console = Console(file=io.StringIO(), width=20, height=4)
    lines = ["".join(s.text for s in line) for line in page.lines(console, narration=True)]
    assert lines == ["line 47", "line 48", "line 49", "$ "]


@given(st.text(st.sampled_from("ab 한🙂é\n"), max_size=40), st.integers(2, 12))
def test_folding_loses_nothing_and_fits(text: str, width: int) -> None:
    lines = [line.plain for line in fold(Text(text), width)]
    assert "".join(lines) == text.replace("\n", "")
    assert all(cell_len(line) <= width for line in lines)
    assert len(lines) >= text.count("\n") + 1


@pytest.mark.parametrize(
    ("text", "column", "widened"),
    [
        ("\tx", 0, " " * 8 + "x"),
        ("\tx", 3, " " * 5 + "x"),
        ("ab\tx", 6, "ab" + " " * 8 + "x"),
        ("한\tx", 0, "한" + " " * 6 + "x"),
        ("none", 5, "none"),
    ],
)
def test_tabs_lead_to_the_terminals_columns(text: str, column: int, widened: str) -> None:
    assert widen_tabs(text, column) == widened


def test_modes_that_were_left_changed_are_undone_and_no_others() -> None:
    modes = TerminalModes()
    modes.read(b"plain")
    assert modes.undo() == ""
    modes.read(b"\x1b[?1049h\x1b[?25l\x1b[?10")
    modes.read(b"00;1006h\x1b[?2004h\x1b[?2004l\x1b[?25h")
    assert modes.undo() == "\x1b[0m\x1b>\x1b[?1049l\x1b[?1000l\x1b[?1006l"
    assert modes.undo() == ""
