"""What demosh breaks works here: every item of the table in the description of the dialect.

What a block of bash prints is in a workshop of cases, which the program runs once; what is about
whole documents is here; what is about keys and terminals has a file of its own beside this one.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.conftest import PROGRAM, RunProgram, new_user

WORKSHOP = Path(__file__).parent / "workshops/what-demosh-breaks.md"

Events = list[dict[str, Any]]

_JOB_STARTED = re.compile(r"^\[1\] \d+$", re.MULTILINE)
_JOB_ENDED = re.compile(r"^\[1\]\+ +(?:Done|Terminated) .*\n", re.MULTILINE)
"""bash says this at the next line that it reads, unless `wait` was told first: the job decides."""


class Case(NamedTuple):
    """A section of the workshop that has a block of bash, and what that prints."""

    name: str
    output: str


_CASE = re.compile(
    r"^## (.*)\n\n```bash\n(?s:.*?)^```\n(?:\n```text\n((?s:.*?))^```\n)?", re.MULTILINE
)
CASES = [Case(*match.groups(default="")) for match in _CASE.finditer(WORKSHOP.read_text())]


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Events]:
    """Return the commands of one run of all cases, by the name of the case."""
    folder = tmp_path_factory.mktemp("all")
    os.mkfifo(folder / "gate")
    ran = subprocess.run(
        [PROGRAM, "ci", "--keep-going", "--events", "events", WORKSHOP, "--", "one", "two words"],
        cwd=folder,
        env=new_user(folder / "home"),
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


def test_every_section_is_a_case(commands: Mapping[str, Events]) -> None:
    assert [case.name for case in CASES] == list(commands)
    assert len(CASES) > 40


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_works_here(commands: Mapping[str, Events], case: Case) -> None:
    ran = commands[case.name]
    output = "".join(command["output"] for command in ran)
    assert _JOB_ENDED.sub("", _JOB_STARTED.sub("[1] PID", output)) == case.output
    assert [command["reasons"] for command in ran if command["reasons"]] == []


def read_events(folder: Path) -> Events:
    return [json.loads(line) for line in (folder / "events").read_text().splitlines()]


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
        ("```bash\n#@immed echo no\necho on\n```\n", ["immed echo no", "echo on"]),
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
        "<!-- a remark -->\n## A_heading\n<!-- two\nlines -->\n- item\n  <!-- @wait -->\n"
        "\n<!-- @HIDE -->\n```bash\n:\n```\n",
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
    # One in each use of the macro, and one before its bare name, which is shown like a command.
    assert texts(events, "wait") == ["", "greet", ""]


@pytest.mark.parametrize(
    ("hooks", "ran"),
    [
        ({}, ["echo end"]),
        ({"DEMO_HOOK_ONE": "echo 1"}, ["echo outer", "echo end"]),
        (
            {"DEMO_HOOK_ONE": "echo 1", "DEMO_HOOK_TWO": "echo 2"},
            ["echo 2", "echo outer", "echo end"],
        ),
        ({"DEMO_HOOK_TWO": "echo 2"}, ["echo end"]),
    ],
)
def test_ifhook_nests(
    meshpeek: RunProgram, tmp_path: Path, hooks: dict[str, str], ran: list[str]
) -> None:
    (tmp_path / "w.md").write_text(
        "```bash\n#@hook one ONE\n#@hook two TWO\n#@ifhook one\n#@ifhook two\n#@two\n#@endif\n"
        "echo outer\n#@endif\necho end\n```\n"
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
