"""What a presenter types or pastes while a command has the terminal."""

from __future__ import annotations

import os
import pty
import select
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshpeek.session.shell.command_stream import CommandExit
from meshpeek.session.shell.shell import Shell
from meshpeek.session.shell.shell_settings import ShellSettings
from meshpeek.terminal.keyboard import Keyboard

LINES = b"".join(b"%05d of a long paste, line by line\r" % number for number in range(6000))


class Person:
    """Sits at a terminal of which `keyboard` is the keyboard."""

    def __init__(self) -> None:
        self._ours, self._theirs = pty.openpty()
        self.keyboard = Keyboard(self._theirs)
        self._thread = threading.Thread()

    def paste(self, data: bytes) -> None:
        """Paste, as a terminal does: what is not taken waits."""

        def write() -> None:
            left = data
            while left:
                left = left[os.write(self._ours, left) :]

        self._thread = threading.Thread(target=write, daemon=True)
        self._thread.start()

    def left(self) -> bytes:
        """Return what the next program at the terminal would read."""
        self._thread.join(10)
        assert not self._thread.is_alive(), "what was pasted is not taken"
        data = b""
        while select.select([self._theirs], [], [], 0)[0]:
            data += os.read(self._theirs, 100_000)
        return data

    def leave(self) -> None:
        os.close(self._ours)
        os.close(self._theirs)


@pytest.fixture
def person() -> Iterator[Person]:
    person = Person()
    yield person
    person.leave()


@pytest.fixture
def shell(tmp_path: Path, person: Person) -> Iterator[Shell]:
    (tmp_path / "session").mkdir()
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm"}
    with person.keyboard as keyboard:
        settings = ShellSettings(keyboard=keyboard, folder=tmp_path)
        shell = Shell(tmp_path / "session", environment, settings)
        yield shell
        shell.close()


def run(shell: Shell, command: str) -> int:
    *_, outcome = shell.run(command)
    assert isinstance(outcome, CommandExit)
    return outcome.status


@pytest.mark.parametrize("reader", ["cat >got", f"stty raw; head -c {len(LINES)} >got; stty sane"])
def test_a_program_gets_all_that_is_pasted(
    shell: Shell, person: Person, tmp_path: Path, reader: str
) -> None:
    person.paste(LINES + b"\x04")
    assert run(shell, reader) == 0
    assert (tmp_path / "got").read_bytes().replace(b"\r", b"\n") == LINES.replace(b"\r", b"\n")
    assert not person.left()


def test_what_a_program_does_not_read_is_dropped(shell: Shell, person: Person) -> None:
    person.paste(LINES)
    assert run(shell, "sleep 0.2") == 0
    assert not person.left()
