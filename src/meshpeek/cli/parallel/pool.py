"""Several workshops at a time, reported as if they had run one after the other.

What a process writes before its turn goes to a temporary file, unread. So memory stays bounded, the
log of each workshop is in one piece, and reports need not know about any of this.
"""

from __future__ import annotations

import contextlib
import selectors
import signal
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import Protocol

from meshpeek.cli.parallel.messages import Ended, Job, Message, MessageReader
from meshpeek.cli.parallel.start_gate import StartGate
from meshpeek.cli.parallel.unfinished_run import UnfinishedRun
from meshpeek.cli.parallel.workshop_process import WorkshopProcess
from meshpeek.cli.signals import Burst, handling, interrupting_signals

_BLOCK_BYTES = 1024 * 1024


class Take(Protocol):
    """What gets the messages of jobs; those of an attempt that is repeated are not `is_last`."""

    def __call__(self, job: Job, message: Message, *, is_last: bool) -> None:
        """Take a message."""


def run_parallel(jobs: Sequence[Job], count: int, take: Take, gate: StartGate) -> bool:
    """Run `jobs`, each in a process, `count` at a time; return whether this was interrupted.

    `take` gets their messages as soon as possible, one job after the other, in the order of `jobs`;
    where `gate` allows for retries, when it is known whether an attempt was the last. Of a job that
    `gate` does not let start, it gets what is told instead, and `Ended`.
    The last of a job is `Ended`, also if its process was killed. ^C, and any other signal that
    would end the process, interrupts the running jobs; no other starts, and `take` gets no
    messages of those. Signals stay ignored then, because the process is about to exit.
    """
    with contextlib.ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        pool = _Pool(jobs, count, take, gate, selector, stack)
        stack.enter_context(_interruptions(selector, pool))
        pool.run()
        return pool.is_interrupted


class _StartedJob:
    """A job that has started: its process, and the messages before its turn."""

    def __init__(
        self, job: Job, process: WorkshopProcess, earlier: Sequence[_StartedJob] = ()
    ) -> None:
        self.job = job
        self.earlier = tuple(earlier)  # its attempts that failed
        self.process = process
        self.has_begun = self.has_ended = False
        self._reader = MessageReader()
        self._run = UnfinishedRun(job.workshop.path)
        self._unread = tempfile.TemporaryFile()  # noqa: SIM115  # closed in `messages`

    def store(self, data: bytes) -> None:
        """Keep what the process has written until its turn."""
        self._unread.write(data)

    def messages(self) -> Iterator[Message]:
        """Yield the messages from before its turn."""
        with self._unread as file:
            file.seek(0)
            while data := file.read(_BLOCK_BYTES):
                yield from self.feed(data)

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield the messages that `data` completes, in its turn."""
        for message in self._reader.feed(data):
            self.has_begun = True
            yield from self._run.complete(message)

    def end(self) -> Iterator[Message]:
        """Yield the messages that are missing because its process was killed."""
        return self._run.end(self.process.describe_death)


class _Pool:
    def __init__(
        self,
        jobs: Sequence[Job],
        count: int,
        take: Take,
        gate: StartGate,
        selector: selectors.BaseSelector,
        stack: contextlib.ExitStack,
    ) -> None:
        self._waiting = list(jobs)
        self._count = count
        self._take = take
        self._gate = gate
        self._holds_back = gate.retries > 0
        self._selector = selector
        self._stack = stack
        self._runs: list[_StartedJob] = []  # those whose turn has not ended
        self.is_interrupted = False

    def run(self) -> None:
        while True:
            self._start()
            if not self._runs:
                break
            for key, _ in self._selector.select():
                key.data()
        for job in self._waiting:
            event, code = self._gate.refuse(job.workshop.path)
            for content in (event, Ended(code)):
                self._take(job, Message(time.time(), content), is_last=True)

    def interrupt(self) -> None:
        self.is_interrupted = True
        self._waiting.clear()
        for run in self._runs:
            if not run.has_ended:
                run.process.interrupt()

    def _start(self) -> None:
        while self._waiting and sum(not run.has_ended for run in self._runs) < self._count:
            if self._gate.is_closed:
                return
            self._runs.append(self._started(self._waiting.pop(0)))
            if len(self._runs) == 1:
                self._begin_turn()

    def _started(self, job: Job, earlier: Sequence[_StartedJob] = ()) -> _StartedJob:
        run = _StartedJob(job, self._stack.enter_context(WorkshopProcess(job)), earlier)
        self._selector.register(run.process.output, selectors.EVENT_READ, lambda: self._read(run))
        return run

    def _read(self, run: _StartedJob) -> None:
        data = run.process.read()
        if not data:
            self._end(run)
        elif self._holds_back or run is not self._runs[0]:
            run.store(data)
        else:
            self._report(run, run.feed(data))
        while self._runs and self._runs[0].has_ended:
            self._end_turn()

    def _end(self, run: _StartedJob) -> None:
        """Note that a process has ended; start it again if that may be."""
        self._selector.unregister(run.process.output)
        run.process.close()
        run.has_ended = True
        attempts = (*run.earlier, run)
        if self._gate.lets_retry(run.process.status, len(attempts)) and not self.is_interrupted:
            self._runs[self._runs.index(run)] = self._started(run.job, attempts)

    def _begin_turn(self) -> None:
        if not self._holds_back:
            run = self._runs[0]
            self._report(run, run.messages())

    def _end_turn(self) -> None:
        run = self._runs.pop(0)
        if self._holds_back:
            for earlier in run.earlier:
                self._report(earlier, earlier.messages(), is_last=False)
                self._report(earlier, earlier.end(), is_last=False)
            self._report(run, run.messages())
        if run.has_begun or not self.is_interrupted:
            self._report(run, run.end())
        if self._runs:
            self._begin_turn()

    def _report(
        self, run: _StartedJob, messages: Iterator[Message], *, is_last: bool = True
    ) -> None:
        for message in messages:
            self._take(run.job, message, is_last=is_last)


@contextlib.contextmanager
def _interruptions(selector: selectors.BaseSelector, pool: _Pool) -> Iterator[None]:
    """Let signals wake the selector, so that none interrupts a write.

    The interpreter itself writes to the socket: a handler in Python would not run before the
    selector returns, if the signal came just before it began to wait.
    """
    reader, writer = socket.socketpair()
    burst = Burst()

    def answer() -> None:
        reader.recv(_BLOCK_BYTES)
        if burst.begins():
            pool.interrupt()

    with reader, writer:
        writer.setblocking(False)
        selector.register(reader, selectors.EVENT_READ, answer)
        before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        try:
            with handling(
                interrupting_signals(), lambda *_: None, left_ignored=lambda: pool.is_interrupted
            ):
                yield
        finally:
            signal.set_wakeup_fd(before)
            selector.unregister(reader)
