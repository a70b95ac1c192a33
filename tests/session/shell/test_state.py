"""What bash writes down after each command, and another session that goes on with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from meshpeek.session.shell import state
from meshpeek.session.shell.command_stream import OutputChunk
from meshpeek.session.shell.shell import Shell
from meshpeek.session.shell.shell_settings import ShellSettings
from meshpeek.session.shell.state import Restoration, SavedState

Open = Callable[..., Shell]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm", "LC_ALL": "C.UTF-8"}


@pytest.fixture
def open_shell(tmp_path: Path, folder: Path) -> Iterator[Open]:
    with ExitStack() as stack:

        def start(environment: Mapping[str, str], restoration: Restoration | None = None) -> Shell:
            session = tmp_path / f"session-{restoration is not None}"
            session.mkdir()
            shell = Shell(
                session,
                environment,
                ShellSettings(state_folder=folder, restoration=restoration),
            )
            return stack.enter_context(closing(shell))

        yield start


def run(shell: Shell, command: str) -> str:
    items = shell.run(command, timeout=30)
    return b"".join(item.data for item in items if isinstance(item, OutputChunk)).decode()


def newest(folder: Path, *, before: int | None = None) -> SavedState:
    found = state.newest(folder, before=before)
    assert found
    return found


def test_another_session_goes_on_where_one_stopped(
    open_shell: Open, folder: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    first = open_shell(environment)
    (tmp_path / "a folder").mkdir()
    run(first, "X='a b'; declare -a A=([2]=two [5]='fi ve'); declare -A M=([k]=v); export E=out")
    run(first, "f() { echo \"f $1\"; }; alias greet='echo hello'; set -o noclobber; unset HOME")
    run(first, f"cd '{tmp_path}/a folder'; shopt -s nullglob")
    first.close()
    second = open_shell(environment, Restoration(newest(folder), environment, (3, 3)))
    assert run(second, "echo $?") == "3\n"
    assert run(second, 'echo "$X" "${!A[@]}" "${A[5]}" "${M[k]}" ${HOME-unset}') == (
        "a b 2 5 fi ve v unset\n"
    )
    assert run(second, "bash -c 'echo $E'; f 1; greet; pwd; echo /nope/*") == (
        f"out\nf 1\nhello\n{tmp_path}/a folder\n\n"
    )
    assert "noclobber" in run(second, "echo $SHELLOPTS")


def test_what_the_session_left_alone_is_what_it_is_now(
    open_shell: Open, folder: Path, environment: dict[str, str]
) -> None:
    before = environment | {"AGENT": "it's old", "MINE": "given", "GONE": "1"}
    first = open_shell(before)
    run(first, "MINE=changed; LATER=mine")
    first.close()
    now = environment | {"AGENT": "new $HOME", "MINE": "given anew", "FRESH": "f", "LATER": "given"}
    second = open_shell(now, Restoration(newest(folder), before))
    shown = run(second, "bash -c 'echo $AGENT, $MINE, ${GONE-gone}, $FRESH, $LATER'")
    assert shown == "new $HOME, changed, gone, f, mine\n"


def test_the_processes_of_the_second_session_are_told_by_its_own_token(
    open_shell: Open, folder: Path, environment: dict[str, str]
) -> None:
    first = open_shell(environment)
    token = run(first, "echo $MESHPEEK_SESSION")
    first.close()
    second = open_shell(environment, Restoration(newest(folder), environment))
    assert run(second, "echo $MESHPEEK_SESSION") not in ("\n", token)


def test_the_state_from_before_a_command_can_be_had(
    open_shell: Open, folder: Path, environment: dict[str, str]
) -> None:
    first = open_shell(environment)
    run(first, "X=before")
    run(first, "X=after; exit")
    under_way = first.count
    second = open_shell(environment, Restoration(newest(folder, before=under_way), environment))
    assert run(second, "echo $X") == "before\n"


def test_a_shell_that_ends_costs_no_number_and_no_state(
    open_shell: Open, folder: Path, environment: dict[str, str]
) -> None:
    shell = open_shell(environment)
    run(shell, "X=kept; exit")
    number = shell.count
    run(shell, "X=lost; exit")
    assert shell.count == number + 1
    second = open_shell(environment, Restoration(newest(folder, before=shell.count), environment))
    assert run(second, "echo $X") == "kept\n"


def test_our_own_questions_leave_the_states_alone(
    open_shell: Open, folder: Path, environment: dict[str, str]
) -> None:
    shell = open_shell(environment)
    run(shell, "X=1")
    number = shell.count
    for _ in range(3):
        assert shell.ask("echo asked") == "asked\n"
    run(shell, "X=2")
    assert newest(folder, before=shell.count).number == number


def test_only_the_user_can_read_it(
    open_shell: Open, folder: Path, environment: dict[str, str]
) -> None:
    shell = open_shell(environment)
    run(shell, "umask 0")
    run(shell, "exit")
    run(shell, "true")
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert modes == dict.fromkeys(("0", "1"), 0o600)


@pytest.mark.parametrize("end", ["# complete 5", "\n# complete\n", "# complete 5\nmore\n", ""])
def test_a_state_that_was_cut_off_is_none(folder: Path, end: str) -> None:
    (folder / "0").write_text(f"declare -- X=1\n{end}")
    (folder / "1").write_text("declare -- X=0\n# complete 4\n")
    assert newest(folder) == SavedState(4, folder / "1")
    assert state.newest(folder, before=4) is None
