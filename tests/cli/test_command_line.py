"""The program from outside: exit codes, and one error for a person whatever is wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from meshpeek.errors import InputError, broken_sinks
from tests.conftest import PROGRAM, RunProgram

WORKSHOP = """\
# A workshop

<!-- @SHOW -->

Some words.

```bash
echo one
echo two | cat
```
"""


@pytest.fixture
def workshop(tmp_path: Path) -> Path:
    path = tmp_path / "w.md"
    path.write_text(WORKSHOP)
    return path


def write(tmp_path: Path, content: str | bytes) -> str:
    path = tmp_path / "bad.md"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path.name


def test_the_version(meshpeek: RunProgram) -> None:
    assert meshpeek("--version").stdout == "meshpeek 0.1.0\n"


def test_alone_it_tells_what_it_can_do(meshpeek: RunProgram) -> None:
    result = meshpeek()
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("Usage: meshpeek ")


def test_a_timeout_is_a_duration(meshpeek: RunProgram, tmp_path: Path) -> None:
    name = write(tmp_path, "```bash\nsleep 67\n```\n")
    result = meshpeek("ci", "--timeout", "100ms", name)
    assert result.returncode == 1
    assert "timed out: bad.md:2" in result.stdout


def test_a_workshop_that_passes(meshpeek: RunProgram, workshop: Path) -> None:
    result = meshpeek("ci", workshop.name)
    assert result.returncode == 0
    assert "w.md:8\n$ echo one\none\n-- passed in" in result.stdout
    assert "2 passed" in result.stdout
    assert result.stderr == ""


def test_a_step_that_fails_is_named_with_its_output(meshpeek: RunProgram, tmp_path: Path) -> None:
    name = write(tmp_path, "```bash\necho before\necho why; false\necho after\n```\n")
    result = meshpeek("ci", name)
    assert result.returncode == 1
    end = result.stdout.partition("failed: bad.md:3\n")[2]
    assert end.startswith("  $ echo why; false\n  exit status 1\n  | why\n")
    assert "bad.md:4 skipped: the run stopped at bad.md:3" in result.stdout
    assert "after" not in end


def test_keep_going_runs_the_rest(meshpeek: RunProgram, tmp_path: Path) -> None:
    name = write(tmp_path, "```bash\nfalse\necho after\n```\n")
    result = meshpeek("ci", "--keep-going", name)
    assert result.returncode == 1
    assert "\nafter\n" in result.stdout


def test_run_sums_up_by_section(meshpeek: RunProgram, workshop: Path) -> None:
    result = meshpeek("run", "--pace", "0", workshop.name)
    assert result.returncode == 0
    assert "Some words." in result.stdout
    assert "$ echo one\none\n" in result.stdout
    assert "A workshop" in result.stdout
    assert "2 passed" in result.stdout.splitlines()[-1]


def test_steps_as_json(meshpeek: RunProgram, workshop: Path) -> None:
    document = json.loads(meshpeek("steps", "--json", workshop.name).stdout)
    assert document["path"] == "w.md"
    assert document["steps"][-1] == {
        "kind": "command",
        "text": "echo two | cat",
        "line": 9,
        "end_line": 9,
        "section": "A workshop",
        "shown": True,
        "runs": True,
        "typed": True,
        "wait_before": True,
        "wait_after": False,
        "contexts": [],
        "name": None,
        "tags": [],
        "note": None,
    }


def test_events_are_json_lines(meshpeek: RunProgram, workshop: Path, tmp_path: Path) -> None:
    assert meshpeek("ci", "--events", "events.jsonl", workshop.name).returncode == 0
    lines = (tmp_path / "events.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    assert events[0]["event"] == "run-started"
    (last,) = [event for event in events if event["event"] == "command" and event["line"] == 9]
    assert last["duration"] >= 0
    del last["duration"]
    assert last == {
        "event": "command",
        "step": 4,
        "path": "w.md",
        "line": 9,
        "section": "A workshop",
        "text": "echo two | cat",
        "contexts": [],
        "name": None,
        "tags": [],
        "note": None,
        "attempt": 1,
        "edited": None,
        "final": True,
        "time_left": 0.0,
        "status": 0,
        "pipestatus": [0, 0],
        "output": "two\n",
        "omitted": 0,
        "shell_ended": False,
        "verdict": "passed",
        "reasons": [],
        "hint": None,
        "difference": [],
    }
    assert events[-1]["event"] == "run-ended"
    assert (events[-1]["passed"], events[-1]["failed"]) == (2, 0)


@pytest.mark.parametrize(
    ("content", "place", "message"),
    [
        ("```bash\necho hi\n", "bad.md:1:1", "fence"),
        ("<!-- @wait_claer -->\n", "bad.md:1:7", "wait_clear"),
        ("<!-- meshpeek: expct x -->\n```bash\necho\n```\n", "bad.md:1:16", "expect"),
        ("---\nmeshpeek: {contxts: {}}\n---\n", "bad.md:2:12", "contexts"),
        ("---\nmeshpeek: [\n---\n", "bad.md:3:1", "front matter"),
        ("a\0b\n", "bad.md:1:2", "NUL"),
    ],
)
def test_a_wrong_workshop_is_shown_with_its_place(
    meshpeek: RunProgram, tmp_path: Path, content: str, place: str, message: str
) -> None:
    result = meshpeek("ci", write(tmp_path, content))
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith(place)
    assert message in result.stderr
    assert "^" in result.stderr
    assert "hint: " in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("commands", "argument", "message"),
    [
        (("ci", "run", "present", "steps"), "nope.md", "error: nope.md: no such file"),
        (("run", "present", "steps"), ".", "error: . is a folder"),
        (("ci",), ".", "error: .: no workshop in this folder"),
        (
            ("ci", "run", "present", "steps"),
            "binary.md",
            "error: binary.md is not UTF-8 text (byte 1)",
        ),
    ],
)
def test_a_file_that_cannot_be_read(
    meshpeek: RunProgram, tmp_path: Path, commands: tuple[str, ...], argument: str, message: str
) -> None:
    (tmp_path / "binary.md").write_bytes(b"\xff\xfe\x00")
    for command in commands:
        result = meshpeek(command, argument)
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr.startswith(message)
        assert "  hint: " in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ci", "--timeout", "soon", "w.md"), "invalid duration `soon`; examples: 30s"),
        (("prsent", "w.md"), "prsent"),
        (("ci",), "Missing argument 'FILE...'"),
        (("run", "--pace", "fast", "w.md"), "--pace"),
        (("run", "--pace", "-1", "w.md"), "--pace"),
        (("ci", "--timeout", "0", "w.md"), "--timeout"),
    ],
)
def test_a_wrong_command_line(
    meshpeek: RunProgram, workshop: Path, arguments: tuple[str, ...], message: str
) -> None:
    result = meshpeek(*arguments)
    assert result.returncode == 2
    assert result.stderr.startswith("error: ")
    assert message in result.stderr
    assert "--help" in result.stderr


@pytest.mark.parametrize(
    ("front_matter", "message"),
    [
        (
            "requires: {no-such-tool: '', bash: '99.0'}",
            "no-such-tool was not found; bash is version",
        ),
        ("contexts: {north: red}", "kubectl has no context north"),
    ],
)
def test_an_unfit_environment(
    meshpeek: RunProgram, tmp_path: Path, front_matter: str, message: str
) -> None:
    name = write(tmp_path, f"---\nmeshpeek:\n  {front_matter}\n---\n```bash\ntrue\n```\n")
    result = meshpeek("ci", name, PATH=f"{PROGRAM.parent}:{os.environ['PATH']}")
    assert (result.returncode, result.stdout) == (3, "")
    assert message in result.stderr
    assert "  hint: " in result.stderr


def test_a_machine_without_kubectl(meshpeek: RunProgram, tmp_path: Path) -> None:
    name = write(tmp_path, "---\nmeshpeek: {contexts: {north: red}}\n---\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "bash").symlink_to("/bin/bash")
    result = meshpeek("ci", name, PATH=str(tmp_path / "bin"))
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.startswith("error: kubectl was not found\n  hint: ")


def test_events_that_cannot_be_written(meshpeek: RunProgram, workshop: Path) -> None:
    result = meshpeek("ci", "--events", "/nope/events.jsonl", workshop.name)
    assert result.returncode == 3
    assert result.stderr.startswith("error: cannot write /nope/events.jsonl: No such file")


def test_events_that_cannot_be_written_any_more(meshpeek: RunProgram, workshop: Path) -> None:
    result = meshpeek("ci", "--events", "/dev/full", workshop.name)
    assert result.returncode == 3
    assert "2 passed" in result.stdout
    assert "/dev/full" in result.stderr


def test_an_interruption_while_it_is_loaded_leaves_no_traceback(
    meshpeek: RunProgram, workshop: Path, tmp_path: Path
) -> None:
    (tmp_path / "click.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    result = meshpeek("ci", workshop.name, PYTHONPATH=str(tmp_path))
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "interrupted\n")


DEFECT = "error: meshpeek has a defect: ZeroDivisionError: division by zero\n"


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("click", ("ci", "w.md")),  # before there is a command line
        ("pexpect", ("ci", "w.md")),
        ("pexpect", ("run", "w.md")),
    ],
)
def test_a_defect_is_no_failed_step(
    meshpeek: RunProgram, workshop: Path, tmp_path: Path, module: str, arguments: tuple[str, ...]
) -> None:
    (tmp_path / f"{module}.py").write_text("1 / 0\n")
    result = meshpeek(*arguments, PYTHONPATH=str(tmp_path))
    assert (result.returncode, result.stdout) == (70, "")
    hint = "  hint: report it with the output of `MESHPEEK_DEBUG=1 meshpeek …`\n"
    assert result.stderr == f"{DEFECT}{hint}"
    result = meshpeek(*arguments, PYTHONPATH=str(tmp_path), MESHPEEK_DEBUG="1")
    assert result.returncode == 70
    assert result.stderr.startswith("Traceback (most recent call last):\n")
    assert result.stderr.endswith(
        f"    1 / 0\n    ~~^~~\nZeroDivisionError: division by zero\n{DEFECT}"
    )


def test_a_defect_in_one_of_several_at_once(meshpeek: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "pexpect.py").write_text("def __getattr__(name):\n    1 / 0\n")
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text("```bash\nfalse\n```\n")
    arguments = ("ci", "-j", "2", "a.md", "b.md")
    result = meshpeek(*arguments, PYTHONPATH=str(tmp_path))
    assert result.returncode == 70
    assert result.stderr.count(f"md: {DEFECT}") == 2
    result = meshpeek(*arguments, PYTHONPATH=str(tmp_path), MESHPEEK_DEBUG="1")
    assert result.returncode == 70
    assert result.stderr.count(f"\nZeroDivisionError: division by zero\n{DEFECT}") == 2


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        ([OSError(28, "No space left on device")], 3),
        ([InputError("it is busy")], 3),
        ([ValueError("x")], 70),
        ([OSError(28, "No space left on device"), KeyError("x")], 70),
    ],
)
def test_a_sink_that_fails_by_a_defect_is_no_full_disk(errors: list[Exception], code: int) -> None:
    broken = [(f"report {index}", error) for index, error in enumerate(errors)]
    error = broken_sinks("a report could not be written", broken, {})
    assert error.exit_code == code
    assert error.message.startswith("a report could not be written: report ")
    assert ("meshpeek has a defect" in error.message) is (code == 70)


def test_a_report_that_fails_by_a_defect(meshpeek: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "w.md").write_text("```bash\necho ran\n```\n")
    (tmp_path / "sitecustomize.py").write_text(
        "import meshpeek.sinks.reports.junit as j\nj.JUnitFormatter.take = lambda *_: 1 / 0\n"
    )
    result = meshpeek("ci", "--junit", "j.xml", "w.md", PYTHONPATH=str(tmp_path))
    assert result.returncode == 70, result.stderr
    assert "passed" in result.stdout
    assert "j.xml: meshpeek has a defect: ZeroDivisionError" in result.stderr


@pytest.mark.parametrize("option", ["--json", "--junit", "--events", "--against"])
def test_a_report_s_name_cannot_feign_lines(meshpeek: RunProgram, option: str) -> None:
    result = meshpeek("ci", option, "a\nerror: b\x1b[2J", "w.md")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: 'a\\nerror: b\\x1b[2J' has control characters in it\n")


@pytest.mark.parametrize("limit", [6, 8])
def test_too_few_files_are_told(
    clean_environment: dict[str, str], workshop: Path, limit: int
) -> None:
    script = f'ulimit -n {limit}; exec "$@"'
    result = subprocess.run(
        ["sh", "-c", script, "sh", PROGRAM, "ci", workshop.name],
        cwd=workshop.parent,
        env=clean_environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 3
    assert "ulimit -n" in result.stderr


def test_presenting_needs_a_terminal(meshpeek: RunProgram, workshop: Path) -> None:
    result = meshpeek("present", workshop.name)
    assert (result.returncode, result.stdout) == (3, "")
    assert "standard input is not a terminal" in result.stderr


def test_rehearsing_needs_the_manifests(meshpeek: RunProgram, tmp_path: Path) -> None:
    settings = "{contexts: [north], rehearsal: {north: {manifests: [nope]}}}"
    result = meshpeek("ci", "--rehearse", write(tmp_path, f"---\nmeshpeek: {settings}\n---\n"))
    assert result.returncode == 2
    assert "manifests that do not exist: nope\n  hint: " in result.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_run_and_its_children(
    clean_environment: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "w.md").write_text("```bash\necho $BASHPID ready; sleep 65\necho later\n```\n")
    program = subprocess.Popen(
        [PROGRAM, "ci", "w.md"],
        cwd=tmp_path,
        env=clean_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout
    while not (line := program.stdout.readline()).endswith(" ready\n") or line.startswith("$"):
        pass
    program.send_signal(number)
    stdout, stderr = program.communicate(timeout=30)
    assert program.returncode == 130
    assert "interrupted: w.md:2" not in stdout
    assert "w.md:3 skipped: the run was interrupted" in stdout
    assert stderr == ""
    assert not Path(f"/proc/{line.split()[0]}").exists()


@pytest.mark.parametrize("command", [["steps"], ["ci"], ["run", "--pace", "0"]])
def test_a_reader_that_has_gone_is_no_defect(
    clean_environment: dict[str, str], tmp_path: Path, workshop: Path, command: list[str]
) -> None:
    program = subprocess.Popen(
        [PROGRAM, *command, "w.md"],
        cwd=tmp_path,
        env=clean_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert program.stdout
    program.stdout.close()
    assert program.stderr
    assert program.stderr.read() == b""
    assert program.wait(timeout=30) in (0, 1)
    program.stderr.close()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# Only words\n", "w.md: contains no command"),
        ("```bash\n#$ typed only\n```\n", "w.md: contains no command"),
        (
            "<!-- meshpeek: only present -->\n```bash\ntrue\n```\n",
            "w.md: every command was skipped (only present)",
        ),
    ],
)
def test_a_test_in_which_nothing_ran_is_no_pass(
    meshpeek: RunProgram, tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "w.md").write_text(text)
    result = meshpeek("ci", "w.md")
    assert result.returncode == 2
    assert result.stderr.startswith(f"error: {message}\n  hint: ")
    assert meshpeek("run", "--pace", "0", "w.md").returncode == 0


def test_a_report_says_that_a_presentation_had_no_terminal(
    meshpeek: RunProgram, tmp_path: Path
) -> None:
    (tmp_path / "w.md").write_text("```bash\ntrue\n```\n")
    result = meshpeek("present", "--json", "r.json", "w.md")
    assert result.returncode == 3
    (workshop,) = json.loads((tmp_path / "r.json").read_text())["workshops"]
    assert workshop["outcome"] == "could not run"
    assert "not a terminal" in workshop["message"]
