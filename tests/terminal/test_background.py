"""What terminals say of their background."""

from __future__ import annotations

import pytest

from meshpeek.terminal.background import (
    QUERY,
    Background,
    answered_background,
    background_of,
    colour_numbers,
    is_answered,
)
from meshpeek.terminal.key_decoder import KeyDecoder

LIGHT, DARK, UNKNOWN = Background


@pytest.mark.parametrize(
    ("reply", "background"),
    [
        (b"\x1b]11;rgb:0000/0000/0000\x1b\\\x1b[?62;22c", DARK),  # xterm
        (b"\x1b]11;rgb:ffff/ffff/ffff\x07\x1b[?6c", LIGHT),
        (b"\x1b]11;rgb:fd/f6/e3\x1b\\\x1b[?1;2c", LIGHT),
        (b"\x1b]11;rgba:2e2e/3434/3636/ffff\x1b\\\x1b[?65;1;9c", DARK),  # kitty, VTE
        (b"\x1b]11;#002b36\x1b\\\x1b[?6c", DARK),
        (b"\x1b[?1;2c", UNKNOWN),  # tmux that does not know
        (b"\x1b]11;rgb:zz\x1b\\\x1b[?1;2c", UNKNOWN),
        (b"", UNKNOWN),
    ],
)
def test_what_a_terminal_answers(reply: bytes, background: Background) -> None:
    assert answered_background(reply) is background
    assert is_answered(reply) is bool(reply)
    decoder = KeyDecoder()
    decoder.feed(reply + b"Q")
    assert decoder.next() == "Q"


def test_an_answer_in_pieces_is_waited_for() -> None:
    assert not is_answered(b"\x1b]11;rgb:0000/0000/0000\x1b\\\x1b[?62")
    assert not is_answered(QUERY)


@pytest.mark.parametrize(
    ("value", "background"),
    [
        ("15;0", DARK),
        ("0;15", LIGHT),
        ("0;default;15", LIGHT),
        ("7;8", DARK),
        ("0;7", LIGHT),
        ("15;default", UNKNOWN),
        ("", UNKNOWN),
        ("0;99", UNKNOWN),
    ],
)
def test_the_variable_of_some_terminals(value: str, background: Background) -> None:
    assert background_of(value) is background


def test_programs_are_told_what_was_found() -> None:
    for background in (LIGHT, DARK):
        assert background_of(colour_numbers(background)["COLORFGBG"]) is background
    assert colour_numbers(UNKNOWN) == {}
