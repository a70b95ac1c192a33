"""What bash writes after each command, as the keeper takes it: whole, broken off, new variables."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from meshpeek.session.outcome import Output
from meshpeek.session.shell import Shell
from meshpeek.session.state_keeper import STATES, StateKeeper


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[StateKeeper]:
    with closing(StateKeeper(tmp_path, None)) as keeper:
        yield keeper


def write(folder: Path, text: str) -> None:
    fifo = os.open(folder / STATES, os.O_WRONLY)
    os.write(fifo, text.encode())
    os.close(fifo)


def state(number: int, *lines: str) -> str:
    return "\n".join((f"# state t.{number}", *lines, f"# complete t.{number}", ""))


def test_a_state_that_was_broken_off_does_not_replace_one_that_is_whole(
    keeper: StateKeeper, tmp_path: Path
) -> None:
    write(tmp_path, state(1, 'declare -- X="1"'))
    keeper.take("t.1")
    write(tmp_path, '# state t.2\ndeclare -- X="2"\n# comp')
    keeper.take("t.2")
    assert keeper.script == b'declare -- X="1"\n'


def test_a_state_may_follow_one_that_was_broken_off(keeper: StateKeeper, tmp_path: Path) -> None:
    write(tmp_path, '# state t.1\ndeclare -- X="1' + state(1, 'declare -- X="2"'))
    keeper.take("t.1")
    assert keeper.script == b'declare -- X="2"\n'


def test_what_is_new_is_exported_once_and_what_cannot_be_never(
    keeper: StateKeeper, tmp_path: Path
) -> None:
    write(tmp_path, state(1, 'declare -- OLD="1"', 'declare -x PATH="/bin"'))
    keeper.take("t.1")
    assert keeper.take_unexported() == ""
    new = (
        *('declare -- B="2"', 'declare -ir A="1"', 'declare -x X="exported"', "declare -- unset"),
        *('declare -a LIST=([0]="1")', 'declare -An MAP=([k]="v")', 'declare -n ref="B"'),
        *('declare -- COLUMNS="80"', 'declare -- LINES="24"', 'declare -- __meshpeek_ended=""'),
    )
    write(tmp_path, state(2, 'declare -- OLD="1"', 'declare -- PATH="/bin"', *new))
    keeper.take("t.2")
    line = "{ builtin export A B; } 2>/dev/null\n"
    assert (keeper.script or b"").endswith(line.encode())
    assert keeper.take_unexported() == line
    assert keeper.take_unexported() == ""


def test_a_question_of_ours_leaves_the_state_alone(keeper: StateKeeper, tmp_path: Path) -> None:
    write(tmp_path, state(1, "declare -- X"))
    keeper.take("t.1")
    write(tmp_path, state(2, "declare -- Y"))
    keeper.take("t.2", is_kept=False)
    assert keeper.script == b"declare -- X\n"


@pytest.mark.parametrize("written", ["", state(1, "declare -- X"), state(2, "X=1")[:-3]])
def test_at_its_end_bash_may_have_written_nothing_of_use(
    keeper: StateKeeper, tmp_path: Path, written: str
) -> None:
    (tmp_path / "exit").write_text(written)
    keeper.take_last("t.2")
    assert keeper.script is None


def test_a_state_may_be_longer_than_what_a_fifo_holds(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm"}
    shell = Shell(tmp_path, environment)

    def run(command: str) -> bytes:
        items = shell.run(command, timeout=30)
        return b"".join(item.data for item in items if isinstance(item, Output))

    with closing(shell):
        run("f() { : '" + "x" * 300_000 + "'; echo f; }; X=($(printf '%0200000d' 7))")
        run("kill -9 $$")
        assert run("f; echo ${#X}; declare -f f | tr -cd x | wc -c") == b"f\n200000\n300000\n"
        assert (tmp_path / "exit").stat().st_mode & 0o777 == 0o600
