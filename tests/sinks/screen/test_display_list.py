"""What is drawn again: what of a command's output is still on the screen, and how it wraps."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from meshpeek.sinks.screen.command_output import CommandOutput
from meshpeek.sinks.screen.display_list import DisplayList
from meshpeek.sinks.screen.line_breaks import expand_tabs, word_breaks, wrap

CONSOLE = Console(file=io.StringIO(), width=20, height=5)


SEQUENCES = [
    b"\x1b[" + body + final.encode()
    for body in (b"", b"0", b"3;9", b"?1", b">4;2", b"?1049", b"999999999999")
    for final in "ABCDEFGHIJKLMPSTXZ@`abcdefghilmnpqrstux"
] + [b"\x1b" + final.encode() for final in "78DEHMNOcn=>"]


def shown_of(data: bytes) -> list[str]:
    drawn = DisplayList()
    written = CommandOutput()
    drawn.add(written)
    written.add(data)
    drawn.finish(written, CONSOLE, narration=True)
    return shown(drawn)


def output(*chunks: bytes) -> CommandOutput:
    """Return what is left of an output on an empty screen."""
    written = CommandOutput()
    drawn = DisplayList()
    drawn.add(written)
    for chunk in chunks:
        written.add(chunk)
    drawn.finish(written, CONSOLE, narration=True)
    return written


def plain(written: CommandOutput) -> str:
    return "\n".join(line.plain for line in written.lines)


def shown(drawn: DisplayList, console: Console = CONSOLE) -> list[str]:
    lines = drawn.lines(console, console.height, narration=True)
    return ["".join(segment.text for segment in line) for line in lines]


@pytest.mark.parametrize(
    ("chunks", "left", "ends_line"),
    [
        ([b"plain\r\n"], "plain\n", True),
        ([b"no end"], "no end", False),
        ([b""], "", True),
        ([b"10%\r20%\r30%\r\n"], "30%\n", True),
        ([b"\x1b[31mred\x1b[0m\n"], "red\n", True),
        (
            [b"before\n\x1b[?10", b"49hfull screen\x1b[?1049lafter\n"],
            "before\nafter\n",
            True,
        ),
        ([b"before\n\x1b[?1049hkilled there"], "before\n", True),
        ([b"old\n\x1b[H\x1b[2Jnew\n"], "new\n", True),
        ([b"old\n\x1b[H\x1b[2J\x1b[3J"], "", True),
        ([b"abc\r\x1b[?1049hx\x1b[?1049l\ndef"], "abc\ndef", False),
        ([b"abc\r\x1b[?1049hx\x1b[?1049ldef"], "def", False),
        ([b"old\x1bcnew\n"], "new\n", True),
        ([b"cut off\x1b[?1049lafter\n"], "after\n", True),
        ([b"old\x1b[?1049;25hthere\x1b[?25;1049lnew"], "oldnew", False),
        ([b"\x1b]0;title\x07\x1b]8;;http://x\x07a link\x1b]8;;\x07\n"], "a link\n", True),
        ([b"top\x1b[5;1Hmiddle\x1b[24;1Hend\n"], "top\n\n\n\nenddle\n", True),
        ([b"ab\bc\x1b[1D\x1b[1@d\r\n"], "adc\n", True),
        ([b"longer\rshort\r\n"], "shortr\n", True),
        ([b"one\r\ntwo\x1b[A\rO\x1b[B\r\n"], "One\ntwo\n", True),
        ([b"a \x1b[01;31m\x1b[Kmatch\x1b[m\x1b[K.\n"], "a match.\n", True),
        ([b"\x1b(0lqk\x1b(B\r\n"], "┌─┐\n", True),
    ],
)
def test_what_is_left_of_output(chunks: list[bytes], left: str, ends_line: bool) -> None:
    written = output(*chunks)
    assert (plain(written), written.ends_line) == (left, ends_line)


def test_output_is_kept_within_bounds() -> None:
    written = output(*[b"x" * 63 + b"\n" * 1000] * 100, b"last\n")
    assert len(plain(written)) <= 128 * 1024
    assert plain(written).endswith("last\n")


@pytest.mark.parametrize(
    ("written", "left", "below"),
    [
        (b"plain\r\n", ["narration", "plain", ""], 0),
        (b"\x1b[H\x1b[2Jnew\r\n", ["new", ""], 0),
        (b"1%\r100%\r\n", ["narration", "100%", ""], 0),
        (b"a\r\nb\r\nc\x1b[2A\rA", ["narration", "A", "b", "c"], 2),
        (b"\x1b[1;1HN", ["Narration"], 0),
        (b"1\r\n2\r\n3\r\n4\r\n5\x1b[D!\r\n", ["2", "3", "4", "!", ""], 0),
    ],
)
def test_what_was_drawn_before_is_where_it_is_on_the_screen(
    written: bytes, left: list[str], below: int
) -> None:
    drawn = DisplayList()
    drawn.add(Text("narration\n"), narration=True)
    output = CommandOutput()
    drawn.add(output)
    output.add(written)
    assert drawn.finish(output, CONSOLE, narration=True) == below
    assert shown(drawn) == left


def test_only_what_fits_is_drawn() -> None:
    drawn = DisplayList()
    for number in range(50):
        drawn.add(Text(f"line {number}\n"))
    drawn.add(Text("$ "))
    console = Console(file=io.StringIO(), width=20, height=4)
    assert shown(drawn, console) == ["line 47", "line 48", "line 49", "$ "]


@given(st.binary(max_size=200), st.lists(st.sampled_from(SEQUENCES), max_size=8))
def test_no_output_is_too_strange_to_be_drawn(data: bytes, sequences: list[bytes]) -> None:
    assert shown_of(b"".join([data, *(each + data[:3] for each in sequences)]))


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
    (line,) = written.lines
    links = {segment.text: segment.style and segment.style.link for segment in line.render(CONSOLE)}
    assert links["a link"] == "http://x"
    assert not links[", and none"]


def test_numbers_without_end_draw_nothing_wrong() -> None:
    written = output(b"\x1b[" + b"9" * 5000 + b"m\x1b[38;5;" + b"9" * 5000 + b"mtext\n")
    assert plain(written) == "text\n"


@pytest.mark.parametrize(
    ("line", "width", "lines"),
    [
        ("kubectl --context north get", 10, ["kubectl ", "--context ", "north get"]),
        ("kubectl get pods", 16, ["kubectl get pods"]),
        ("kubectl get pods", 15, ["kubectl get ", "pods"]),
        ("a-word-longer-than-a-line x", 10, ["a-word-lon", "ger-than-a", "-line x"]),
        ("12345678 9 0", 10, ["12345678 9", " 0"]),
        ("한글 한글", 6, ["한글 ", "한글"]),
        ("", 6, [""]),
    ],
)
def test_what_is_typed_is_broken_at_words(line: str, width: int, lines: list[str]) -> None:
    assert [piece.plain for piece in wrap(Text(line), width, at_words=True)] == lines


@given(st.text(st.sampled_from("ab 한🙂é"), max_size=60), st.integers(2, 12))
def test_breaking_at_words_loses_nothing_and_fits(text: str, width: int) -> None:
    lines = [line.plain for line in wrap(Text(text), width, at_words=True)]
    assert "".join(lines) == text
    assert all(cell_len(line) <= width for line in lines)
    assert all(text[place - 1] == " " for place in word_breaks(text, width))
