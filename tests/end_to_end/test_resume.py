"""A show that is killed goes on where it was; and a show may begin anywhere."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import PROGRAM, RunProgram
from tests.pty_terminal import Show, Terminal

WORKSHOP = """\
# A show

```bash
HIDDEN=yes
```

<!-- @SHOW -->

## First

```bash
X=1; declare -a A=(a 'b c')
f() { echo "f $X"; }; mkdir -p there; cd there; alias say='echo said'
```

## Second

Words before it.

```bash
X=$((X + 1)); echo "X=$X" | tee -a log
echo "$(f) ${A[1]} $HIDDEN ${PWD##*/}"; say; export E=out
bash -c 'echo "E=$E"'
```
"""

Present = Callable[..., Show]


@pytest.fixture
def present(clean_environment: dict[str, str], tmp_path: Path) -> Iterator[Present]:
    """Return a function that presents `w.md` with options, on a terminal of its own."""
    (tmp_path / "w.md").write_text(WORKSHOP)
    with ExitStack() as stack:

        def start(*options: str, after: Sequence[str] = (), **environment: str) -> Show:
            events = tmp_path / "events.jsonl"
            events.unlink(missing_ok=True)
            command = [
                PROGRAM,
                "present",
                "--rest",
                "0",
                "--typing",
                "0",
                "--events",
                events,
                *options,
            ]
            everything = clean_environment | environment
            terminal = Terminal([*command, "w.md", *after], everything, tmp_path)
            return Show(stack.enter_context(terminal), events)

        yield start


def kill(show: Show) -> None:
    os.kill(show.terminal.child.pid, signal.SIGKILL)
    show.terminal.child.wait()


def state_folder(home: Path) -> Path:
    (folder,) = (home / ".local" / "state" / "meshpeek" / "shows").iterdir()
    return folder


def test_a_killed_show_goes_on_in_its_state(present: Present, tmp_path: Path) -> None:
    show = present()
    for command in ("$ X=1", "$ f()", "$ X=$((X + 1))"):
        show.wait_for(command)
        show.press("\r")
    show.wait_for("$ echo")
    kill(show)
    again = present("--resume")
    again.wait_for("$ echo")
    assert "resuming at w.md:22, after 4 commands" in again.text
    again.press("\r")
    again.wait_for("f 2 b c yes there\nsaid\n")
    again.press("\r")
    again.wait_for("E=out")
    assert again.wait_for_end() == 0
    assert "6 passed" in again.text
    assert (tmp_path / "there" / "log").read_text() == "X=2\n"


def test_the_step_under_way_is_the_next(present: Present, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    (tmp_path / "w.md").write_text(
        "<!-- @SHOW -->\n```bash\nX=1\n```\n\nWords before it.\n\n```bash\n"
        'X=$((X + 1)); echo "X=$X"; read -r line <gate\n```\n'
    )
    show = present()
    show.wait_for("$ X=1")
    show.press("\r")
    show.wait_for("$ X=$((X")
    show.press("\r")
    with open(tmp_path / "gate", "w"):  # it is open at both ends: the command runs
        kill(show)
    again = present("--resume")
    again.wait_for("Words before it.\n\n$ X=$((X + 1))")
    again.press("\r")
    again.wait_for("\nX=2")


def test_a_show_that_was_quit_can_go_on_and_is_offered_to(present: Present) -> None:
    show = present()
    show.wait_for("$ X=1")
    show.press("\r")
    show.wait_for("$ f()")
    show.press("Q")
    assert show.wait_for_end() == 0
    offered = present()
    offered.wait_for("$ X=1")
    assert (
        "the last presentation stopped at w.md:13, just now; to resume there: meshpeek"
        in offered.text
    )
    offered.press("Q")
    assert offered.wait_for_end() == 0
    again = present("--resume")
    again.wait_for("$ f()")
    again.press("\r")
    again.wait_for("$ X=$((X + 1))")
    again.press("\r")
    again.wait_for("\nX=2")


def test_the_presenter_s_page_has_the_address_that_it_had(present: Present) -> None:
    def address(show: Show) -> str:
        show.wait_for("$ X=1")
        found = re.search(r"page: (http\S+\n?\S+)", show.text)
        assert found
        return found[1].replace("\n", "")

    first = present("--console")
    before = address(first)
    first.press("Q")
    assert first.wait_for_end() == 0
    again = present("--resume")
    assert address(again) == before
    again.press("Q")
    assert again.wait_for_end() == 0


def test_a_show_that_ended_cannot_and_leaves_no_state(
    present: Present, meshpeek: RunProgram, tmp_path: Path
) -> None:
    show = present("--from", "Second", "--setup")
    for command in ("$ X=$((X + 1))", "$ echo", "$ bash"):
        show.wait_for(command)
        show.press("\r")
    show.wait_for_end()
    assert [path.name for path in state_folder(tmp_path / "home").glob("*/*")] == ["journal.jsonl"]
    again = present("--resume")
    assert again.wait_for_end() == 2
    assert "error: the last presentation of w.md finished, just now\n  hint: start" in again.text


def test_without_a_show_there_is_none_to_go_on_with(present: Present) -> None:
    show = present("--resume")
    assert show.wait_for_end() == 2
    assert "error: no presentation of w.md to resume\n  hint: `meshpeek present" in show.text


def test_a_show_that_still_goes_on_is_left_alone(present: Present) -> None:
    show = present()
    show.wait_for("$ X=1")
    show.press("\r")
    show.wait_for("$ f()")
    second = present("--resume")
    assert second.wait_for_end() == 2
    assert f"still running, in process {show.terminal.child.pid}" in second.text


def test_a_workshop_that_has_changed_is_not_gone_on_with(present: Present, tmp_path: Path) -> None:
    show = present()
    show.wait_for("$ X=1")
    show.press("\r")
    show.wait_for("$ f()")
    kill(show)
    (tmp_path / "w.md").write_text(WORKSHOP.replace("X=1;", "X=10;"))
    again = present("--resume")
    assert again.wait_for_end() == 2
    assert (
        "error: w.md:12: the workshop has changed here since the presentation started" in again.text
    )
    assert "--from w.md:12" in again.text


def test_the_arguments_are_those_of_the_show(present: Present, tmp_path: Path) -> None:
    (tmp_path / "w.md").write_text('<!-- @SHOW -->\n```bash\ntrue\necho "1: $1, 2: $2"\n```\n')
    show = present(after=["light blue", "green"])
    show.wait_for("$ true")
    show.press("\r")
    show.wait_for("$ echo")
    kill(show)
    again = present("--resume")
    again.wait_for("$ echo")
    again.press("\r")
    again.wait_for("1: light blue, 2: green")


def test_a_workshop_with_a_secret_in_it_can_be_gone_on_with(
    present: Present, tmp_path: Path
) -> None:
    secret = f"ghp_{'a1B2' * 9}"
    (tmp_path / "w.md").write_text(
        f"<!-- @SHOW -->\n```bash\nTOKEN={secret}\necho ${{#TOKEN}}\n```\n"
    )
    show = present()
    show.wait_for("$ TOKEN=")
    show.press("\r")
    show.wait_for("$ echo")
    assert secret not in show.text
    kill(show)
    assert secret not in next(state_folder(tmp_path / "home").glob("*/journal.jsonl")).read_text()
    again = present("--resume")
    again.wait_for("$ echo")
    again.press("\r")
    assert again.wait_for_end() == 0
    assert "\n40\n" in again.text
    assert "2 passed" in again.text


@pytest.mark.parametrize("option", [["--no-journal"], []])
def test_a_show_without_a_journal_is_a_show(
    present: Present, tmp_path: Path, option: list[str]
) -> None:
    (tmp_path / "file").write_text("no folder")
    state = {} if option else {"XDG_STATE_HOME": str(tmp_path / "file")}
    show = present(*option, **state)
    show.wait_for("$ X=1")
    assert ("this presentation cannot be resumed if it is killed" in show.text) == (not option)
    show.press("\r")
    show.wait_for("$ f()")
    show.press("Q")
    assert show.wait_for_end() == 0
    assert not (tmp_path / "home" / ".local").exists()


def test_a_journal_that_breaks_ends_no_show(present: Present, tmp_path: Path) -> None:
    show = present()
    show.wait_for("$ X=1")
    (journal,) = state_folder(tmp_path / "home").glob("*/journal.jsonl")
    (journal.parent / "0").unlink()
    journal.parent.chmod(0o500)
    show.press("\r")
    show.wait_for("$ f()")
    show.press("Q")
    assert show.wait_for_end() == 0
    assert "2 passed" in show.text


def test_beginning_at_a_step_runs_nothing_before_it(present: Present) -> None:
    show = present("--from", "second")
    show.wait_for("$ X=$((X + 1))")
    assert "Words before it." in show.text
    show.press("\r")
    show.wait_for("\nX=1\n")
    show.press("\r")
    show.wait_for("f: command not found")
    assert "yes" not in show.text


def test_hidden_steps_before_it_run_if_asked_for(meshpeek: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "w.md").write_text(WORKSHOP)
    ran = meshpeek("run", "--pace", "0", "--from", "w.md:22", "--setup", "w.md")
    assert " yes " in ran.stdout
    assert "X=" not in ran.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--from", "secnod"], "hint: did you mean `Second`?"),
        (["--setup"], "hint: add --from STEP"),
        (["--from", "99"], "no step 99 in"),
    ],
)
def test_a_beginning_that_is_none_is_an_error(
    meshpeek: RunProgram, tmp_path: Path, options: list[str], message: str
) -> None:
    (tmp_path / "w.md").write_text(WORKSHOP)
    ran = meshpeek("run", *options, "w.md")
    assert ran.returncode == 2
    assert message in ran.stderr
