"""Starting the process of a workshop, and ending it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from meshpeek.cli.display import HEADLESS_SIZE
from meshpeek.cli.parallel.wire import Ended, Job, Message, MessageReader, write_job
from meshpeek.errors import EnvironmentUnfitError

_PATIENCE_SECONDS = 20
_BLOCK_BYTES = 65536


class WorkshopProcess:
    """A workshop that runs in a process of its own; a context manager that leaves none behind.

    It is in a session of its own, too: a ^C at the terminal is ours to hand on, once.
    """

    def __init__(self, job: Job, folder: Path | None = None) -> None:
        self.path = job.workshop.path
        columns, rows = shutil.get_terminal_size(HEADLESS_SIZE[::-1])
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "meshpeek.cli.parallel.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "COLUMNS": str(columns), "LINES": str(rows)},
            cwd=folder,
            start_new_session=True,
        )
        assert self._process.stdin  # noqa: S101  # they are pipes
        assert self._process.stdout  # noqa: S101
        self._input: IO[bytes] = self._process.stdin
        self.output: IO[bytes] = self._process.stdout
        with contextlib.suppress(BrokenPipeError):  # then its output ends at once
            write_job(self._input, job)

    def read(self) -> bytes:
        """Return what it has written since, as soon as there is any; nothing at its end."""
        return os.read(self.output.fileno(), _BLOCK_BYTES)

    def interrupt(self) -> None:
        """Let it end its command and its run, as ^C does. A second time, it gives up at once."""
        self._process.terminate()

    def describe_death(self) -> EnvironmentUnfitError:
        """Return the error for a process whose output ended without a last message."""
        status = self._process.wait()
        how = f"signal {-status}" if status < 0 else f"status {status}"
        return EnvironmentUnfitError(
            f"{self.path}: the process of this workshop ended by itself, with {how}",
            hint="it was killed, perhaps for want of memory; what it ran may not be cleaned up",
        )

    def __enter__(self) -> Self:
        """Return the process itself."""
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """End it, if it has not ended."""
        self.close()

    def close(self) -> None:
        """End it, if it has not ended, and wait for that. Safe to call twice."""
        self.output.close()  # or it might wait for us to read
        with contextlib.suppress(BrokenPipeError):
            self._input.close()
        try:
            self._process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def run_apart(job: Job, folder: Path) -> Generator[Message, None, None]:
    """Run a workshop in a process of its own; yield what it says, up to and with `Ended`.

    `folder` is the one that paths in the job are relative to, such as the workshop's own.
    Closing the iterator interrupts the run. Raises EnvironmentUnfitError if the process is killed.
    """
    reader = MessageReader()
    with WorkshopProcess(job, folder) as process:
        while data := process.read():
            for message in reader.feed(data):
                yield message
                if isinstance(message.content, Ended):
                    return
        raise process.describe_death()
