"""What is sent from the process of a workshop arrives as it was, whatever the pieces."""

from __future__ import annotations

import io
import os
import threading
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshpeek.cli.parallel.messages import (
    Ended,
    Job,
    MessageReader,
    MessageWriter,
    read_job,
    write_job,
)
from meshpeek.errors import ExitCode
from meshpeek.run.events import CommandStarted, OutputReceived, RunStarted, StepSkipped
from meshpeek.run.settings import RunSettings
from meshpeek.workshop.model import Command, Mode, Workshop
from meshpeek.workshop.parse import parse

TEXT = """---
meshpeek:
  contexts: [north]
  requires: {kubectl: "1.20"}
  env: {A: b}
  normalise: {replace: {"a+": b}}
  rehearsal: {north: {manifests: [k8s]}}
  matrix: {linkerd: [x]}
---
# Title

<!-- meshpeek: expect /a|b/ -->

```bash
echo a
echo a
```
"""


def read_workshop() -> Workshop:
    return parse(TEXT, "w.md", lambda path: pytest.fail(path))


def test_a_job_arrives_as_it_was() -> None:
    large = ("x" * 1_000_000,)  # more than a pipe holds
    job = Job(read_workshop(), RunSettings(Mode.CI, arguments=large))
    reading, writing = os.pipe()

    def write() -> None:
        with open(writing, "wb") as stream:
            write_job(stream, job)
            stream.write(b"not a byte more")

    writer = threading.Thread(target=write)
    writer.start()
    assert read_job(reading) == job
    writer.join()
    assert os.read(reading, 100) == b"not a byte more"
    with pytest.raises(EOFError):
        read_job(reading)
    os.close(reading)


@dataclass
class Sent:
    events: list[object]
    data: bytes


def send() -> Sent:
    workshop = read_workshop()
    first, second = (step for step in workshop.steps if isinstance(step, Command))
    events = [
        RunStarted(workshop, Mode.CI, rehearsal=False),
        CommandStarted(first, 1),
        OutputReceived(first, bytes(range(256))),
        OutputReceived(None, b""),
        StepSkipped(second, "lone \ud800 surrogate"),
        Ended(ExitCode.STEP_FAILED, "error"),
    ]
    stream = io.BytesIO()
    writer = MessageWriter(stream)
    for event in events:
        writer.send(event) if isinstance(event, Ended) else writer.take(event)
    return Sent([*events], stream.getvalue())


SENT = send()


@given(st.lists(st.integers(0, len(SENT.data)), max_size=8).map(sorted))
def test_messages_arrive_whatever_the_pieces(cuts: list[int]) -> None:
    reader = MessageReader()
    places = [0, *cuts, len(SENT.data)]
    pieces = [SENT.data[a:b] for a, b in pairwise(places)]
    assert [m.content for piece in pieces for m in reader.feed(piece)] == SENT.events


def test_a_step_is_one_object_in_all_events() -> None:
    started, begun, output, leftover, skipped, _ = (
        message.content for message in MessageReader().feed(SENT.data)
    )
    assert isinstance(started, RunStarted)
    first, second = (step for step in started.workshop.steps if isinstance(step, Command))
    assert getattr(begun, "step", None) is first
    assert getattr(output, "step", None) is first
    assert getattr(leftover, "step", first) is None
    assert getattr(skipped, "step", None) is second
