"""The process of a workshop, from its start to its end."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from meshpeek.cli.parallel.messages import Ended, Job, Message, MessageReader, write_job
from meshpeek.cli.parallel.unfinished_run import UnfinishedRun
from meshpeek.errors import EnvironmentUnfitError

_PATIENCE_SECONDS = 20
_BLOCK_BYTES = 65536


class WorkshopProcess:
    """A workshop in a process of its own; a context manager that ends it.

    The process is in a session of its own, too: `interrupt` passes a ^C on, once.
    """

    def __init__(self, job: Job, folder: Path | None = None) -> None:
        self.path = job.workshop.path
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "meshpeek.cli.parallel"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=folder,
            start_new_session=True,
        )
        assert self._process.stdin  # noqa: S101  # they are pipes
        assert self._process.stdout  # noqa: S101
        self._input: IO[bytes] = self._process.stdin
        self.output: IO[bytes] = self._process.stdout
        with contextlib.suppress(BrokenPipeError):  # its output ends at once, then
            write_job(self._input, job)

    def read(self) -> bytes:
        """Return its next output as soon as there is any; nothing at its end."""
        return os.read(self.output.fileno(), _BLOCK_BYTES)

    def interrupt(self) -> None:
        """End its command and its run, as ^C does. A second time, it exits at once."""
        self._process.terminate()

    @property
    def status(self) -> int:
        """Its exit status, when it has ended: that of the run, or a signal below 0."""
        return self._process.wait()

    def describe_death(self) -> EnvironmentUnfitError:
        """Return the error for a process whose output ended before `Ended`."""
        status = self.status
        how = f"signal {-status}" if status < 0 else f"status {status}"
        return EnvironmentUnfitError(
            f"{self.path}: the process of this workshop ended unexpectedly, with {how}",
            hint="it was killed, perhaps because memory ran out; what it ran may still be there",
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
        self.output.close()  # or it might block in a write
        with contextlib.suppress(BrokenPipeError):
            self._input.close()
        try:
            self._process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def run_apart(job: Job, folder: Path) -> Generator[Message, None, None]:
    """Run a workshop in a process of its own; yield its messages, `Ended` included.

    Paths in the job are relative to `folder`. Closing the iterator interrupts the run.
    """
    reader, run = MessageReader(), UnfinishedRun(job.workshop.path)
    with WorkshopProcess(job, folder) as process:
        while data := process.read():
            for message in reader.feed(data):
                yield from run.complete(message)
                if isinstance(message.content, Ended):
                    return
        yield from run.end(process.describe_death)
