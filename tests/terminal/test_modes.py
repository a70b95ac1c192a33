"""The modes that programs leave a terminal in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meshpeek.terminal.escape_sequences import EscapeSequence, split
from meshpeek.terminal.modes import TerminalModes
from tests.terminal.outputs import cut, outputs


def test_modes_that_were_left_changed_are_reset_and_no_others() -> None:
    modes = TerminalModes()
    modes.feed(b"plain")
    assert modes.reset() == ""
    modes.feed(b"\x1b[?1049h\x1b[?25l\x1b[?10")
    modes.feed(b"00;1006h\x1b[?2004h\x1b[?2004l\x1b[?25h")
    assert modes.reset() == "\x1b[0m\x1b>\x1b[?1049l\x1b[?1000l\x1b[?1006l"
    assert modes.reset() == ""


def test_modes_are_set_again_as_they_were() -> None:
    modes = TerminalModes()
    modes.feed(b"\x1b[?1049h\x1b[?25l")
    assert modes.reset_codes() == "\x1b[0m\x1b>\x1b[?1049l\x1b[?25h"
    assert modes.set_codes() == "\x1b[?1049h\x1b[?25l"


def test_numbers_that_no_mode_has_are_passed_over() -> None:
    modes = TerminalModes()
    modes.feed(b"\x1b[?h\x1b[?0h\x1b[?" + b"9" * 100 + b"h\x1b[?" + b"9" * 5000 + b"h\x1b[?25l")
    assert modes.set_codes() == "\x1b[?25l"


@given(outputs, st.lists(st.integers(0, 200)))
def test_it_sees_the_same_however_output_is_cut_up(output: str, places: list[int]) -> None:
    whole, pieces = TerminalModes(), TerminalModes()
    data = output.encode("latin-1")
    whole.feed(data)
    for piece in cut(data, places):
        pieces.feed(piece)
    assert pieces.set_codes() == whole.set_codes()
    assert pieces.reset_codes() == whole.reset_codes()


@given(outputs)
def test_it_agrees_with_the_grammar_on_what_is_a_sequence(output: str) -> None:
    modes = TerminalModes()
    modes.feed(output.encode("latin-1"))
    changed = {
        number: part.final == "h"
        for part in split(output)
        if isinstance(part, EscapeSequence) and part.is_private_mode()
        for number, *_ in part.parameters()
        if 0 < number < 65_535
    }
    codes = "".join(f"\x1b[?{number}{'h' if on else 'l'}" for number, on in changed.items())
    assert modes.set_codes() == codes
