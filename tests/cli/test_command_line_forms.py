"""The forms of the command line: a file alone, several files, arguments, start-up files, $SHELL."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from meshpeek.errors import ExitCode, worst_of
from tests.conftest import PROGRAM, RunProgram
from tests.pty_terminal import Terminal


def write(path: Path, *commands: str) -> None:
    """Write a workshop of `commands`: Markdown or a shell script, by the path's suffix."""
    lines = ["```bash", *commands, "```"] if path.suffix == ".md" else commands
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("name", ["w.md", "w.sh", "talk"])
def test_a_file_alone_is_presented(
    clean_environment: dict[str, str], tmp_path: Path, name: str
) -> None:
    write(tmp_path / name, "## meshpeek: only present", 'echo "<$1|$2>"')
    with Terminal([PROGRAM, name, "one", "two three"], clean_environment, tmp_path) as terminal:
        terminal.wait_for("the end")
        terminal.press("Q")
        assert terminal.wait_for_end() == 0
        assert "<one|two three>" in terminal.text


def test_a_markdown_file_that_is_not_there_is_looked_for(meshpeek: RunProgram) -> None:
    result = meshpeek("nope.md")
    assert result.returncode == 2
    assert result.stderr.startswith("error: nope.md: no such file")


def test_a_near_miss_of_a_command_is_no_file(meshpeek: RunProgram) -> None:
    result = meshpeek("presnt", "w.md")
    assert (result.returncode, result.stdout) == (2, "")
    assert "`presnt` is neither a command nor a file; did you mean `present`?" in result.stderr


def test_arguments_of_a_run(meshpeek: RunProgram, tmp_path: Path) -> None:
    write(tmp_path / "w.md", 'printf "<%s>" "$@"')
    result = meshpeek("run", "--pace", "0", "w.md", "a b", "--", "--pace")
    assert "<a b><--pace>" in result.stdout


def test_several_workshops_have_a_session_each(meshpeek: RunProgram, tmp_path: Path) -> None:
    write(tmp_path / "a.md", "leaked=yes", "cd /")
    write(tmp_path / "b.sh", 'echo "$1 ${leaked-nothing} ${PWD##*/}"')
    result = meshpeek("ci", "a.md", "b.sh", "--", "--first")
    assert result.returncode == 0
    assert f"\n--first nothing {tmp_path.name}\n" in result.stdout
    assert result.stdout.index("a.md\n") < result.stdout.index("b.sh\n")


def test_a_workshop_that_fails_does_not_stop_the_next(meshpeek: RunProgram, tmp_path: Path) -> None:
    write(tmp_path / "a.md", "false")
    write(tmp_path / "b.md", "echo second")
    result = meshpeek("ci", "--events", "events.jsonl", "a.md", "b.md")
    assert result.returncode == 1
    assert "\nsecond\n" in result.stdout
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert [e["path"] for e in events if e["event"] == "run-started"] == ["a.md", "b.md"]
    ends = [(e["passed"], e["failed"]) for e in events if e["event"] == "run-ended"]
    assert ends == [(0, 1), (1, 0)]


def test_the_worst_exit_code_counts(meshpeek: RunProgram, tmp_path: Path) -> None:
    write(tmp_path / "passes.md", "true")
    write(tmp_path / "fails.md", "false")
    unfit = "---\nmeshpeek: {requires: {no-such-tool: ''}}\n---\n"
    (tmp_path / "unfit.md").write_text(unfit)
    result = meshpeek("ci", "unfit.md", "fails.md", "passes.md")
    assert result.returncode == 3
    assert "no-such-tool was not found" in result.stderr
    assert "passes.md:2\n$ true" in result.stdout
    # A workshop that is wrong weighs more.
    (tmp_path / "wrong.md").write_text("---\nmeshpeek: {context: [a]}\n---\n")
    assert meshpeek("ci", "unfit.md", "wrong.md").returncode == 2


@pytest.mark.parametrize(
    ("codes", "worst"),
    [
        ((), 0),
        ((0, 1, 0), 1),
        ((1, 3), 3),
        ((2, 3, 1), 2),
        ((130, 2, 3), 130),
        ((2, 70, 3), 70),
        ((70, 130), 130),
    ],
)
def test_which_exit_code_is_the_worst(codes: tuple[int, ...], worst: int) -> None:
    assert worst_of(map(ExitCode, codes)) == worst


def test_nothing_runs_when_one_of_several_is_wrong(meshpeek: RunProgram, tmp_path: Path) -> None:
    write(tmp_path / "good.md", "echo ran")
    write(tmp_path / "bad.md", "if")
    result = meshpeek("ci", "good.md", "bad.md", "none.md")
    assert (result.returncode, result.stdout) == (2, "")
    assert "bad.md:2:" in result.stderr
    assert "none.md: no such file" in result.stderr


OPEN_FENCE = """\
# Title

```bash
echo first

Now remove the folder, which isn't needed:
touch ran

## Next

```bash
echo last
```
"""


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("```bash\ntouch ran\necho )\n```\n", "w.md:3:6:"),
        ("```bash\nclean up() {\n  touch ran\n}\n```\n", "w.md:2:"),
        (OPEN_FENCE, "w.md:3:1: error: fence is never closed\n"),
    ],
)
def test_a_document_that_is_wrong_is_never_run(
    meshpeek: RunProgram, tmp_path: Path, text: str, place: str
) -> None:
    (tmp_path / "w.md").write_text(text)
    result = meshpeek("ci", "--keep-going", "w.md")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(place)
    assert result.stderr.count(": error: ") == 1
    assert not (tmp_path / "ran").exists()


STARTUP_PLACES = [".demoshrc", ".demoshrc.md", "home/.demoshrc", "home/.demoshrc.md"]


@pytest.mark.parametrize("first", range(4))
def test_the_first_startup_file_is_read(meshpeek: RunProgram, tmp_path: Path, first: int) -> None:
    write(tmp_path / "w.md", "echo from ${from-nowhere}")
    for place in STARTUP_PLACES[first:]:
        write(tmp_path / place, f"from={place}")
    assert f"from {STARTUP_PLACES[first]}" in meshpeek("run", "--pace", "0", "w.md").stdout
    result = meshpeek("run", "--pace", "0", "--no-init", "w.md")
    assert "from nowhere" in result.stdout


def test_a_test_is_not_changed_by_a_persons_own_startup_file(
    meshpeek: RunProgram, tmp_path: Path
) -> None:
    write(tmp_path / "w.md", "echo from ${from-nowhere}")
    write(tmp_path / "home/.demoshrc", "from=home")
    assert "\nfrom nowhere\n" in meshpeek("ci", "w.md").stdout
    write(tmp_path / ".demoshrc", "from=here")
    assert "\nfrom here\n" in meshpeek("ci", "w.md").stdout
    assert "\nfrom nowhere\n" in meshpeek("ci", "--no-init", "w.md").stdout


def test_the_name_of_the_workshop_where_it_is_asked_for(
    meshpeek: RunProgram, tmp_path: Path
) -> None:
    write(tmp_path / "w.md", 'echo "I am $0"', "exit 0", "echo still ${0##*/}")
    result = meshpeek("ci", "w.md")
    assert "\nI am w.md\n" in result.stdout
    assert "\nstill w.md\n" in result.stdout


def test_messages_are_those_of_bash_at_a_prompt(meshpeek: RunProgram, tmp_path: Path) -> None:
    write(tmp_path / "w.md", "no-such-command")
    assert "\nbash: no-such-command: command not found\n" in meshpeek("ci", "w.md").stdout


@pytest.mark.parametrize("form", ["$SHELL in.md 'a b' -c", "#@$SHELL in.md 'a b' -c"])
@pytest.mark.parametrize("mode", [("ci",), ("run", "--pace", "0")])
def test_shell_runs_another_workshop_in_the_same_mode(
    meshpeek: RunProgram, tmp_path: Path, form: str, mode: tuple[str, ...]
) -> None:
    write(tmp_path / "out.md", "var=outer; export var", form)
    write(tmp_path / "in.md", 'echo "inner <$1> <$2> $var"', "true")
    result = meshpeek(*mode, "out.md")
    assert result.returncode == 0, result.stdout
    assert "inner <a b> <-c> outer\n" in result.stdout
    summary = "2 passed in" if mode[0] == "ci" else "  2 "
    assert summary in result.stdout


def test_the_inner_run_is_presented_too(clean_environment: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path / "out.md", "#@SHOW", "$SHELL in.md", "echo back in $0")
    write(tmp_path / "in.md", "#@SHOW", "echo in the inner one")
    command = [PROGRAM, "present", "--rest", "0", "--typing", "0", "out.md"]
    with Terminal(command, clean_environment, tmp_path) as terminal:
        terminal.wait_for("$SHELL in.md")
        terminal.press("\r")
        terminal.wait_for("$ echo in the inner one")
        terminal.press("\r")
        terminal.wait_for("\nin the inner one")
        terminal.wait_for("$ echo back in $0")
        terminal.press("\r")
        terminal.wait_for("back in out.md")
        terminal.wait_for("the end")
        terminal.press("\r")
        assert terminal.wait_for_end() == 0


@pytest.mark.parametrize(
    ("inner", "status"), [("false", 1), ("if", 2), ("#@import nope.md", 2), ("true", 0)]
)
def test_what_fails_in_the_inner_run_is_its_exit_status(
    meshpeek: RunProgram, tmp_path: Path, inner: str, status: int
) -> None:
    write(tmp_path / "out.md", "$SHELL in.sh; echo status $?", "$SHELL in.sh")
    write(tmp_path / "in.sh", inner)
    result = meshpeek("ci", "out.md")
    assert f"\nstatus {status}\n" in result.stdout
    assert result.returncode == (1 if status else 0)


def test_the_options_of_the_run_are_those_of_the_inner_one(
    meshpeek: RunProgram, tmp_path: Path
) -> None:
    write(tmp_path / ".demoshrc", "echo startup was read")
    write(tmp_path / "out.md", "$SHELL in.md")
    write(tmp_path / "in.md", "false", "echo went on", "sleep 20")
    result = meshpeek("ci", "--keep-going", "--no-init", "--timeout", "2", "out.md")
    assert "\nwent on\n" in result.stdout
    assert "startup was read" not in result.stdout
    assert "timed out" in result.stdout


@pytest.mark.slow
def test_an_inner_run_takes_as_long_as_its_commands_do_together(
    meshpeek: RunProgram, tmp_path: Path
) -> None:
    write(tmp_path / "out.md", "$SHELL in.md")
    write(tmp_path / "in.md", "sleep 1.6", "sleep 1.6")
    assert meshpeek("ci", "--timeout", "3", "out.md").returncode == 0


def test_shell_is_bash_for_programs_that_start_one(meshpeek: RunProgram, tmp_path: Path) -> None:
    write(
        tmp_path / "w.md",
        """$SHELL -c 'echo "$0 $1 $BASH_VERSION"' in.md x | sed 's/ [0-9].*/ bash/'""",
        "echo 'echo from stdin' | $SHELL",
    )
    result = meshpeek("ci", "w.md")
    assert "\nin.md x bash\n" in result.stdout
    assert "\nfrom stdin\n" in result.stdout


CLUSTER = "---\nmeshpeek: {contexts: {north: red}, rehearsal: {north: {}}}\n---\n"


@pytest.mark.slow
def test_the_inner_run_is_part_of_the_outer_rehearsal(meshpeek: RunProgram, tmp_path: Path) -> None:
    create = "kubectl --context north create namespace made-outside"
    (tmp_path / "out.md").write_text(f"{CLUSTER}```bash\n{create}\n$SHELL in.md\n```\n")
    look = "kubectl --context north get namespace made-outside\necho $MESHPEEK_REHEARSAL."
    (tmp_path / "in.md").write_text(f"{CLUSTER}```bash\n{look}\n```\n")
    result = meshpeek("ci", "--rehearse", "out.md")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "made-outside   Active" in result.stdout
    assert result.stdout.count("REHEARSAL: ") == 2
    assert "\n.\n" in result.stdout
    stranger = CLUSTER.replace("north", "south") + "```bash\ntrue\n```\n"
    (tmp_path / "in.md").write_text(stranger)
    result = meshpeek("ci", "--rehearse", "out.md")
    assert result.returncode == 1
    assert "kubectl has no context south; it has north" in result.stdout


def test_a_directive_that_is_no_command_fails_tests_only(
    meshpeek: RunProgram, tmp_path: Path
) -> None:
    (tmp_path / "w.md").write_text("<!-- @show_6 -->\n")
    hint = "hint: `@show_6` is not a directive, macro, hook or command"
    result = meshpeek("run", "--pace", "0", "w.md")
    assert result.returncode == 0
    assert hint in result.stdout
    result = meshpeek("ci", "w.md")
    assert result.returncode == 1
    assert "could not run: w.md:1" in result.stdout
    assert hint in result.stdout
