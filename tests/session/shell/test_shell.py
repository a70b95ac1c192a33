"""The session against real bash: each case is what a workshop may do to it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from meshpeek.session.shell.command_stream import BackgroundOutput, CommandExit, Ending, OutputChunk
from meshpeek.session.shell.shell import Shell
from meshpeek.session.shell.shell_settings import ShellSettings


@dataclass
class Ran:
    text: str
    status: int
    pipestatus: tuple[int, ...]
    ending: Ending
    leftover: str


Run = Callable[..., Ran]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm", "LC_ALL": "C.UTF-8"}


@pytest.fixture
def shell(tmp_path: Path, environment: dict[str, str]) -> Iterator[Shell]:
    folder = tmp_path / "session"
    folder.mkdir()
    shell = Shell(folder, environment)
    yield shell
    shell.close()


@pytest.fixture
def run(shell: Shell) -> Run:
    def run_command(command: str, timeout: float | None = 30) -> Ran:
        output = leftover = b""
        for item in shell.run(command, timeout=timeout):
            match item:
                case OutputChunk(data):
                    output += data
                case BackgroundOutput(data):
                    leftover += data
                case CommandExit() as outcome:
                    pass
        return Ran(
            output.decode(errors="surrogateescape"),
            outcome.status,
            outcome.pipestatus,
            outcome.ending,
            leftover.decode(),
        )

    return run_command


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("echo hi", "hi\n"),
        ("printf 'no final newline'", "no final newline"),
        ("true", ""),
        ("", ""),
        ("cat <<E\na $((1 + 1))\nE", "a 2\n"),
        ("if true; then\n  echo yes # a comment\nfi", "yes\n"),
        ("echo 'it''s \\n \"quoted\"'", 'its \\n "quoted"\n'),
        ("echo grüße 🙂", "grüße 🙂\n"),
        ("printf 'a\\r\\nb\\tc'", "a\r\nb\tc"),
        ("printf '\\033[1mbold\\033[0m'", "\x1b[1mbold\x1b[0m"),
        ("printf '\\036\\036not a marker\\036'", "\x1e\x1enot a marker\x1e"),
        ("printf '\\377\\n'", "\udcff\n"),
        ("nope", "bash: nope: command not found\n"),
        ("echo '!!' !1", "!! !1\n"),
        ("cat", ""),
    ],
)
def test_output_is_exactly_what_the_command_wrote(run: Run, command: str, output: str) -> None:
    assert run(command).text == output


def test_output_of_any_size_arrives_whole(run: Run) -> None:
    ran = run("head -c 3000000 /dev/zero | tr '\\0' x; echo end")
    assert len(ran.text) == 3_000_004
    assert ran.text.endswith("xend\n")


@pytest.mark.parametrize(
    ("command", "status", "pipestatus"),
    [
        ("true", 0, (0,)),
        ("(exit 3)", 3, (3,)),
        ("nope", 127, (127,)),
        ("false | true", 0, (1, 0)),
        ("true | (exit 4) | true", 0, (0, 4, 0)),
        ("yes | head -n 1", 0, (141, 0)),
        ("! true", 1, (0,)),
        ("kill -TERM $BASHPID &\nwait $!", 143, (143,)),
        ("echo $unset_variable | cat; false", 1, (1,)),
    ],
)
def test_statuses(run: Run, command: str, status: int, pipestatus: tuple[int, ...]) -> None:
    ran = run(command)
    assert (ran.status, ran.pipestatus, ran.ending) == (status, pipestatus, Ending.COMPLETED)


@pytest.mark.parametrize(
    ("first", "then", "output"),
    [
        ("X=5", "echo $X", "5\n"),
        ("A=1 B=2", "echo $A$B", "12\n"),
        ("declare -a A=(1 '2 3')", 'echo "${A[1]}"', "2 3\n"),
        ("declare -A M=([k]=v)", "echo ${M[k]}", "v\n"),
        ("X=a\nX+=b", "echo $X", "ab\n"),
        ("export X=5", "bash -c 'echo $X'", "5\n"),
        ("X=5", "bash -c 'echo $X'", "5\n"),
        ("if true; then X=5; fi; readonly R=6; IFS=,", "bash -c 'echo $X$R'", "56\n"),
        ("set -efu; X=5 Y='a b'", "bash -c 'echo $X$Y'", "5a b\n"),
        ("name=5", "bash -c 'echo $name'", "5\n"),
        ("A=(1); f() { local inner=1; }; f; /bin/true", "env | grep -cE '^(A|inner|CO|LI)'", "0\n"),
        ("f() { :; }; IFS=:; export -n TERM", "env | grep -cE 'f%%|IFS|TERM|__mesh'", "0\n"),
        ("HOME=/nowhere; unset HOME", "echo ${HOME-unset}", "unset\n"),
        ("f() { echo f $1; }", "f x", "f x\n"),
        ("alias greet='echo hello'", "greet you", "hello you\n"),
        ("cd /usr", "pwd; cd - >/dev/null; cd -", "/usr\n/usr\n"),
        ("false", "echo $?", "1\n"),
        ("false | true", 'echo "${PIPESTATUS[@]} $?"', "1 0 0\n"),
        ("true | (exit 3)", 'echo "${PIPESTATUS[@]} $?"', "0 3 3\n"),
        ("set -e; ! true | true", 'echo "$? ${PIPESTATUS[0]}"', "1 1\n"),
        ("set -ex; true | (exit 4) && :", 'echo "${PIPESTATUS[@]}"', "++ echo 0 4\n0 4\n"),
        ("sleep 60 &", "kill $! && wait $! 2>/dev/null; echo $?", "143\n"),
        ("set -o noclobber", "set -o | grep noclobber", "noclobber      \ton\n"),
        ("shopt -s nullglob", "echo /nope/*", "\n"),
        ("trap 'echo trapped' USR1", "kill -USR1 $$", "trapped\n"),
        ("umask 027", "umask", "0027\n"),
        ("IFS=,", 'x=a,b; for i in $x; do echo "$i"; done', "a\nb\n"),
        ("PS1='prompt> '", 'echo "$PS1"', "prompt> \n"),
        ("PROMPT_COMMAND='echo noise'", 'echo "$PROMPT_COMMAND"', "echo noise\n"),
        ("exec 5>&1", "echo to five >&5", "to five\n"),
        ("printf() { echo mine; }", "printf x; unset -f printf", "mine\n"),
        ("eval() { echo mine; }", "eval x; unset -f eval", "mine\n"),
        ("set -u", "echo $nope; echo not reached", "bash: nope: unbound variable\n"),
        ("set -x", "echo traced", "++ echo traced\ntraced\n"),
        ("set -f; set -o posix", "echo *", "*\n"),
    ],
)
def test_state_persists(run: Run, first: str, then: str, output: str) -> None:
    assert run(first).ending is Ending.COMPLETED
    assert run(then).text == output
    assert run("echo still here").text.endswith("still here\n")


@pytest.mark.parametrize(
    "command",
    [
        "kill -INT $$; echo not reached",
        "for i in 1 2; do bash -c 'kill -INT $$'; done; echo not reached",
    ],
)
def test_an_interrupted_command_ends_alone(run: Run, command: str) -> None:
    ran = run(command)
    assert (ran.status, ran.text.strip()) == (130, "")
    assert run("echo $?").text == "130\n"


def test_several_interrupts_at_once_lose_nothing(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    # bash counts the interrupts that it has got, and each one costs it a line of what to do next.
    folder = tmp_path / "session"
    folder.mkdir()
    shell = Shell(folder, environment)
    try:
        for _ in range(8):
            running = shell.run("echo begun; sleep 60", timeout=30)
            while not isinstance(next(running), OutputChunk):
                pass
            running.close()
        assert OutputChunk(b"on\n") in list(shell.run("echo on"))
    finally:
        shell.close()


def test_a_syntax_error_ends_alone(run: Run) -> None:
    assert run('echo "open').status == 2
    assert run("echo after").text == "after\n"


def test_stdout_sent_away_comes_back_when_the_workshop_says_so(run: Run, tmp_path: Path) -> None:
    run(f"exec >{tmp_path}/log")
    assert run("echo hidden").text == ""
    run("exec >/dev/tty")
    assert run("echo shown").text == "shown\n"
    assert (tmp_path / "log").read_text() == "hidden\n"


def test_closed_descriptors_do_not_lose_the_session(run: Run) -> None:
    run("exec >&- 2>&-")
    assert run("true").status == 0
    run("exec >/dev/tty 2>&1")
    assert run("echo back").text == "back\n"


def test_raw_mode_does_not_outlive_the_command_that_set_it(shell: Shell, run: Run) -> None:
    before = run("stty -g").text
    run("bash -c 'stty raw -echo; kill -9 $$'")
    run("stty raw -echo")
    assert run("stty -g").text == before


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        ("exit 7", 7),
        ("set -e; false", 1),
        ("exec bash -c 'exit 9'", 9),
        ("kill -9 $$", 137),
    ],
)
def test_a_shell_that_ends_is_followed_by_one_in_its_state(
    run: Run, tmp_path: Path, ending: str, status: int
) -> None:
    (tmp_path / "a folder").mkdir()
    run(f"cd '{tmp_path}/a folder'")
    run("cd /; cd -")
    run("X='a b'; declare -a A=(1 2); export E=exported; unset HOME; readonly R=fixed")
    run("alias local='echo not ours'; PS1='prompt> '")
    run("f() { echo \"f $1\"; }; alias greet='echo hello'; set -o noclobber; shopt -s nullglob")
    run("trap 'echo usr1' USR1; umask 027")
    ran = run(ending)
    assert (ran.status, ran.ending) == (status, Ending.SHELL_ENDED)
    assert run("echo $?").text == f"{status}\n"
    assert run("set +e; echo \"$X ${A[1]} $R $(bash -c 'echo $E') ${HOME-unset}\"").text == (
        "a b 2 fixed exported unset\n"
    )
    assert run("f 1; greet; echo /nope/*; umask; kill -USR1 $$").text == (
        "f 1\nhello\n\n0027\nusr1\n"
    )
    assert run("pwd; cd - ").text == f"{tmp_path}/a folder\n/\n"
    assert "noclobber" in run("echo $SHELLOPTS").text
    assert run('echo "$PS1"; local 1').text == "prompt> \nnot ours 1\n"


@pytest.mark.parametrize("mode", ["vi", "emacs"])
def test_a_step_may_choose_how_lines_are_edited(run: Run, mode: str) -> None:
    ran = run(f"set -o {mode}; echo $?; X=5; (exit 3)")  # bash 5.2 crashes at this inside an eval
    assert (ran.text, ran.status, ran.ending) == ("0\n", 3, Ending.COMPLETED)
    ran = run("echo on $X; exit 4")
    assert (ran.leftover, ran.text, ran.ending) == ("", "on 5\nexit\n", Ending.SHELL_ENDED)
    ran = run("echo on $X")
    assert (ran.leftover, ran.text) == ("", "on 5\n")


def test_what_the_last_command_set_survives_its_exit(run: Run) -> None:
    run("X=new; exit 3")
    assert run("echo $X; bash -c 'echo $X'").text == "new\nnew\n"


@pytest.mark.parametrize("command", ["sleep 60", "trap '' INT; sleep 60", "while :; do :; done"])
def test_a_timeout_ends_the_foreground_job(run: Run, command: str) -> None:
    ran = run(command, timeout=0.1)
    assert ran.ending is Ending.TIMED_OUT
    assert ran.status > 128
    assert run("echo on").text == "on\n"


def test_closing_a_command_early_ends_it(shell: Shell, run: Run) -> None:
    running = shell.run("echo begun; sleep 60")
    while not isinstance(next(running), OutputChunk):
        pass
    running.close()
    assert run("echo on").text == "on\n"


def test_a_background_job_writes_between_commands(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "go")
    os.mkfifo(tmp_path / "done")
    run(f"(cat {tmp_path}/go; echo late; echo written >{tmp_path}/done) &")
    (tmp_path / "go").write_text("")
    assert (tmp_path / "done").read_text() == "written\n"
    assert "late" in run("echo now").leftover


def test_jobs_are_listed_and_nothing_outlives_the_session(
    shell: Shell, run: Run, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "started")
    sleep = f"sh -c 'echo $$ >{tmp_path}/started; exec sleep 61'"
    pids = [run("echo $$").text.strip()]
    for job in (
        f"{sleep} &",
        f"nohup setsid {sleep} >/dev/null 2>&1 &",
        f"(trap '' TERM HUP; exec {sleep}) & disown",
    ):
        run(job)
        pids.append((tmp_path / "started").read_text().strip())
    assert "sleep 61" in shell.background_jobs()
    shell.close()
    alive = subprocess.run(["ps", "-o", "stat=,args=", "-p", ",".join(pids)], capture_output=True)
    assert [line for line in alive.stdout.splitlines() if not line.startswith(b"Z")] == []


@pytest.mark.parametrize("before", ["true", "alias builtin=false exit=false jobs=false"])
def test_an_exit_trap_runs_when_the_session_is_closed(shell: Shell, run: Run, before: str) -> None:
    run(before)
    run("trap 'echo bye' EXIT")
    assert shell.close() == b"bye\n"


def test_arguments_are_positional_parameters(tmp_path: Path, environment: dict[str, str]) -> None:
    shell = Shell(tmp_path, environment, ShellSettings(arguments=("one", "two words")))
    try:
        items = list(shell.run('printf "%s|" "$@"'))
    finally:
        shell.close()
    assert OutputChunk(b"one|two words|") in items


def test_the_terminal_has_the_size_it_was_given(shell: Shell, run: Run) -> None:
    shell.resize(30, 100)
    assert run("stty size </dev/tty").text == "30 100\n"


def test_marker_words_in_the_output_of_set_end_nothing(run: Run) -> None:
    ran = run("set; declare -f; echo end")
    assert ran.text.endswith("end\n")
    assert ran.ending is Ending.COMPLETED


def test_a_program_gets_a_working_terminal(run: Run) -> None:
    assert run("test -t 1 && test -t 2 && tty </dev/tty >/dev/null && echo tty").text == "tty\n"
