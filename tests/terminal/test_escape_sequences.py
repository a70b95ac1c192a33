"""The grammar of escape sequences, and that all who use it agree on what is text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from meshpeek.sinks.html.ansi import to_html
from meshpeek.sinks.screen.command_output import CommandOutput
from meshpeek.terminal.escape_sequences import (
    CSI,
    ESCAPE,
    LARGEST_PARAMETER,
    OSC,
    ControlSequenceReader,
    EscapeSequence,
    read,
    split,
    strip_escapes,
)
from meshpeek.terminal.key_decoder import KeyDecoder
from meshpeek.terminal.settled_text import settle, styled_runs
from tests.terminal.outputs import cut, outputs


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("plain [0m text", "plain [0m text"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b[38;5;238m 1 │\x1b[0m x", " 1 │ x"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x07 y", "link y"),
        ("\x1b(Bascii\x1b=", "ascii"),
        ("\x1b[?25lhidden\x1b[?25h", "hidden"),
        ("\x1bPtmux;\x1b\x1b]0;t\x07\x1b\\after", "after"),
        ("a\r\nb", "a\nb"),
        ("a\r\r\nb\rc", "a\nb\rc"),
        ("cut off \x1b]0;title", "cut off "),
        ("cut off \x1b[31", "cut off "),
        ("cut off \x1b", "cut off "),
        ("broken \x1b[3\x1b[31mred", "broken red"),
        ("broken \x1b[31éx", "broken éx"),
        ("aborted \x1b]0;title\x18text", "aborted text"),
        ("left open \x1b]0;title\x1b[mtext", "left open text"),
        ("\x1b\x1b[mfoo", "foo"),
        ("\x1béx", "éx"),
    ],
)
def test_escape_sequences_are_taken_out(text: str, plain: str) -> None:
    assert strip_escapes(text) == plain


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("a\x1b[1;2 qb", ["a", EscapeSequence(CSI, "1;2", " ", "q"), "b"]),
        ("\x1b]0;t\x07", [EscapeSequence(OSC, "0;t", "", "\x07")]),
        ("\x1bPq\x1b\\", [EscapeSequence("P", "q", "", "\x1b\\")]),
        (
            "\x1b(0\x1b7",
            [EscapeSequence(ESCAPE, "", "(", "0"), EscapeSequence(ESCAPE, "", "", "7")],
        ),
        ("\x1b[31\n", [EscapeSequence(CSI, "31", "", ""), "\n"]),
        ("\x1b]0;t\x1b[m", [EscapeSequence(OSC, "0;t", "", ""), EscapeSequence(CSI, "", "", "m")]),
    ],
)
def test_text_is_split(text: str, parts: list[str | EscapeSequence]) -> None:
    assert list(split(text)) == parts


@pytest.mark.parametrize(
    ("body", "parameters"),
    [
        ("", [[0]]),
        ("1;;31", [[1], [0], [31]]),
        ("38:2::1:2:3;4:3", [[38, 2, 0, 1, 2, 3], [4, 3]]),
        ("?1049;25", [[1049], [25]]),
        ("00000000000031", [[31]]),
        ("99999", [[LARGEST_PARAMETER]]),
        ("1;" + "9" * 5000, [[1], [LARGEST_PARAMETER]]),
        ("1<2;3", [[0], [3]]),
    ],
)
def test_parameters_are_numbers_within_bounds(body: str, parameters: list[list[int]]) -> None:
    assert EscapeSequence(CSI, body, "", "m").parameters() == parameters


@pytest.mark.parametrize(
    ("text", "end", "is_begun"),
    [
        ("\x1b[31mx", 5, False),
        ("\x1b[31", 4, True),
        ("\x1b", 1, True),
        ("\x1b(", 2, True),
        ("\x1b]0;t", 5, True),
        ("\x1b]0;t\x1b", 5, True),
        ("\x1b]0;t\x1b\\", 7, False),
        ("\x1b[3\x1b", 3, False),
        ("\x1b[31é", 4, False),
    ],
)
def test_a_sequence_that_is_not_complete_yet_is_told(text: str, end: int, is_begun: bool) -> None:
    assert read(text)[1:] == (end, is_begun)


def test_text_is_no_sequence() -> None:
    with pytest.raises(ValueError, match="no escape sequence begins at 1"):
        read("\x1b[m", 1)


@given(outputs)
def test_nothing_is_lost_and_text_has_no_escape(output: str) -> None:
    parts = list(split(output))
    texts = [part for part in parts if isinstance(part, str)]
    assert all(texts)
    assert not any("\x1b" in text for text in texts)
    assert len(parts) - len(texts) >= (output.count("\x1b") + 1) // 2
    assert strip_escapes(output) == strip_escapes("".join(texts))


@given(outputs)
def test_stripping_twice_is_stripping_once(output: str) -> None:
    once = strip_escapes(output)
    assert strip_escapes(once) == once


@given(outputs, st.lists(st.integers(0, 200)))
def test_control_sequences_are_found_however_output_is_cut_up(
    output: str, places: list[int]
) -> None:
    data = output.encode("latin-1")
    whole = ControlSequenceReader().feed(data)
    reader = ControlSequenceReader()
    assert [found for piece in cut(data, places) for found in reader.feed(piece)] == whole
    assert whole == [
        part
        for part in split(output)
        if isinstance(part, EscapeSequence) and part.kind == CSI and part.final
    ]


@pytest.mark.parametrize("size", [100, 300, 3000])
def test_a_control_sequence_that_is_too_long_is_passed_over_however_it_is_cut_up(size: int) -> None:
    data = b"\x1b[" + b"1" * size + b"m\x1b[2m"
    found = [sequence.body[-1:] for sequence in ControlSequenceReader().feed(data)]
    assert found == (["1", "2"] if size == 100 else ["2"])
    reader = ControlSequenceReader()
    pieces = (bytes([byte]) for byte in data)
    assert [each.body[-1:] for piece in pieces for each in reader.feed(piece)] == found


def shown(output: str) -> str:
    """Return what can be seen of an output that moves no cursor."""
    return "".join(run.text for run in styled_runs(split(output)))


@given(outputs.filter(lambda output: "\r" not in output and settle(output) == output))
def test_reports_show_the_text_and_nothing_else(output: str) -> None:
    text = strip_escapes(output).translate(dict.fromkeys([7, 0x18, 0x9B]))
    assert shown(output) == text
    page = etree.fromstring(f"<pre>{to_html(output)}</pre>")
    assert "".join(page.itertext()) == text


@given(outputs)
def test_screen_and_page_show_the_same_of_what_stays_in_place(output: str) -> None:
    parts = list(split(output))
    stays = "".join(
        part if isinstance(part, str) else f"\x1b[{part.body}m"
        for part in parts
        if isinstance(part, str) or (part.kind == CSI and part.final == "m")
    )
    written = CommandOutput()
    written.finish(list(split(stays)))
    assert "\n".join(line.plain for line in written.lines) == shown(stays)
    page = etree.fromstring(f"<pre>{to_html(stays)}</pre>")
    assert "".join(page.itertext()) == shown(stays)


@given(outputs)
def test_keys_are_in_text_and_never_in_control_sequences_or_strings(output: str) -> None:
    typed = "".join(
        "x" if isinstance(part, str) else f"\x1b{part.kind}{part.body}{part.intermediates}~"
        for part in split(output)
        if isinstance(part, str) or (part.kind == CSI and part.final)
    )
    decoder = KeyDecoder()
    decoder.feed(typed.encode("latin-1"))
    keys = []
    while key := decoder.next():
        keys.append(key)
    assert [key for key in keys if len(key) == 1] == ["x"] * typed.count("x")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("repeated", ["x", "9", "\r", "x\r", "\t", "1;"])
def test_a_line_of_a_megabyte_ends_in_time(repeated: str) -> None:
    """What is quadratic in the length of a line takes minutes for it."""
    line = repeated * (1_000_000 // len(repeated))
    for output in (line, f"\x1b[{line}", f"\x1b]{line}"):
        assert len(strip_escapes(output)) <= len(output)
        assert len(to_html(output)) <= len(output)
