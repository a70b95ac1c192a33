"""What tests leave behind: files in the temporary folder, and processes.

Each process of pytest has a temporary folder of its own, the TMPDIR of what its tests start. What
is in that folder in the end was left by one of them. So was a process that has it as its TMPDIR, or
that is a child of ours. Other runs on the same machine are not looked at.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

_VARIABLE = "TMPDIR"
_FOLDER = pytest.StashKey[Path]()
_PROCESSES = Path("/proc")  # there is none on macOS; then only files are looked at


@pytest.fixture(scope="session", autouse=True)
def temporary_folder(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """Give tests a temporary folder of their own; fail in the end if they left something.

    Yields where each file in it comes from, for `origins` to fill.
    """
    origins: dict[str, str] = {}
    tmp_path_factory.getbasetemp()  # where it is must not depend on our folder
    with pytest.MonkeyPatch.context() as patch:
        folder = Path(tempfile.mkdtemp(prefix="tests-"))  # short, or sockets in it have no name
        pytestconfig.stash[_FOLDER] = folder
        patch.setenv(_VARIABLE, str(folder))
        patch.setattr(tempfile, "tempdir", None)
        yield origins
    left = [f"{name} ({origins.get(name)})" for name in _names(folder)]
    left += [_describe(process) for process in _started_processes(folder)]
    end_started_processes(pytestconfig)
    shutil.rmtree(folder)
    if left:
        pytest.fail(f"tests have left behind: {', '.join(left)}", pytrace=False)


@pytest.fixture(autouse=True)
def origins(request: pytest.FixtureRequest, temporary_folder: dict[str, str]) -> Iterator[None]:
    """Note which files in the temporary folder a test has made."""
    yield
    for name in _names(request.config.stash[_FOLDER]):
        temporary_folder.setdefault(name, request.node.nodeid)


def end_started_processes(config: pytest.Config) -> None:
    """Kill all processes that tests have started, and what those have."""
    folder = config.stash.get(_FOLDER, None)
    while folder and (processes := _started_processes(folder)):  # some may just have been started
        for number in processes:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _started_processes(folder: Path) -> list[int]:
    """Return our descendants, and the processes whose TMPDIR is `folder` or one in it."""
    entry = f"\0{_VARIABLE}={folder}".encode()
    children: dict[int, list[int]] = {}
    found = {os.getpid()}
    for path in _PROCESSES.glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is somebody else's
            state, parent = (path / "stat").read_text().rpartition(")")[2].split()[:2]
            if state == "Z":
                continue
            children.setdefault(int(parent), []).append(int(path.name))
            environment = b"\0" + (path / "environ").read_bytes()
            if entry + b"\0" in environment or entry + b"/" in environment:
                found.add(int(path.name))
    waiting = [*found]
    while waiting:
        new = set(children.get(waiting.pop(), ())) - found
        found |= new
        waiting += new
    return sorted(found - {os.getpid()})


def _describe(process: int) -> str:
    with suppress(OSError):
        command = (_PROCESSES / str(process) / "cmdline").read_bytes()
        folder = (_PROCESSES / str(process) / "cwd").readlink()
        return f"{command.replace(bytes(1), b' ').decode().strip()} (in {folder})"
    return f"process {process}"
