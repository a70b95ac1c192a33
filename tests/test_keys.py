"""Keys as a terminal sends them, and what they mean."""

from __future__ import annotations

import os
import pty
import termios
from collections.abc import Iterator

import pytest

from meshpeek.errors import EnvironmentUnfitError
from meshpeek.keys import Key, Keyboard

_PATIENCE_SECONDS = 30


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


@pytest.mark.parametrize(
    ("pressed", "meant"),
    [
        (b"\r", [Key.GO]),
        (b"\n", [Key.GO]),
        (b" ", [Key.FINISH]),
        (b"+-Q\x03", [Key.SKIP, Key.BACK, Key.QUIT, Key.INTERRUPT]),
        (b"xyz\t\x00\x7f", []),
        ("é🙂\r".encode(), [Key.GO]),
        (b"\x1b[A\x1b[1;5C\x1bOP\r", [Key.GO]),
        (b"\x1bQ", []),
        (b"\xff\xfe\r", [Key.GO]),
        (b"q\r\r", [Key.GO, Key.GO]),
    ],
)
def test_keys_are_read_one_by_one(
    terminal: tuple[int, int], pressed: bytes, meant: list[Key]
) -> None:
    ours, theirs = terminal
    with Keyboard(theirs) as keyboard:
        os.write(ours, pressed + b"Q")
        keys = [keyboard.read(_PATIENCE_SECONDS) for _ in (*meant, Key.QUIT)]
    assert keys == [*meant, Key.QUIT]


def test_what_was_pressed_before_can_be_forgotten(terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    with Keyboard(theirs) as keyboard:
        os.write(ours, b"\r\r\r")
        assert keyboard.read(_PATIENCE_SECONDS) is Key.GO
        keyboard.forget()
        assert keyboard.read(0.05) is None


def test_what_was_typed_behind_a_key_is_for_the_child(terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    with Keyboard(theirs) as keyboard:
        os.write(ours, b"\rAda\r")
        assert keyboard.read(_PATIENCE_SECONDS) is Key.GO
        assert keyboard.take_unread() == b"Ada\r"
        assert keyboard.take_unread() == b""


def test_the_terminal_gets_its_settings_back(terminal: tuple[int, int]) -> None:
    _, theirs = terminal
    before = termios.tcgetattr(theirs)
    with Keyboard(theirs) as keyboard:
        assert not termios.tcgetattr(theirs)[3] & termios.ECHO
        with keyboard.lent():
            assert not termios.tcgetattr(theirs)[1] & termios.OPOST
        assert termios.tcgetattr(theirs)[1] & termios.OPOST
    assert termios.tcgetattr(theirs) == before


def test_something_that_is_no_terminal_is_refused() -> None:
    reader, writer = os.pipe()
    with pytest.raises(EnvironmentUnfitError, match="presenting needs a terminal"):
        Keyboard(reader)
    os.close(reader)
    os.close(writer)
