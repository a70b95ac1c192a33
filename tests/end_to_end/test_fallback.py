"""`present --fallback`: what was recorded, shown when a command fails on stage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import PROGRAM, RunProgram
from tests.pty_terminal import Show, Terminal

TALK = """\
<!-- @SHOW -->

# Talk

```bash
[[ -e broken ]] && exit 3; printf '\\033[1mgood\\033[0m\\n'
echo next
```
"""


@pytest.fixture
def recorded(meshpeek: RunProgram, tmp_path: Path) -> Path:
    """Return a transcript of the talk, from before it broke."""
    (tmp_path / "w.md").write_text(TALK)
    assert meshpeek("record", "w.md").returncode == 0
    (tmp_path / "broken").touch()
    return tmp_path / "w.transcript.yaml"


@pytest.fixture
def show(
    clean_environment: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Show]:
    """Present the talk, with the options that a test names."""
    events = tmp_path / "events.jsonl"
    command = [
        PROGRAM,
        "present",
        "--rest",
        "0",
        "--typing",
        "0",
        "--events",
        events,
        *request.param,
        "w.md",
    ]
    with ExitStack() as stack:
        yield Show(stack.enter_context(Terminal(command, clean_environment, tmp_path)), events)


@pytest.mark.parametrize("show", [["--fallback", "w.transcript.yaml"]], indirect=True)
def test_a_key_shows_what_was_recorded(recorded: Path, show: Show, tmp_path: Path) -> None:
    show.press("\r")
    show.wait_for("exit status 3")
    show.wait_for("f shows the recording")
    show.press("f")
    show.wait_for("── end of the recording ──")
    lines = show.text.splitlines()
    start = lines.index("── recorded earlier, from w.transcript.yaml ──")
    assert lines[start + 1 : start + 3] == ["good", "── end of the recording ──"]
    show.press("\r")
    show.wait_for("$ echo next")
    show.press("Q")
    show.wait_for_end()
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert [event["source"] for event in events if event["event"] == "recorded-shown"] == [
        "w.transcript.yaml"
    ]
    assert [event["verdict"] for event in events if event["event"] == "command"] == ["failed"]


@pytest.mark.parametrize("show", [[]], indirect=True)
def test_without_a_recording_the_key_says_so(recorded: Path, show: Show) -> None:
    show.press("\r")
    show.wait_for("exit status 3")
    assert "recording" not in show.text
    show.press("f")
    show.wait_for("no recorded output: name a transcript with --fallback")
    show.type("Q")
    show.wait_for_end()


@pytest.mark.parametrize("show", [["--fallback", "w.transcript.yaml"]], indirect=True)
def test_before_any_command_there_is_nothing_to_show(
    recorded: Path, show: Show, tmp_path: Path
) -> None:
    show.press("f")
    show.wait_for("no command has run yet")
    show.type("Q")
    show.wait_for_end()


def test_a_wrong_file_is_an_error_before_the_show(recorded: Path, meshpeek: RunProgram) -> None:
    recorded.write_text("steps: 1\n")
    for path, message in (("none.yaml", "no such file"), (recorded.name, "not a transcript")):
        ran = meshpeek("present", "--fallback", path, "w.md")
        assert ran.returncode == 2
        assert message in ran.stderr
