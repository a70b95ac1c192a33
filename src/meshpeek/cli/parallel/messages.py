"""The messages between the process of a workshop and the one that reports its events."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import IO

from meshpeek.errors import ExitCode
from meshpeek.run.events import Event, RunStarted
from meshpeek.run.frames import FrameReader, FrameWriter, read_frame
from meshpeek.run.settings import RunSettings
from meshpeek.sinks.transcripts.transcript import Transcript
from meshpeek.workshop.model import Workshop
from meshpeek.workshop.values import Value


class Job(Value):
    """What the process of a workshop has to do; `transcript` is what it is compared with."""

    workshop: Workshop
    settings: RunSettings
    transcript: Transcript | None = None


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
        self._frames = FrameWriter()

    def take(self, event: Event) -> None:
        """Write an event. Raises OSError when the reader has gone."""
        self.send(event)
        if isinstance(event, RunStarted):
            self._frames.refer_to(event.workshop)

    def send(self, content: Event | Ended) -> None:
        """Write a message. Raises OSError when the reader has gone."""
        self._stream.write(self._frames.frame(Message(time.time(), content)))
        self._stream.flush()

    def close(self) -> None:
        """Leave the stream open for the last message."""


class MessageReader:
    """Reads messages from bytes that arrive in pieces."""

    def __init__(self) -> None:
        self._frames = FrameReader()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield the messages that `data` completes."""
        for message in self._frames.feed(data):
            if isinstance(message.content, RunStarted):
                self._frames.refer_to(message.content.workshop)
            yield message


def write_job(stream: IO[bytes], job: Job) -> None:
    """Write what a process has to do. Raises OSError when it has ended."""
    stream.write(FrameWriter().frame(job))
    stream.flush()


def read_job(descriptor: int) -> Job:
    """Read what `write_job` wrote, and no byte more. Raises EOFError if it is incomplete."""
    job: Job = read_frame(descriptor)
    return job
