"""Keys as a terminal sends them, and what they mean."""

from __future__ import annotations

import os
import pty
import termios
from collections.abc import Iterator

import pytest

from meshpeek.errors import EnvironmentUnfitError
from meshpeek.terminal.keyboard import Keyboard

_PATIENCE_SECONDS = 30


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


@pytest.mark.parametrize(
    ("pressed", "names"),
    [
        (b"\r\n +-\x03", ["enter", "enter", "space", "+", "-", "ctrl-c"]),
        (b"x\t\x00\x7f\x1a", ["x", "tab", "ctrl-space", "backspace", "ctrl-z"]),
        ("é🙂\r".encode(), ["é", "🙂", "enter"]),
        (b"\x1b[A\x1b[1;5C\x1bOP\x1b[5~\x1b[[A", ["up", "ctrl-right", "f1", "page-up"]),
        (b"\x1b\x1b[AQ\x1bx", ["escape", "up", "Q", "alt-x"]),
        (b"\xff\xfe\r", ["enter"]),
        (b"\x1b[200~Q\rr\x1b[201~", []),
        (b"\x1b]11;rgb:0000/0000/0000\x1b\\\x1b[>1;10;0c\x1bP1+r\x1b\\", []),
        (b"\x1b[M !!\x1b[<0;1;1M", []),
        (b"q\r\r", ["q", "enter", "enter"]),
    ],
)
def test_keys_are_read_one_by_one(
    terminal: tuple[int, int], pressed: bytes, names: list[str]
) -> None:
    ours, theirs = terminal
    with Keyboard(theirs) as keyboard:
        os.write(ours, pressed + b"Q")
        keys = [keyboard.read(_PATIENCE_SECONDS) for _ in (*names, "Q")]
    assert keys == [*names, "Q"]


def test_what_was_pressed_before_can_be_forgotten(terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    with Keyboard(theirs) as keyboard:
        os.write(ours, b"\r\r\r")
        assert keyboard.read(_PATIENCE_SECONDS) == "enter"
        keyboard.discard()
        assert keyboard.read(0.05) is None


def test_what_was_typed_behind_a_key_is_for_the_child(terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    with Keyboard(theirs) as keyboard:
        os.write(ours, b"\rAda\r")
        assert keyboard.read(_PATIENCE_SECONDS) == "enter"
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
    with pytest.raises(EnvironmentUnfitError, match="standard input is not a terminal"):
        Keyboard(reader)
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize("begun", [b"\x1b[200~abc\rQ", b"\x1b[", b"\x1b[20"])
def test_a_paste_that_breaks_off_is_dropped(terminal: tuple[int, int], begun: bytes) -> None:
    ours, theirs = terminal
    with Keyboard(theirs) as keyboard:
        os.write(ours, begun)
        for _ in range(3):  # as it is read while a command is typed
            assert keyboard.read(0.02) is None
        assert keyboard.read(1.1) is None
        os.write(ours, b"\r")
        assert keyboard.read(_PATIENCE_SECONDS) == "enter"


def test_a_paste_in_pieces_is_no_key(terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    with Keyboard(theirs) as keyboard:
        for piece in (b"\x1b[200~abc", b"\rQ\r", b"\x1b[2", b"01~"):
            os.write(ours, piece)
            assert keyboard.read(0.05) is None
        os.write(ours, b"x")
        assert keyboard.read(_PATIENCE_SECONDS) == "x"


def test_a_terminal_is_asked_and_keys_are_kept(terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    with Keyboard(theirs) as keyboard:
        os.write(ours, b"x\x1b]11;rgb:0000/0000/0000\x1b\\y\x1b[?62cz")
        reply = keyboard.ask(b"?", lambda reply: b"c" in reply, _PATIENCE_SECONDS)
        assert b"rgb:0000/0000/0000" in reply
        assert os.read(ours, 10) == b"?"
        assert [keyboard.read(_PATIENCE_SECONDS) for _ in range(3)] == ["x", "y", "z"]
        assert keyboard.ask(b"?", lambda _: False, 0.01) == b""
