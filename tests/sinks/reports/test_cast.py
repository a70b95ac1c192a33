"""The recording: what it holds, and that asciinema plays it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from meshpeek.run.events import OutputReceived
from meshpeek.sinks.reports.cast import KEPT_BYTES, CastFile
from meshpeek.workshop.model import Mode
from tests.conftest import RunProgram
from tests.pty_terminal import Terminal
from tests.sinks.story import tell
from tests.tools import find_tool

WORKSHOP = """\
<!-- @SHOW -->

# Title

```bash
printf 'één\\n\\e[32mgreen\\e[0m\\n'
```
"""


def lines(path: Path) -> tuple[dict[str, object], list[list[object]]]:
    header, *events = [json.loads(line) for line in path.read_text().splitlines()]
    return header, events


def record(path: Path, mode: Mode) -> list[list[object]]:
    times = iter(range(1000))
    cast = CastFile(path, clock=lambda: float(next(times)), now=lambda: 1.5)
    for event in tell(mode):
        cast.take(event)
    cast.close()
    header, events = lines(path)
    assert header["version"] == 2
    assert (header["width"], header["height"], header["timestamp"]) == (120, 24, 1)
    return events


def test_it_is_what_the_screen_shows_with_a_screen_s_line_ends(tmp_path: Path) -> None:
    events = record(tmp_path / "cast", Mode.RUN)
    assert [time for time, _, _ in events] == sorted(time for time, _, _ in events)
    assert {kind for _, kind, _ in events} == {"o"}
    text = "".join(str(data) for _, _, data in events)
    assert "NAME   AGE\r\neast   4m\r\n" in text
    assert "\n" not in text.replace("\r\n", "")
    assert "not yet there" not in text


def test_a_presenter_s_output_has_its_line_ends_already(tmp_path: Path) -> None:
    text = "".join(str(data) for _, _, data in record(tmp_path / "cast", Mode.PRESENT))
    assert "NAME   AGE\neast   4m\n" in text


def test_characters_may_arrive_in_pieces_and_too_much_is_left_out(tmp_path: Path) -> None:
    cast = CastFile(tmp_path / "cast")
    started, *_ = tell(Mode.RUN)
    for event in (
        started,
        OutputReceived(None, b"\xc3"),
        OutputReceived(None, b"\xa9"),
        OutputReceived(None, b"x" * (KEPT_BYTES + 1)),
        OutputReceived(None, b"y"),
    ):
        cast.take(event)
    cast.close()
    text = "".join(str(data) for _, _, data in lines(tmp_path / "cast")[1])
    assert "é" in text
    assert text.count("x") == KEPT_BYTES - 2
    assert "the rest is not recorded" in text
    assert "y" not in text.partition("not recorded")[2]


@pytest.mark.slow
@pytest.mark.parametrize("command", [["cat"], ["play", "--speed", "1000"]])
def test_asciinema_plays_it(
    meshpeek: RunProgram,
    clean_environment: dict[str, str],
    tmp_path: Path,
    command: list[str],
) -> None:
    asciinema = find_tool("asciinema")
    (tmp_path / "w.md").write_text(WORKSHOP)
    assert meshpeek("ci", "--cast", "run.cast", "w.md").returncode == 0
    with Terminal(
        [asciinema, *command, "run.cast"], clean_environment, tmp_path, rows=30, columns=100
    ) as terminal:
        assert terminal.wait_for_end() == 0
        assert "printf 'één\\n\\e[32mgreen\\e[0m\\n'" in terminal.text
        assert "\néén\ngreen\n" in terminal.text
        assert "1 passed" in terminal.text
