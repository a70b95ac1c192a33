"""What the end-to-end tests share: the program as its users start it, away from their files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAM = Path(sys.executable).with_name("meshpeek")

RunProgram = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def clean_environment(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a new user: an empty HOME, no KUBECONFIG, no terminal's TERM."""
    home = tmp_path / "home"
    home.mkdir()
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"}


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
