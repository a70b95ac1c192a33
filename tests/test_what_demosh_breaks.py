"""What demosh breaks works here: every item of the table in the description of the dialect.

The cases of an area are sections of one workshop, which the program runs once; each case says
what every one of its steps prints. A status other than 0 is asked for in the workshop itself,
with `## meshpeek: exit`. What is about keys and terminals has a file of its own beside this one.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple

import pytest

from tests.conftest import PROGRAM, RunProgram

Events = list[dict[str, Any]]

_JOB_STARTED = re.compile(r"^\[1\] \d+$", re.MULTILINE)


class Case(NamedTuple):
    """A block of bash, and what each of the steps that it comes to prints."""

    name: str
    block: str
    outputs: Sequence[str]

    @property
    def section(self) -> str:
        return f"## {self.name}\n\n```bash\n{dedent(self.block)}```\n"


SHELL = [
    Case(
        "double brackets",
        """\
        [[ abc == a* && 1 -lt 2 ]] && echo yes
        """,
        ["yes\n"],
    ),
    Case(
        "process substitution",
        """\
        diff <(echo a) <(echo a) && echo same
        """,
        ["same\n"],
    ),
    Case(
        "arrays",
        """\
        clusters=(north 'far east')
        echo "${#clusters[@]} ${clusters[1]}"
        """,
        ["", "2 far east\n"],
    ),
    Case(
        "a heredoc",
        """\
        cat <<EOF
        kind: Service

        port: $((80 + 8000))
        EOF
        """,
        ["kind: Service\n\nport: 8080\n"],
    ),
    Case(
        "a heredoc into a pipe, with a quoted end",
        """\
        cat <<'EOF' | tr a-z A-Z
        it's ${here} {
        EOF
        """,
        ["IT'S ${HERE} {\n"],
    ),
    Case(
        "quotes over lines",
        """\
        echo 'one
        two' "three
        four"
        """,
        ["one\ntwo three\nfour\n"],
    ),
    Case(
        "for without backslashes",
        """\
        for number in 1 2
        do
          # a remark
          echo "$number"
        done
        """,
        ["1\n2\n"],
    ),
    Case(
        "for as demosh wants it",
        """\
        for number in 1 2; do \\
          echo "$number" ;\\
        done
        """,
        ["1\n2\n"],
    ),
    Case(
        "if without backslashes",
        """\
        if false; then
          echo no
        elif true
        then
          echo yes
        else
          echo neither
        fi
        """,
        ["yes\n"],
    ),
    Case(
        "if as demosh wants it",
        """\
        if true ;\\
        then \\
          echo yes ;\\
        fi
        """,
        ["yes\n"],
    ),
    Case(
        "quoted JSON whose line ends in a brace",
        """\
        echo '{
          "a": {
            "b": 1 }}' | tr -d '\\n '; echo
        echo after
        """,
        ['{"a":{"b":1}}\n', "after\n"],
    ),
    Case(
        "an opening brace at the end of a plain line",
        """\
        echo {
        echo after
        """,
        ["{\n", "after\n"],
    ),
    Case(
        "a function whose line ends in a variable",
        """\
        show() {
          echo begin ${1}
          echo end ${1}
        }
        show x
        """,
        ["", "begin x\nend x\n"],
    ),
    Case(
        "a function without blanks",
        """\
        tight(){
          echo tight
        }
        tight
        """,
        ["", "tight\n"],
    ),
    Case(
        "a function whose brace is on the next line",
        """\
        airy ()
        {
          echo airy
        }
        airy
        """,
        ["", "airy\n"],
    ),
    Case(
        "a function on one line",
        """\
        short() { echo "short $1"; }
        short one
        """,
        ["", "short one\n"],
    ),
]

STATE = [
    Case(
        "a variable for one command",
        """\
        FOO=x bash -c 'echo "<$FOO>"'
        echo "${FOO-unset}"
        """,
        ["<x>\n", "unset\n"],
    ),
    Case(
        "two variables on a line",
        """\
        A=1 B=2
        echo "$A $B"
        """,
        ["", "1 2\n"],
    ),
    Case(
        "appending",
        """\
        PATHS=a
        PATHS+=:b
        echo "$PATHS"
        """,
        ["", "", "a:b\n"],
    ),
    Case(
        "unset",
        """\
        GONE=1
        unset GONE
        echo "${GONE-unset}"
        """,
        ["", "", "unset\n"],
    ),
    Case(
        "an alias",
        """\
        alias greet='echo hello'
        greet you
        """,
        ["", "hello you\n"],
    ),
    Case(
        "a sourced file",
        """\
        echo 'SOURCED=yes; sourced() { echo "sourced $1"; }' >source.sh
        . ./source.sh
        sourced "$SOURCED"
        """,
        ["", "", "sourced yes\n"],
    ),
    Case(
        "the script's arguments in an assignment, and awk's fields",
        """\
        FIRST=$1
        FIELD=$(echo 'a b' | awk '{ print $2, $1 }')
        echo "$FIRST, $FIELD"
        """,
        ["", "", "argument, b a\n"],
    ),
    Case(
        "the script's arguments in a command",
        """\
        echo "$1/$2/$#"
        """,
        ["argument/two words/2\n"],
    ),
    Case(
        "the builtin wait",
        """\
        { read line <gate; echo "$line" >told; } &
        echo go >gate
        wait
        cat told
        """,
        ["[1] PID\n", "", "", "go\n"],
    ),
    Case(
        "set by itself",
        """\
        set | grep -c '^A=1$'
        set >/dev/null
        """,
        ["1\n", ""],
    ),
    Case(
        "an assignment whose command fails",
        """\
        ## meshpeek: exit 1
        FAILED=$(false)
        """,
        [""],
    ),
    Case(
        "exit",
        """\
        ## meshpeek: exit 4
        KEPT=yes; exit 4
        echo "$KEPT"
        """,
        ["exit\n", "yes\n"],
    ),
    Case(
        "exit in a compound ends that command only",
        """\
        ## meshpeek: exit 3
        if true; then exit 3; fi
        echo on
        """,
        ["exit\n", "on\n"],
    ),
]

DIRECTORY = [
    Case(
        "a directory that is missing",
        """\
        ## meshpeek: exit 1
        cd nowhere
        """,
        ["bash: cd: nowhere: No such file or directory\n"],
    ),
    Case(
        "cd and a command with output",
        """\
        mkdir -p folder
        cd folder && echo there
        basename "$PWD"
        """,
        ["", "there\n", "folder\n"],
    ),
    Case(
        "back again",
        """\
        cd - >/dev/null
        test -d folder && echo back
        """,
        ["", "back\n"],
    ),
]

RELIED_ON = [
    Case(
        "programs see variables that are not exported",
        """\
        PLAIN='a b'
        bash -c 'echo "$PLAIN"'
        if true; then INSIDE=yes; fi
        bash -c 'echo "$INSIDE"'
        """,
        ["", "a b\n", "", "yes\n"],
    ),
    Case(
        "the status of the command before",
        """\
        ## meshpeek: exit 7
        (exit 7)
        echo $?
        """,
        ["", "7\n"],
    ),
    Case(
        "a function that reads stdin",
        """\
        shout() { tr a-z A-Z; }
        echo quiet | shout
        """,
        ["", "QUIET\n"],
    ),
    Case(
        "lines that end in && and |",
        """\
        true &&
          echo and
        echo pipe |
          cat
        """,
        ["and\n", "pipe\n"],
    ),
    Case(
        "a line that starts with | after a backslash",
        """\
        echo back \\
          | tr b B
        """,
        ["Back\n"],
    ),
    Case(
        "lines of a lone backslash",
        """\
        echo one \\
          two \\
        \\
          three
        """,
        ["one two three\n"],
    ),
    Case(
        "a job by its number",
        """\
        sleep 64 &
        kill %1; wait $! 2>/dev/null; echo $?
        """,
        ["[1] PID\n", "143\n"],
    ),
    Case(
        "pasted output",
        """\
        ## meshpeek: exit 127
        NAME-OF-A-POD   READY
        echo on
        """,
        ["bash: NAME-OF-A-POD: command not found\n", "on\n"],
    ),
    Case(
        "SHOW in a comment of an if",
        """\
        if true; then \\
          #@SHOW ;\\
          echo yes ;\\
        fi
        """,
        ["yes\n"],
    ),
    Case(
        "a line that is typed and never run",
        """\
        #$ touch typed \\
        #  and more
        test ! -e typed
        """,
        [""],
    ),
    Case(
        "a line after print is printed",
        """\
        #@print one \\
        touch printed
        test ! -e printed
        """,
        [""],
    ),
    Case(
        "immed with a command on its line is a command of that name",
        """\
        ## meshpeek: exit 127
        #@immed echo no
        """,
        ["bash: immed: command not found\n"],
    ),
    Case(
        "a backslash at the end of a block",
        """\
        echo the command is not lost \\
        """,
        ["the command is not lost\n"],
    ),
]


CASES = [*SHELL, *STATE, *DIRECTORY, *RELIED_ON]


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Events]:
    """Return the commands of one run of all cases, by the name of the case."""
    folder = tmp_path_factory.mktemp("all")
    os.mkfifo(folder / "gate")
    (folder / "w.md").write_text("<!-- @SHOW -->\n" + "".join(case.section for case in CASES))
    ran = subprocess.run(
        [
            PROGRAM,
            "ci",
            "--keep-going",
            "--events",
            "events",
            "w.md",
            "--",
            "argument",
            "two words",
        ],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.stderr == ""
    found: dict[str, Events] = {}
    for event in read_events(folder):
        if event["event"] == "command":
            found.setdefault(event["section"], []).append(event)
    return found


def read_events(folder: Path) -> Events:
    return [json.loads(line) for line in (folder / "events").read_text().splitlines()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_works_here(commands: Mapping[str, Events], case: Case) -> None:
    ran = commands[case.name]
    outputs = [_JOB_STARTED.sub("[1] PID", command["output"]) for command in ran]
    assert outputs == list(case.outputs)
    assert [command["reasons"] for command in ran] == [[]] * len(case.outputs)


def ci(meshpeek: RunProgram, tmp_path: Path, text: str, *arguments: str) -> tuple[int, Events]:
    """Run a workshop headless; return the exit status and the events."""
    (tmp_path / "w.md").write_text(text)
    ran = meshpeek("ci", "--events", "events", *arguments, "w.md")
    assert ran.stderr == ""
    return ran.returncode, read_events(tmp_path)


def texts(events: Events, kind: str) -> list[str]:
    return [event["text"] for event in events if event["event"] == kind]


@pytest.mark.parametrize("mode", [("ci",), ("run", "--pace", "0")], ids=lambda mode: mode[0])
@pytest.mark.parametrize("environment", [{}, {"TERM": "dumb"}, {"TERM": "unheard-of"}])
def test_no_terminal_no_term_and_nothing_waits(
    meshpeek: RunProgram, tmp_path: Path, mode: tuple[str, ...], environment: dict[str, str]
) -> None:
    (tmp_path / "w.md").write_text(
        "<!-- @wait -->\n<!-- @SHOW -->\n<!-- @print -->\n<!-- @waitafter -->\n"
        "```bash\nread -p 'name? ' name; echo ran\n```\n<!-- @wait_clear -->\n"
    )
    ran = meshpeek(*mode, "w.md", **environment)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "ran\n" in ran.stdout


@pytest.mark.parametrize(
    ("text", "ran"),
    [
        ("```bash\nfalse\necho on\n```\n", ["false", "echo on"]),
        ("```bash\nset -e\nfalse\necho on\n```\n", ["set -e", "false"]),
        ("```bash\nset -euo pipefail\nfalse\necho on\n```\n", ["set -euo pipefail", "false"]),
        (
            "```bash\nset -e\nX=$(false)\necho on\n```\n",
            ["set -e", "X=$(false)"],
        ),
        (
            "<!-- @macro end_it -->\n```bash\nset -e\nfalse\necho in\n```\n<!-- @end -->\n"
            "<!-- @end_it -->\n```bash\necho on\n```\n",
            ["set -e", "false"],
        ),
        ("```bash\n#@import e.sh\nfalse\necho on\n```\n", ["set -e", "false"]),
        (
            "```bash\nset -e\nset +e\nfalse\necho on\n```\n",
            ["set -e", "set +e", "false", "echo on"],
        ),
        ("<!-- set -e -->\n```bash\nfalse\necho on\n```\n", ["false", "echo on"]),
        ("<!-- set -e >\n\n```bash\nfalse\necho on\n```\n", ["false", "echo on"]),
        ("<!-- @set -e -->\n```bash\nfalse\necho on\n```\n", ["set -e", "false"]),
        (
            "```bash\nset -e\n```\n<!-- @show_9 -->\n```bash\necho on\n```\n",
            ["set -e", "show_9"],
        ),
        ("<!-- @show_9 -->\n```bash\necho on\n```\n", ["show_9", "echo on"]),
    ],
)
def test_a_failure_shows_in_the_exit_status_and_set_e_stops_the_run(
    meshpeek: RunProgram, tmp_path: Path, text: str, ran: list[str]
) -> None:
    (tmp_path / "e.sh").write_text("set -e\n")
    status, events = ci(meshpeek, tmp_path, text, "--keep-going")
    assert status == 1
    assert texts(events, "command") == ran


def test_directives_in_any_form_count(meshpeek: RunProgram, tmp_path: Path) -> None:
    status, events = ci(
        meshpeek,
        tmp_path,
        "<!--@SHOW-->\nNarration with `foo_bar_baz` and snake_case.\n  <!--@wait-->\n"
        "<!-- a remark -->\n## A_heading\n<!-- two\nlines -->\n- item\n  <!-- @wait -->\n",
    )
    assert status == 0
    assert len(texts(events, "wait")) == 2
    assert texts(events, "text") == [
        "Narration with `foo_bar_baz` and snake_case.",
        "## A_heading\n\n- item",
    ]


@pytest.mark.parametrize("mode", [("ci",), ("run", "--pace", "0")], ids=lambda mode: mode[0])
def test_the_screen_shows_what_was_written(
    meshpeek: RunProgram, tmp_path: Path, mode: tuple[str, ...]
) -> None:
    (tmp_path / "w.md").write_text(
        "<!-- @SHOW -->\n# One_heading\n\nThe foo_bar of x_y_z. <!-- secret -->\n<!-- secret\n"
        "too -->\n\n```bash\nTOKEN=hidden-$((6 * 7))\necho ${TOKEN} >/dev/null\n```\n"
    )
    shown = meshpeek(*mode, "w.md").stdout
    assert "One_heading" in shown
    if mode[0] == "run":  # the log of ci has no narration
        assert "The foo_bar of x_y_z." in shown
    assert "secret" not in shown
    assert "$ echo ${TOKEN} >/dev/null\n" in shown
    assert "hidden-42" not in shown


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("<!-- @wait_claer -->\n", "w.md:1:7", "did you mean `@wait_clear`?"),
        ("```bash\n#@imed\necho\n```\n", "w.md:2:3", "did you mean `@immed`?"),
        ("<!-- @macro m -->\ntext\n", "w.md:1:7", "add `@end`"),
        ("```bash\n#@macro m\necho\n```\n", "w.md:2:3", "add `@end`"),
        ("<!-- @ifhook h -->\n", "w.md:1:7", "add `@endif`"),
        ("<!-- @end -->\n", "w.md:1:7", "add `@macro NAME`"),
        ("<!-- @import gone.md -->\n", "w.md:1:7", "check the name"),
    ],
)
def test_a_mistake_is_shown_before_anything_runs(
    meshpeek: RunProgram, tmp_path: Path, text: str, place: str, hint: str
) -> None:
    (tmp_path / "w.md").write_text(f"{text}\n```bash\ntouch ran\n```\n")
    ran = meshpeek("ci", "w.md")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith(place)
    assert hint in ran.stderr
    assert not (tmp_path / "ran").exists()


def test_other_fences_and_comments(meshpeek: RunProgram, tmp_path: Path) -> None:
    status, events = ci(
        meshpeek,
        tmp_path,
        "<!--\n```bash\necho in a comment\n```\n-->\n"
        "```shell\necho shell\n```\n```bash,run\necho bash,run\n```  \n```sh x\necho sh \\\n```\n"
        " ```bash\necho never\n ```\n\n```\necho never\n```\n~~~bash\necho never\n~~~\n",
    )
    assert status == 0
    assert [event["output"] for event in events if event["event"] == "command"] == [
        "in a comment\n",
        "shell\n",
        "bash,run\n",
        "sh\n",
    ]


def test_a_macro_defined_in_comments_runs_where_it_is_used(
    meshpeek: RunProgram, tmp_path: Path
) -> None:
    status, events = ci(
        meshpeek,
        tmp_path,
        "<!-- @macro greet -->\nwords that a macro does not show\n"
        "```bash\necho hello\n```\n<!-- @wait -->\n<!-- @end -->\n"
        "<!-- @SHOW -->\nBefore.\n<!-- @greet -->\n```bash\ngreet\n```\n",
    )
    assert status == 0
    assert texts(events, "command") == ["echo hello", "echo hello"]
    assert texts(events, "text") == ["Before."]
    assert len(texts(events, "wait")) == 2


@pytest.mark.parametrize(
    ("hooks", "ran"),
    [
        ({}, []),
        ({"DEMO_HOOK_ONE": "echo 1"}, ["echo outer"]),
        ({"DEMO_HOOK_ONE": "echo 1", "DEMO_HOOK_TWO": "echo 2"}, ["echo 2", "echo outer"]),
        ({"DEMO_HOOK_TWO": "echo 2"}, []),
    ],
)
def test_ifhook_nests(
    meshpeek: RunProgram, tmp_path: Path, hooks: dict[str, str], ran: list[str]
) -> None:
    (tmp_path / "w.md").write_text(
        "```bash\n#@hook one ONE\n#@hook two TWO\n#@ifhook one\n#@ifhook two\n#@two\n#@endif\n"
        "echo outer\n#@endif\n```\n"
    )
    assert meshpeek("ci", "--events", "events", "w.md", **hooks).returncode == 0
    assert texts(read_events(tmp_path), "command") == ran


def test_what_is_skipped_still_defines(meshpeek: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "part.sh").write_text("#@macro imported\necho imported\n#@end\n")
    status, events = ci(
        meshpeek,
        tmp_path,
        "<!-- @SKIP -->\n<!-- @import part.sh -->\n<!-- @hook nothing NOTHING -->\n"
        "```bash\necho skipped\n#@macro mine\necho mine\n#@end\n```\n"
        "<!-- @SHOW -->\n<!-- @mine -->\n<!-- @imported -->\n<!-- @nothing -->\n",
    )
    assert status == 0
    assert texts(events, "command") == ["echo mine", "echo imported"]


@pytest.mark.parametrize("again", ["$SHELL inner.md x 'y z'", "#@$SHELL inner.md x 'y z'"])
def test_a_workshop_that_runs_another_hands_on_variables_and_arguments(
    meshpeek: RunProgram, tmp_path: Path, again: str
) -> None:
    (tmp_path / "inner.md").write_text('```bash\necho "<$SEEN|$1|$2|$0>"\n```\n')
    status, events = ci(meshpeek, tmp_path, f"```bash\nSEEN=yes\n{again}\necho on\n```\n")
    assert status == 0
    inner = next(
        event for event in events if "SHELL" in event.get("text", "") and "output" in event
    )
    assert "\n<yes|x|y z|inner.md>\n" in inner["output"]
    assert texts(events, "command")[-1] == "echo on"


def test_no_job_outlives_the_run(meshpeek: RunProgram, tmp_path: Path) -> None:
    status, events = ci(
        meshpeek, tmp_path, "```bash\nsleep 68 & echo $! >pid\n(sleep 69 & echo $! >>pid)\n```\n"
    )
    assert status == 0
    assert "sleep 68" in texts(events, "jobs-left")[0]
    for pid in (tmp_path / "pid").read_text().split():
        alive = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True)
        assert alive.stdout.strip()[:1] in ("", "Z")
