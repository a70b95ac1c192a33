"""What the end-to-end tests share: the program as its users start it, away from their files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings

from tests.browser import OpenPage, browser
from tests.pty_terminal import Present, Show, Terminal

pytest_plugins = ["pytester", "tests.leftovers", "tests.time_limits"]

ROOT = Path(__file__).parents[1]
PROGRAM = Path(sys.executable).with_name("meshpeek")

# A job in the background of a script ignores ^C, and so would every program that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGQUIT) is signal.SIG_IGN:
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)

# A machine that is busy is no reason to fail.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

RunProgram = Callable[..., subprocess.CompletedProcess[str]]


def new_user(home: Path) -> dict[str, str]:
    """Return the environment of a user whose `home` is made."""
    home.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR")}
    return {**kept, "HOME": str(home), "LC_ALL": "C.UTF-8"}


@pytest.fixture
def clean_environment(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a new user: an empty HOME, no KUBECONFIG, no terminal's TERM."""
    return new_user(tmp_path / "home")


@pytest.fixture
def meshpeek(clean_environment: dict[str, str], tmp_path: Path) -> RunProgram:
    """Return a function that runs meshpeek with arguments, in `tmp_path` unless told otherwise."""

    def run_program(
        *arguments: str | Path, cwd: Path = tmp_path, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *arguments],
            cwd=cwd,
            env=clean_environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run_program


@pytest.fixture
def present(clean_environment: dict[str, str], tmp_path: Path) -> Iterator[Present]:
    """Return a function that presents a workshop's text, on a terminal of its own."""
    with ExitStack() as stack:

        def start(text: str, typing: str = "0") -> Show:
            (tmp_path / "w.md").write_text(text)
            events = tmp_path / "events.jsonl"
            command = [
                PROGRAM,
                "present",
                "--rest",
                "0",
                "--typing",
                typing,
                "--events",
                events,
                "w.md",
            ]
            terminal = stack.enter_context(Terminal(command, clean_environment, tmp_path))
            return Show(terminal, events)

        yield start


@pytest.fixture(scope="module")
def open_page() -> Iterator[OpenPage]:
    """Return a function that opens a page in Chromium.

    Not for the whole session: Playwright's event loop would be in the way of other tests' loops.
    """
    with browser() as opens:
        yield opens
