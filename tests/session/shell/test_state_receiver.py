"""What bash writes after each command, as it is received: whole, broken off, new variables."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from meshpeek.session.shell.command_stream import OutputChunk
from meshpeek.session.shell.shell import Shell
from meshpeek.session.shell.state_receiver import STATES, StateReceiver


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[StateReceiver]:
    with closing(StateReceiver(tmp_path, None)) as receiver:
        yield receiver


def write(folder: Path, text: str) -> None:
    fifo = os.open(folder / STATES, os.O_WRONLY)
    os.write(fifo, text.encode())
    os.close(fifo)


def state(number: int, *lines: str) -> str:
    return "\n".join((f"# state {number}", *lines, f"# complete {number}", ""))


def test_a_state_that_was_broken_off_does_not_replace_one_that_is_whole(
    receiver: StateReceiver, tmp_path: Path
) -> None:
    write(tmp_path, state(1, 'declare -- X="1"'))
    receiver.take(1)
    write(tmp_path, '# state 2\ndeclare -- X="2"\n# comp')
    receiver.take(2)
    assert receiver.script == b'declare -- X="1"\n'


def test_a_state_may_follow_a_broken_one(receiver: StateReceiver, tmp_path: Path) -> None:
    write(tmp_path, '# state 1\ndeclare -- X="1' + state(1, 'declare -- X="2"'))
    receiver.take(1)
    assert receiver.script == b'declare -- X="2"\n'


def test_what_is_new_is_exported_once_and_what_cannot_be_never(
    receiver: StateReceiver, tmp_path: Path
) -> None:
    write(tmp_path, state(1, 'declare -- OLD="1"', 'declare -x PATH="/bin"'))
    receiver.take(1)
    assert receiver.take_unexported() == ""
    new = (
        *('declare -- B="2"', 'declare -ir A="1"', 'declare -x X="exported"', "declare -- unset"),
        *('declare -a LIST=([0]="1")', 'declare -An MAP=([k]="v")', 'declare -n ref="B"'),
        *('declare -- COLUMNS="80"', 'declare -- LINES="24"', 'declare -- __meshpeek_ended=""'),
    )
    write(tmp_path, state(2, 'declare -- OLD="1"', 'declare -- PATH="/bin"', *new))
    receiver.take(2)
    assert (receiver.script or b"").endswith(b"{ builtin export A B; } 2>/dev/null\n")
    assert receiver.take_unexported() == "{ \\__meshpeek_export A B; } 2>/dev/null\n"
    assert receiver.take_unexported() == ""


def test_a_question_of_ours_leaves_the_state_alone(receiver: StateReceiver, tmp_path: Path) -> None:
    write(tmp_path, state(1, "declare -- X"))
    receiver.take(1)
    write(tmp_path, state(2, "declare -- Y"))
    receiver.take(2, is_kept=False)
    assert receiver.script == b"declare -- X\n"


@pytest.mark.parametrize("written", ["", state(1, "declare -- X"), state(2, "X=1")[:-3]])
def test_at_its_end_bash_may_have_written_nothing_of_use(
    receiver: StateReceiver, tmp_path: Path, written: str
) -> None:
    (tmp_path / "exit").write_text(written)
    receiver.take_last(2)
    assert receiver.script is None


def test_a_state_may_be_longer_than_what_a_fifo_holds(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm"}
    shell = Shell(tmp_path, environment)

    def run(command: str) -> bytes:
        items = shell.run(command, timeout=30)
        return b"".join(item.data for item in items if isinstance(item, OutputChunk))

    with closing(shell):
        run("f() { : '" + "x" * 300_000 + "'; echo f; }; X=($(printf '%0200000d' 7))")
        run("kill -9 $$")
        assert run("f; echo ${#X}; declare -f f | tr -cd x | wc -c") == b"f\n200000\n300000\n"
        assert (tmp_path / "exit").stat().st_mode & 0o777 == 0o600
