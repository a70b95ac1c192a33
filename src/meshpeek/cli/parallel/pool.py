"""Several workshops at once, and told about as if they had run one after the other.

What a process says while another one's turn lasts goes to a temporary file, unread. So memory stays
bounded, the log of a workshop is in one piece, and reports need not know of any of this.
"""

from __future__ import annotations

import contextlib
import selectors
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from types import FrameType

from meshpeek.cli.parallel.process import WorkshopProcess
from meshpeek.cli.parallel.wire import Ended, Job, Message, MessageReader
from meshpeek.errors import MeshpeekError

_BLOCK_BYTES = 1024 * 1024
_INTERRUPTING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_parallel(
    jobs: Sequence[Job], count: int, take: Callable[[Job, Message | MeshpeekError], None]
) -> bool:
    """Run `jobs`, each in a process, `count` at a time; return whether this was interrupted.

    `take` gets their messages, of one job after the other, in the order of `jobs` and as soon as
    can be. The last of a job is `Ended`; or an error, if its process was killed. ^C, SIGTERM and
    SIGHUP interrupt those that run; no other begins, and there are no messages of it.
    """
    with contextlib.ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        pool = _Pool(jobs, count, take, selector, stack)
        stack.enter_context(_interruptions(selector, pool.interrupt))
        pool.run()
        return pool.is_interrupted


class _Run:
    """A job that has begun: its process, and what it has said that nobody has heard yet."""

    def __init__(self, job: Job, process: WorkshopProcess) -> None:
        self.job = job
        self.process = process
        self.has_ended = False
        self._reader = MessageReader()
        self._unread = tempfile.TemporaryFile()  # noqa: SIM115  # closed in `messages`

    def store(self, data: bytes) -> None:
        """Keep what the process has written until its turn comes."""
        self._unread.write(data)

    def messages(self) -> Iterator[Message]:
        """Yield what it has said before its turn."""
        with self._unread as file:
            file.seek(0)
            while data := file.read(_BLOCK_BYTES):
                yield from self._reader.feed(data)

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield what it says in its turn."""
        return self._reader.feed(data)


class _Pool:
    def __init__(
        self,
        jobs: Sequence[Job],
        count: int,
        take: Callable[[Job, Message | MeshpeekError], None],
        selector: selectors.BaseSelector,
        stack: contextlib.ExitStack,
    ) -> None:
        self._waiting = list(jobs)
        self._count = count
        self._take = take
        self._selector = selector
        self._stack = stack
        self._runs: list[_Run] = []  # those that have not had their turn to the end
        self._is_told = False  # whether the end of the first of them has been
        self.is_interrupted = False

    def run(self) -> None:
        while True:
            self._start()
            if not self._runs:
                return
            for key, _ in self._selector.select():
                key.data()

    def interrupt(self) -> None:
        self.is_interrupted = True
        self._waiting.clear()
        for run in self._runs:
            if not run.has_ended:
                run.process.interrupt()

    def _start(self) -> None:
        while self._waiting and sum(not run.has_ended for run in self._runs) < self._count:
            job = self._waiting.pop(0)
            run = _Run(job, self._stack.enter_context(WorkshopProcess(job)))
            self._selector.register(
                run.process.output, selectors.EVENT_READ, lambda run=run: self._read(run)
            )
            self._runs.append(run)
            if self._runs[0] is run:
                self._begin_turn()

    def _read(self, run: _Run) -> None:
        data = run.process.read()
        if not data:
            self._selector.unregister(run.process.output)
            run.process.close()
            run.has_ended = True
        if run is not self._runs[0]:
            run.store(data)
            return
        self._tell(run, run.feed(data))
        while self._runs and self._runs[0].has_ended:
            self._end_turn()

    def _begin_turn(self) -> None:
        self._is_told = False
        run = self._runs[0]
        self._tell(run, run.messages())

    def _end_turn(self) -> None:
        run = self._runs.pop(0)
        if not self._is_told:
            self._take(run.job, run.process.describe_death())
        if self._runs:
            self._begin_turn()

    def _tell(self, run: _Run, messages: Iterator[Message]) -> None:
        for message in messages:
            self._is_told = self._is_told or isinstance(message.content, Ended)
            self._take(run.job, message)


@contextlib.contextmanager
def _interruptions(
    selector: selectors.BaseSelector, interrupt: Callable[[], None]
) -> Iterator[None]:
    """Let signals wake the selector, so that none comes while something is half written."""
    bell, button = socket.socketpair()

    def ring(_number: int, _frame: FrameType | None) -> None:
        with contextlib.suppress(BlockingIOError):  # then there is enough to be read
            button.send(b"\0")

    def answer() -> None:
        bell.recv(1)
        interrupt()

    with bell, button:
        button.setblocking(False)
        selector.register(bell, selectors.EVENT_READ, answer)
        previous = {number: signal.signal(number, ring) for number in _INTERRUPTING}
        try:
            yield
        finally:
            for number, before in previous.items():
                signal.signal(number, before)
            selector.unregister(bell)
