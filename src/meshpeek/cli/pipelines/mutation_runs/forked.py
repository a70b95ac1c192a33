"""Tasks in forked processes, several at a time: what is imported already costs them nothing."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Generator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple, TypeVar

_Result = TypeVar("_Result")
_GRACE_SECONDS = 20.0


class _Running(NamedTuple):
    number: int
    process: multiprocessing.context.ForkProcess
    answer: Connection
    deadline: float


def run_forked(
    tasks: Sequence[Callable[[], _Result]], count: int, patience: float
) -> Generator[tuple[int, _Result | None], None, None]:
    """Do `tasks`, `count` at a time; yield the index and the result of each as it ends.

    The result is None for a task that takes longer than `patience` seconds, or whose process dies.
    Closing the iterator ends what runs.
    """
    context = multiprocessing.get_context("fork")
    waiting = list(enumerate(tasks))
    running: list[_Running] = []
    try:
        while waiting or running:
            while waiting and len(running) < count:
                index, task = waiting.pop(0)
                here, there = context.Pipe(duplex=False)
                process = context.Process(target=_work, args=(task, there))
                process.start()
                there.close()
                running.append(_Running(index, process, here, time.monotonic() + patience))
            left = min(each.deadline for each in running) - time.monotonic()
            wait([each.answer for each in running], max(0.0, left))
            for each in running[:]:
                if each.answer.poll() or time.monotonic() >= each.deadline:
                    running.remove(each)
                    yield each.number, _take(each)
    finally:
        for each in running:
            _end(each)


def _take(run: _Running) -> Any:  # noqa: ANN401  # what its task returned
    result = None
    if run.answer.poll():
        with contextlib.suppress(EOFError):
            result = run.answer.recv()
    _end(run)
    return result


def _end(run: _Running) -> None:
    """End a process, which removes what it has made, and wait for that."""
    run.answer.close()
    if run.process.is_alive():
        run.process.join(0.2)
    for insist in (run.process.terminate, run.process.kill):
        if run.process.is_alive():
            insist()
            run.process.join(_GRACE_SECONDS)
    run.process.close()


def _work(task: Callable[[], object], answer: Connection) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        answer.send(task())
