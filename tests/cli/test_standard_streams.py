"""The program whose standard streams cannot be used: full, closed, or left by their reader."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import PROGRAM

RunLine = Callable[[str], subprocess.CompletedProcess[str]]
COMMANDS = ["ci w.md", "ci w.md w.md", "ci -j 2 w.md w.md", "run --pace 0 w.md", "steps w.md"]


@pytest.fixture
def run_line(clean_environment: dict[str, str], tmp_path: Path) -> RunLine:
    """Return a function that runs a line of bash, with `meshpeek` on PATH and a workshop `w.md`."""
    (tmp_path / "w.md").write_text("<!-- @SHOW -->\n# W\n```bash\necho one\n```\n")
    environment = clean_environment | {"PATH": f"{PROGRAM.parent}:{clean_environment['PATH']}"}

    def run(line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", f"set -o pipefail; {line}"],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("command", [*COMMANDS, "--help"])
def test_no_room_for_the_output(run_line: RunLine, command: str) -> None:
    result = run_line(f"meshpeek {command} >/dev/full")
    assert result.returncode == 3
    for line in result.stderr.splitlines():
        assert line.startswith(("error: ", "w.md: error: ", "  hint: "))
    assert "No space left on device" in result.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_another_error_is_told_and_counts_more(run_line: RunLine) -> None:
    result = run_line("meshpeek ci no-such.md w.md >/dev/full")
    assert result.returncode == 2
    assert result.stderr.startswith("error: no-such.md: no such file\n")


@pytest.mark.parametrize("command", ["ci w.md", "run --pace 0 w.md", "--help"])
@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(run_line: RunLine, command: str, closed: str) -> None:
    result = run_line(f"meshpeek {command} {closed}")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_what_is_printed_goes_to_no_file_that_is_opened_later(
    run_line: RunLine, tmp_path: Path
) -> None:
    assert run_line("meshpeek ci --events e --junit j w.md >&- 2>&-").returncode == 0
    assert (tmp_path / "e").read_text().startswith('{"event": "run-started"')
    assert (tmp_path / "j").read_text().startswith("<?xml")


@pytest.mark.parametrize("command", ["ci w.md w.md", "steps w.md"])
def test_a_reader_who_has_seen_enough_gets_no_complaint(run_line: RunLine, command: str) -> None:
    assert run_line(f"meshpeek {command} | head -c 1").stderr == ""


@pytest.mark.parametrize("command", ["ci w.md", "run --pace 0 w.md"])
def test_a_reader_who_has_seen_enough_does_not_end_the_run(
    run_line: RunLine, tmp_path: Path, command: str
) -> None:
    (tmp_path / "w.md").write_text(
        "<!-- @SHOW -->\n# W\n```bash\nuntil [[ -e seen ]]; do sleep 0.01; done\ntouch ran\n```\n"
    )
    result = run_line(f"meshpeek {command} | {{ head -c 1; exec 0<&-; touch seen; }}")
    assert (result.returncode, result.stderr) == (0, "")
    assert (tmp_path / "ran").exists()
