"""The messages between the process of a workshop and the one that reports its events.

Both are the same version of meshpeek, and no other process has the pipe: so this is pickle, in
frames that begin with their length. The steps of a workshop are sent once. Events refer to them by
number, so that a step is the same object in all events, as sinks expect.
"""

from __future__ import annotations

import io
import os
import pickle
import struct
import time
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import IO, Any

from meshpeek.errors import ExitCode
from meshpeek.run.events import Event, RunStarted
from meshpeek.run.settings import RunSettings
from meshpeek.workshop.model import AnyStep, Workshop
from meshpeek.workshop.values import Value

_LENGTH = struct.Struct("!Q")


class Job(Value):
    """What the process of a workshop has to do."""

    workshop: Workshop
    settings: RunSettings


class Ended(Value):
    """The last message: the exit code and, if the run failed to start, the error as printed."""

    code: ExitCode
    error: str | None = None


class Message(Value):
    """An event or the end of a run, and its time in seconds since the epoch."""

    time: float
    content: Event | Ended


class MessageWriter:
    """A sink that writes events to `stream`."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._workshop: Workshop | None = None  # keeps the ids of its steps in use
        self._numbers: Mapping[int, int] = {}

    def take(self, event: Event) -> None:
        """Write an event. Raises OSError when the reader has gone."""
        self.send(event)
        if isinstance(event, RunStarted):
            self._workshop = event.workshop
            self._numbers = {id(step): n for n, step in enumerate(event.workshop.steps)}

    def send(self, content: Event | Ended) -> None:
        """Write a message. Raises OSError when the reader has gone."""
        self._stream.write(_frame(Message(time.time(), content), self._numbers))
        self._stream.flush()

    def close(self) -> None:
        """Leave the stream open for the last message."""


class MessageReader:
    """Reads messages from bytes that arrive in pieces."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._steps: Sequence[AnyStep] = ()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield the messages that `data` completes."""
        self._buffer += data
        position = 0
        while len(self._buffer) >= (begin := position + _LENGTH.size):
            end = begin + _LENGTH.unpack_from(self._buffer, position)[0]
            if len(self._buffer) < end:
                break
            message: Message = _Unpickler(bytes(self._buffer[begin:end]), self._steps).load()
            position = end
            if isinstance(message.content, RunStarted):
                self._steps = message.content.workshop.steps
            yield message
        del self._buffer[:position]


def write_job(stream: IO[bytes], job: Job) -> None:
    """Write what a process has to do. Raises OSError when it has ended."""
    stream.write(_frame(job, {}))
    stream.flush()


def read_job(descriptor: int) -> Job:
    """Read what `write_job` wrote, and no byte more. Raises EOFError if it is incomplete."""
    (length,) = _LENGTH.unpack(_read_exactly(descriptor, _LENGTH.size))
    job: Job = _Unpickler(_read_exactly(descriptor, length), ()).load()
    return job


def _read_exactly(descriptor: int, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        block = os.read(descriptor, size - len(data))
        if not block:
            raise EOFError
        data += block
    return bytes(data)


def _frame(content: object, numbers: Mapping[int, int]) -> bytes:
    body = io.BytesIO()
    _Pickler(body, numbers).dump(content)
    return _LENGTH.pack(body.tell()) + body.getbuffer()


def _read_only(mapping: dict[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(mapping)


class _Pickler(pickle.Pickler):
    def __init__(self, file: IO[bytes], numbers: Mapping[int, int]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._numbers = numbers

    def persistent_id(self, obj: object) -> int | None:
        return self._numbers.get(id(obj))

    def reducer_override(self, obj: object) -> Any:  # noqa: ANN401  # pickle's
        if isinstance(obj, MappingProxyType):
            return _read_only, (dict(obj),)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, data: bytes, steps: Sequence[AnyStep]) -> None:
        super().__init__(io.BytesIO(data))
        self._steps = steps

    def persistent_load(self, pid: int) -> AnyStep:
        return self._steps[pid]
