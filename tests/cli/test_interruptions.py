"""Signals against every way of running: status 130, whole reports, nothing left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import PROGRAM

PATIENCE_SECONDS = 30
pytestmark = pytest.mark.slow

MARK = "MESHPEEK_TEST_MARK"
MODES = {
    "ci": ("ci", "w.md"),
    "ci -j 2": ("ci", "-j", "2", "w.md", "v.md"),
    "run": ("run", "--pace", "0", "w.md"),
}
SITUATIONS = {
    "a command runs": "echo $BASHPID >ready; sleep 61",
    "a command ignores signals": "trap '' INT TERM QUIT HUP; echo $BASHPID >ready; sleep 61",
    "a job is in the background": "setsid sleep 61 & echo $BASHPID >ready; sleep 61",
    "bash itself is busy": "echo $BASHPID >ready; while :; do :; done",
}


class Signals(NamedTuple):
    """Signals that follow each other after so many seconds."""

    numbers: tuple[int, ...]
    seconds: float = 0.0


SIGNALS = {
    "INT": Signals((signal.SIGINT,)),
    "TERM": Signals((signal.SIGTERM,)),
    "QUIT": Signals((signal.SIGQUIT,)),
    "HUP": Signals((signal.SIGHUP,)),
    "USR1": Signals((signal.SIGUSR1,)),
    "ALRM": Signals((signal.SIGALRM,)),
    "five TERM": Signals((signal.SIGTERM,) * 5, 0.05),
    "INT and TERM": Signals((signal.SIGINT, signal.SIGTERM), 0.1),
    "TERM and HUP": Signals((signal.SIGTERM, signal.SIGHUP, signal.SIGHUP)),
}
# Each signal and each situation with `ci`; with the others, what they handle in another way.
CASES = [
    *(("ci", "a command runs", name) for name in SIGNALS),
    *(("ci", each, "five TERM") for each in [*SITUATIONS][1:]),
    *(("ci -j 2", "a command runs", name) for name in ("INT", "QUIT", "five TERM", "TERM and HUP")),
    ("ci -j 2", "a job is in the background", "HUP"),
    *(("run", "a command runs", name) for name in ("USR1", "five TERM")),
]


class Program:
    """meshpeek, with a mark by which all that it starts is found."""

    def __init__(
        self, folder: Path, environment: dict[str, str], arguments: tuple[str, ...]
    ) -> None:
        self._mark = f"{MARK}={folder}".encode()
        self.process = subprocess.Popen(
            [PROGRAM, *arguments, "--json", "r.json"],
            cwd=folder,
            env={**environment, MARK: str(folder), "PYTHONFAULTHANDLER": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def errors_at_end(self) -> str:
        """Wait for the end; return what it wrote to standard error."""
        try:
            return self.process.communicate(timeout=PATIENCE_SECONDS)[1]
        except subprocess.TimeoutExpired:
            left = self.left()
            self.process.send_signal(signal.SIGABRT)  # it tells where it is
            _, errors = self.process.communicate(timeout=PATIENCE_SECONDS)
            pytest.fail(f"it goes on, with {left}:\n{errors}")

    def left(self) -> list[str]:
        """Return the processes that are still there."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if self._mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append((entry / "comm").read_text().strip())
            except OSError:
                continue
        return found


Start = Callable[[str, str], Program]


@pytest.fixture
def start(tmp_path: Path, clean_environment: dict[str, str]) -> Iterator[Start]:
    started = []

    def start_program(mode: str, situation: str) -> Program:
        os.mkfifo(tmp_path / "ready")
        for name, commands in (("w.md", SITUATIONS[situation]), ("v.md", "sleep 61")):
            (tmp_path / name).write_text(f"<!-- @SHOW -->\n```bash\n{commands}\necho later\n```\n")
        program = Program(tmp_path, clean_environment, MODES[mode])
        started.append(program)
        (tmp_path / "ready").read_text()
        (tmp_path / "ready").unlink()
        return program

    yield start_program
    for program in started:
        program.process.kill()
        program.process.communicate()


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds processes in /proc")
@pytest.mark.parametrize(("mode", "situation", "signals"), CASES)
def test_signals_end_it(
    start: Start, tmp_path: Path, mode: str, situation: str, signals: str
) -> None:
    program = start(mode, situation)
    for number in SIGNALS[signals].numbers:
        program.process.send_signal(number)
        time.sleep(SIGNALS[signals].seconds)  # signals of a kind that are pending are one
    errors = program.errors_at_end()
    assert (program.process.returncode, errors) == (130, "")
    assert program.left() == []
    files = sorted(each.name for each in tmp_path.iterdir() if each.is_file())
    assert files == ["r.json", "v.md", "w.md"]
    (report, *_) = json.loads((tmp_path / "r.json").read_text())["workshops"]
    assert report["end"] == "interrupted"
