"""What a step may do to its own bash: the steps after it run, with bash's own statuses and output.

If a step makes bash useless, it fails, whatever its own status, and the next bash is as it was.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from meshpeek.session.shell.command_stream import CommandExit, Ending, OutputChunk
from meshpeek.session.shell.shell import Shell
from meshpeek.session.shell.shell_settings import ShellSettings


def words(text: str) -> list[str]:
    return text.split()


BUILTINS = words(
    """alias : [ builtin cd command compgen declare enable eval exec exit export local printf return
    set shopt source test trap true umask unset"""
)
SET_OPTIONS = words(
    """allexport braceexpand emacs errtrace functrace hashall histexpand history ignoreeof
    interactive-comments keyword monitor noclobber noglob nolog notify nounset onecmd physical
    pipefail posix privileged vi"""
)
SHOPT_OPTIONS = words(
    """autocd cdable_vars checkhash checkjobs compat31 compat44 dotglob execfail expand_aliases
    extdebug extglob extquote failglob globstar huponexit inherit_errexit interactive_comments
    lastpipe localvar_inherit localvar_unset lithist nocasematch nullglob promptvars shift_verbose
    sourcepath xpg_echo"""
)
VARIABLES = words(
    """BASH_ENV ENV FUNCNEST HOME IFS LC_ALL OLDPWD PATH PROMPT_COMMAND PS0 PS1 PS2 PS4 PWD TERM
    TMPDIR"""
)


class Ran(NamedTuple):
    output: str
    status: int
    pipestatus: tuple[int, ...]
    ending: Ending


class Session:
    """A session's shell, its steps run to their ends."""

    def __init__(self, folder: Path) -> None:
        (folder / "session").mkdir()
        (folder / "home").mkdir()
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "TERM": "xterm",
            "LC_ALL": "C.UTF-8",
            "INPUT_PYTHON-VERSION": "3",
            "A-B[x]": "1",
        }
        self.shell = Shell(folder / "session", self.environment, ShellSettings(folder=folder))

    def run(self, step: str) -> Ran:
        output = b""
        for item in self.shell.run(step, timeout=20):
            if isinstance(item, OutputChunk):
                output += item.data
            elif isinstance(item, CommandExit):
                return Ran(output.decode(), item.status, item.pipestatus, item.ending)
        raise AssertionError("a command without an end")


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    session = Session(tmp_path)
    yield session
    session.shell.close()


def expect_sound(session: Session) -> None:
    """Expect the next steps to run, and a bash that takes over the state to run them as well."""
    # Keywords and what no option touches: the steps before may have changed the rest.
    ran = session.run("[[ x == y ]]")
    assert (ran.status, ran.ending) == (1, Ending.COMPLETED)
    ran = session.run("number=5; [[ a ]] | [[ ! b ]]")
    assert (ran.pipestatus, ran.ending) == ((0, 1), Ending.COMPLETED)
    ran = session.run("((number == 5 ? 1 : 0))")
    assert (ran.status, ran.ending) == (0, Ending.COMPLETED)
    ran = session.run("/bin/false | /bin/true")
    assert (ran.pipestatus, ran.ending) == ((1, 0), Ending.COMPLETED)
    assert session.run(r'\kill -9 "$$"').ending is Ending.SHELL_ENDED
    ran = session.run("[[ $number == 6 ]]")
    assert (ran.status, ran.ending) == (1, Ending.COMPLETED)


HARMLESS = [
    *(f"set -o {option}" for option in SET_OPTIONS),
    *(f"set +o {option}" for option in SET_OPTIONS),
    *(f"shopt -s {option}" for option in SHOPT_OPTIONS),
    *(f"shopt -u {option}" for option in SHOPT_OPTIONS),
    *(f"alias {name}=nope" for name in BUILTINS),
    *(f"{name}() {{ false; }}" for name in BUILTINS if name not in ("[", ":")),
    *(f"enable -n {name}" for name in BUILTINS if name != "command"),
    *(f"unset {name}" for name in VARIABLES),
    *(f"{name}=" for name in VARIABLES),
    *(f"readonly {name}" for name in VARIABLES if name not in ("PATH",)),
    *(f"declare -i {name}" for name in ("PS1", "IFS", "OLDPWD")),
    *(f"trap : {name}" for name in ("DEBUG", "ERR", "RETURN", "EXIT", "INT", "TERM", "CHLD")),
    *(f"trap '' {name}" for name in ("DEBUG", "ERR", "RETURN", "EXIT", "INT", "TERM", "HUP")),
    *(f"trap false {name}" for name in ("DEBUG", "ERR", "RETURN")),
    *(f"ulimit -S{limit}" for limit in ("c 0", "f 4", "n 20", "n 8", "s 512")),
    'for name in $(compgen -b); do alias "$name=nope"; done',
    "alias if=nope then=nope while=nope function=nope",
    "exec >/dev/null",
    "exec >&- 2>&-",
    "exec <&-",
    "exec </dev/null",
    "exec 3>&1 4>&2 5</dev/null",
    "umask 777",
    "mkdir gone && cd gone && rmdir ../gone",
    "cd /",
    "stty raw -echo </dev/tty",
    "stty rows 1 cols 1 </dev/tty",
    "declare -r IFS=x OPTIND=3",
    "IFS=0123456789",
    "FUNCNEST=1",
    "readonly FUNCNEST=1",
    "POSIXLY_CORRECT=yes",
    "LC_ALL=tr_TR.UTF-8",
    "LC_ALL=C",
    "PROMPT_COMMAND=(false 'exit() { :; }')",
    "PS1='$(echo prompt)' PS0='ps0' PS2='ps2' PS4='ps4'",
    "BASH_ENV=/nonexistent ENV=/nonexistent",
    "coproc cat",
    "sleep 60 & disown",
    "sleep 60 &",
    "(sleep 60 &)",
    "set -- a b c; shift 2",
    "return 5",
    "break; continue",
    "hash -r; hash -d nope",
    "printf '\\036%s\\036' nothing",
    "printf '\\036%s:0 0 \\036' \"$MESHPEEK_SESSION.2\"",
    "f() { f; }; FUNCNEST=20; f",
    "unset -v BASH_VERSINFO BASHOPTS SHELLOPTS; true",
    "unset RANDOM SECONDS LINENO",
    "big=$(head -c 300000 /dev/zero | tr '\\0' x)",
    "head -c 300000 /dev/zero | tr '\\0' '\\036'",
    "complete -D -F nope; command_not_found_handle() { return 3; }",
    "shopt -s extdebug; trap : DEBUG",
    "set -ET; trap false ERR; trap false RETURN",
    "exec 9>&1; exec 9>&-",
    "kill -STOP $BASHPID & kill -CONT $!",
    "kill -INT $$",
    "kill -TERM $$; kill -QUIT $$",
    "fg; bg; wait",
    "echo 'unfinished",
    "cat <<E",
    "if true; then",
    "((",
    ")",
    "}",
    "\\",
    "#",
    "",
]


@pytest.mark.parametrize("step", HARMLESS)
def test_steps_run_after_a_step_that_changes_their_bash(session: Session, step: str) -> None:
    assert session.run(step).ending is Ending.COMPLETED
    expect_sound(session)


@pytest.mark.parametrize(
    ("step", "status"),
    [
        ("exit 7", 7),
        ("exec true", 0),
        ("exec bash -c 'exit 9'", 9),
        ("kill -9 $$", 137),
        ("kill -HUP $$; sleep 20", 129),
        ("set -e; false", 1),
        ("trap 'exit 4' USR1; kill -USR1 $$; sleep 20", 4),
        ("trap 'exit 6' EXIT; exit 5", 6),
        ("trap 'exit 3' ERR; false", 3),
        ("set -u; : ${nope:?}; exit 8", None),
    ],
)
def test_steps_run_after_a_step_that_ends_their_bash(
    session: Session, step: str, status: int | None
) -> None:
    session.run("number=5")
    ran = session.run(step)
    if status is not None:
        assert (ran.status, ran.ending) == (status, Ending.SHELL_ENDED)
    ran = session.run("[[ $number == 5 ]]; set +e; trap - ERR")
    assert (ran.status, ran.ending) == (0, Ending.COMPLETED)
    assert session.run("[[ a ]] | [[ ! b ]]").pipestatus == (0, 1)
    assert session.run("echo $number").output == "5\n"


@pytest.mark.parametrize(
    "step",
    [
        "set -r",
        "ulimit -n 3",
        "shopt -s extdebug; trap false DEBUG",
        "shopt -s extdebug; trap 'return 1' DEBUG",
        "enable -n $(compgen -b)",
        "unset -f $(compgen -A function)",
        "__meshpeek_end() { :; }",
    ],
)
def test_a_step_that_makes_bash_useless_fails_and_bash_is_replaced(
    session: Session, step: str
) -> None:
    session.run("number=5")
    ran = session.run(step)
    assert (ran.status, ran.ending) == (1, Ending.SHELL_BROKEN)
    assert session.run("echo $number").output == "5\n"
    expect_sound(session)


@pytest.mark.parametrize(
    ("steps", "seen"),
    [
        (["trap 'N=$((N+1))' DEBUG", "N=0"], 1),
        (["N=0; trap -- 'N=$((N+1)) # $(date)' DEBUG"], 1),
        (["trap 'let N++' ERR DEBUG", "set -T; N=0; N=0"], 2),
        (["trap 'N=$((N+1))' DEBUG; exit 2", "N=0"], 1),
        (["N=0; trap 'let N++' DEBUG; true", "trap - DEBUG", "echo"], 2),
        (["trap 'let N++' DEBUG", "N=0", "/bin/true"], 2),
    ],
)
def test_a_debug_trap_does_not_see_commands_of_ours(
    session: Session, steps: list[str], seen: int
) -> None:
    for step in steps:
        session.run(step)
    assert session.run("echo $N").output == f"{seen}\n"


def test_a_debug_trap_sees_the_status_before_it(session: Session) -> None:
    session.run("trap 'S=$S$?' DEBUG; S=; (exit 3)")
    assert session.run("echo $S").output == "3\n"


@pytest.mark.parametrize(
    ("signal", "command"), [("ERR", "/bin/false"), ("RETURN", "f"), ("DEBUG", "true")]
)
def test_traps_outlive_bash(session: Session, signal: str, command: str) -> None:
    session.run(f"f() {{ :; }}; declare -ft f; trap 'T=seen' {signal}")
    session.run("kill -9 $$")
    session.run(command)
    assert session.run("echo $T").output == "seen\n"


def test_a_trap_that_ends_bash_goes_on_doing_so(session: Session) -> None:
    for step in ("set -T; trap 'exit 3' DEBUG; true", "true", "X=1"):
        ran = session.run(step)
        assert (ran.status, ran.ending) == (3, Ending.SHELL_ENDED)


def test_a_step_that_is_not_run_does_not_pass(session: Session) -> None:
    session.run("__meshpeek_begin() { :; }")
    assert session.run("X=1").ending is Ending.SHELL_BROKEN


@pytest.mark.parametrize("step", ["enable -n printf", "enable -n printf; exit 3"])
def test_a_builtin_that_is_switched_off_stays_off(session: Session, step: str) -> None:
    session.run(step)
    assert session.run("type -t printf").output == "file\n"
    session.run("enable printf")
    assert session.run("type -t printf").output == "builtin\n"


def test_tracing_goes_on_after_bash_has_ended(session: Session) -> None:
    assert session.run("set -x; exit 4").output == "++ exit 4\nexit\n"
    assert session.run("echo hi").output == "++ echo hi\nhi\n"


def test_variables_that_bash_cannot_name_outlive_it(session: Session) -> None:
    counted = "env | grep -cE '^(A-B\\[x]|INPUT_PYTHON-VERSION)='"
    assert session.run(counted).output == "2\n"
    session.run("exit 3")
    assert session.run(counted).output == "2\n"


def test_a_long_state_does_not_wait_for_pauses(session: Session) -> None:
    started = time.monotonic()
    ran = session.run("big=$(head -c 8000000 /dev/zero | tr '\\0' x); (exit 3)")
    assert (ran.status, ran.ending) == (3, Ending.COMPLETED)
    assert time.monotonic() - started < 8  # 64 KiB for each tenth of a second took 12
