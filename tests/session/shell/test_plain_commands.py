"""Which commands leave bash as it is, so that it need not write its state down after them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshpeek.session.shell.command_stream import CommandExit, Ending, OutputChunk
from meshpeek.session.shell.plain_commands import programs_of
from meshpeek.session.shell.shell import Shell, ShellSettings

PLAIN = {
    "echo hi": {"echo"},
    "kubectl --context east get pods -n faces": {"kubectl"},
    "kubectl get pods -o jsonpath='{.items[*].metadata.name}'": {"kubectl"},
    "curl -sS \"http://$HOST:${PORT}/x?y=1\" | grep -c 'a b' >/dev/null 2>&1": {"curl", "grep"},
    "mkdir -p a/b && touch a/b/c || false; ls \\\n  -l a": {"mkdir", "touch", "false", "ls"},
    "cat <in.txt >>out.txt\n./run.sh name=value ~/x": {"cat", "./run.sh"},
    'echo "a \\"b\\" \\$c"; true;\n': {"echo", "true"},
}
NOT_PLAIN = """
X=1|X=1 env|export X|read X|printf -v X 1|cd /|set -e|shopt -s nullglob|alias l=ls|unalias l
trap : EXIT|f() { :; }|function f { :; }|eval x|source x|. x|exec x|exit|return|unset X|let X=1
((X = 1))|[[ a =~ a ]]|for x in a; do :; done|echo ${X:=1}|echo $((X = 1))|echo $(cd /)|echo `x`
{ echo; }|(echo)|! true|time ls|coproc cat|sleep 1 &|echo $?|echo $_|echo $!|echo ${PIPESTATUS[0]}
echo $LINENO|cat <<E|cat < <(ls)|echo {fd}>x|$X|"echo" hi|\\cd /|e"val" x|wait|jobs|fg|kill %1
pushd /|mapfile X|getopts a b|enable -n echo|hash -r|umask 22|ulimit -n 9|history|echo hi # remark
test -v a[X=1]|echo ${X[Y=1]}|echo 'open|echo "open|echo \\|ls &&|a;;b|;|>x|ls & ls
""".replace("\n", "|").split("|")
ALSO_NOT_PLAIN = [
    "a |& b",
    "ls |",
    "ls ||",
    "ls ||\n",
    "a || | b",
    "",
    " ",
    "\n",
    "ls\0",
    "cat <<E\nE",
]


@pytest.mark.parametrize("command", PLAIN)
def test_what_runs_programs_alone_is_plain(command: str) -> None:
    assert programs_of(command) == PLAIN[command]


@pytest.mark.parametrize("command", [*NOT_PLAIN[1:-1], *ALSO_NOT_PLAIN])
def test_what_may_change_bash_is_not_plain(command: str) -> None:
    assert programs_of(command) is None


@given(st.lists(st.sampled_from([*"a1|&;<>'\"\\$.= \n", "2>&1", "&&", "||", "ab "]), max_size=12))
def test_what_is_plain_is_whole(parts: list[str]) -> None:
    text = "".join(parts)
    if programs_of(text) is not None:
        command = ["bash", "-n", "-c", f"{{ :\n{text}\n}} <x"]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0, text


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm"}
    (tmp_path / "session").mkdir()
    with closing(Shell(tmp_path / "session", environment, ShellSettings(folder=tmp_path))) as shell:
        yield shell


def run(shell: Shell, command: str) -> tuple[str, tuple[int, ...]]:
    output = b""
    for item in shell.run(command, timeout=20):
        if isinstance(item, OutputChunk):
            output += item.data
        elif isinstance(item, CommandExit):
            assert item.ending in (Ending.COMPLETED, Ending.SHELL_ENDED)
            return output.decode(), item.pipestatus
    raise AssertionError("a command without an end")


@pytest.mark.parametrize(
    ("before", "command"),
    [
        ("date() { day=monday; }", "date"),
        ("alias date='day=monday; :'", "date"),
        ("trap 'day=monday' ERR", "false"),
        ("trap 'day=monday' DEBUG", "true"),
        ("trap 'day=monday' CHLD", "env true"),
    ],
)
def test_a_change_by_what_a_step_has_defined_outlives_bash(
    shell: Shell, before: str, command: str
) -> None:
    run(shell, before)
    run(shell, command)
    run(shell, "trap - DEBUG ERR CHLD; kill -9 $$")
    assert run(shell, "echo $day")[0] == "monday\n"


def test_a_folder_that_is_a_command_is_not_forgotten(shell: Shell) -> None:
    run(shell, "mkdir sub; shopt -s autocd")
    run(shell, "./sub")
    run(shell, "kill -9 $$")
    assert run(shell, "echo ${PWD##*/}")[0] == "sub\n"


def test_plain_commands_have_the_statuses_and_output_of_others(shell: Shell) -> None:
    assert run(shell, "true a | false | cat") == ("", (0, 1, 0))
    run(shell, "IFS=0123456789")
    assert run(shell, "true | false") == ("", (0, 1))
    assert run(shell, 'echo "${PIPESTATUS[@]}"')[0] == "0 1\n"
    assert run(shell, "nosuch") == ("bash: nosuch: command not found\n", (127,))
    run(shell, "unset IFS; X='a  b'; set -- one")
    assert run(shell, "echo $X \"$X\" '$X'") == ("a b a  b $X\n", (0,))
    assert run(shell, "bash -c 'kill -9 0'") == ("Killed\n", (137,))
    run(shell, "set -e")
    assert run(shell, "false") == ("", (1,))
    assert run(shell, "set +e; echo $X")[0] == "a b\n"


def test_an_interrupted_plain_command_ends(shell: Shell) -> None:
    for item in shell.run("sleep 20 | sleep 20; echo no", timeout=0.2):
        if isinstance(item, CommandExit):
            assert item.ending is Ending.TIMED_OUT
    assert run(shell, "echo yes") == ("yes\n", (0,))
