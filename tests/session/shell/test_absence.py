"""With nobody at the keyboard, whoever asks finds the end of the input, however often."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from meshpeek.session.shell.command_stream import CommandExit, Ending, OutputChunk
from meshpeek.session.shell.shell import Shell, ShellSettings

GETPASS = "import getpass\nfor n in range(2):\n  try: getpass.getpass(f'Word {n}: ')\n"
GETPASS += "  except EOFError: pass\nraise SystemExit(3)"
RAW = "import termios, tty\nprint(end='keys? ', flush=True)\n"
RAW += "tty.setraw(terminal := open('/dev/tty', 'rb', 0))\nterminal.read(1)\nraise SystemExit(4)"
SCREEN = "printf '\\033[?1049h'; cat /dev/zero >/dev/null"


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm"}
    (tmp_path / "session").mkdir()
    with closing(Shell(tmp_path / "session", environment, ShellSettings(folder=tmp_path))) as shell:
        yield shell


def run(shell: Shell, command: str) -> tuple[str, CommandExit]:
    output = b""
    for item in shell.run(command, timeout=20):
        if isinstance(item, OutputChunk):
            output += item.data
        elif isinstance(item, CommandExit):
            assert item.ending is Ending.COMPLETED
            return output.decode(), item
    raise AssertionError("a command without an end")


@pytest.mark.parametrize(
    ("command", "status", "question"),
    [
        ("read -rp 'Go on? ' x </dev/tty", 1, "Go on?"),
        ("read -rsp 'Word: ' x </dev/tty", 1, "Word:"),
        (f'python3 -c "{GETPASS}"', 3, "Word 1:"),
        (f'python3 -c "{RAW}"', 4, "keys?"),
        (f'bash -c "{SCREEN}"', 129, ""),
        ("cat /dev/tty; printf 'a line\\n'; (exit 5)", 5, None),
        ("printf unfinished; sleep 0.4; echo; (exit 6)", 6, None),
    ],
)
def test_what_asks_the_terminal_ends_and_says_what_it_asked(
    shell: Shell, command: str, status: int, question: str | None
) -> None:
    _, outcome = run(shell, command)
    assert (outcome.status, outcome.question) == (status, question)


def test_what_was_pressed_for_a_command_does_not_reach_the_next(shell: Shell) -> None:
    run(shell, "sleep 0.5")
    output, outcome = run(shell, "stty -icanon min 0 </dev/tty; dd bs=9 </dev/tty 2>/dev/null")
    assert (output, outcome.status) == ("", 0)
