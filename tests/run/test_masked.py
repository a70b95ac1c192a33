"""The stage that hides secrets before any sink learns of them."""

from __future__ import annotations

from typing import Any

import pytest

from meshpeek.run.actions import Action
from meshpeek.run.captured_output import CapturedOutput, omission
from meshpeek.run.events import (
    ClockRead,
    CommandEnded,
    CommandShown,
    CommandStarted,
    Difference,
    DifferenceRow,
    Event,
    HelpShown,
    JobsLeft,
    OutputReceived,
    OverlayClosed,
    Reason,
    Redrawn,
    RunRefused,
    RunStarted,
    StepSkipped,
    TextShown,
    Typed,
    Verdict,
    VerdictKind,
    WaitStarted,
    WorkshopSkipped,
)
from meshpeek.run.masked import Masked
from meshpeek.run.masking import Masker
from meshpeek.run.presenting.bindings import Binding
from meshpeek.run.presenting.outline import Outline, Place
from meshpeek.workshop.model import Command, Mode
from meshpeek.workshop.parse import parse
from tests.sinks.story import result, tell
from tests.sinks.test_sinks import Recorder

WORKSHOP = """\
---
meshpeek:
  env: {TOKEN: {value: hunter2, secret: true}, OTHER: about hunter2}
  minutes: {About hunter2: 3}
---
<!-- a remark: hunter2 -->

# About hunter2

Say hunter2.

```bash
## meshpeek: name say-hunter2
## meshpeek: note hunter2 it is
echo hunter2
true
```
"""


def masked(*events: Event) -> list[Event]:
    recorder = Recorder()
    stage = Masked(Masker(["hunter2"]), recorder.take)
    for event in events:
        stage.take(event)
    return recorder.taken


def test_nothing_of_a_secret_is_left_in_any_event() -> None:
    workshop = parse(WORKSHOP, "w.md", lambda path: path)
    told, step, other = workshop.steps
    assert isinstance(step, Command)
    assert not isinstance(told, Command | type(None))
    verdict = Verdict(VerdictKind.FAILED, ("it lacks hunter2",), "use hunter2")
    events = masked(
        RunStarted(workshop, Mode.CI, False),
        TextShown(told, "Say hunter2."),  # type: ignore[arg-type]
        CommandShown(step),
        Typed(step, "echo hun"),
        Typed(step, "ter2"),
        CommandStarted(step, 1),
        OutputReceived(step, b"a hun"),
        OutputReceived(step, b"ter2 b"),
        OutputReceived(None, b"hunter"),
        CommandEnded(step, result("a hunter2 b\x1b[1mhun\x1b[0mter2", verdict)),
        StepSkipped(other, "because of hunter2"),  # type: ignore[arg-type]
        JobsLeft("echo hunter2 &"),
    )
    assert "hunter2" not in repr(events)
    shown = b"".join(event.data for event in events if isinstance(event, OutputReceived))
    assert shown == b"a *** bhunter"
    typed = "".join(event.text for event in events if isinstance(event, Typed))
    assert typed == "echo ***"
    started = events[0]
    assert isinstance(started, RunStarted)
    steps = {id(each) for each in started.workshop.steps}
    assert all(id(event.step) in steps for event in events if isinstance(event, Typed))
    ended = events[-3]
    assert isinstance(ended, CommandEnded)
    assert ended.result.output == "a *** b***"
    assert ended.step.text == "echo ***"


COMMAND = parse("```bash\necho hunter2\n```\n", "w.md", str).steps[0]
SAMPLES: dict[str, Any] = {
    "str": "hunter2",
    "str | None": "hunter2",
    "bytes": b"hunter2",
    "int": 1,
    "int | None": 1,
    "float": 1.0,
    "bool": True,
    "Mode": Mode.CI,
    "Reason": Reason.FINISHED,
    "Workshop": parse(WORKSHOP, "w.md", str),
    "CommandResult": result("hunter2", Verdict(VerdictKind.FAILED, ("hunter2",), "x")).replace(
        edited="hunter2",
        difference=Difference("hunter2", (DifferenceRow("hunter2", "hunter2", True),), "hunter2"),
    ),
    "Outline": Outline((Place(0, 1, "hunter2"),), "hunter2"),
    "tuple[Binding, ...]": (Binding(Action.GO, ("hunter2",), "hunter2"),),
    "tuple[CommandEnded | StepSkipped, ...]": (StepSkipped(COMMAND, "hunter2"),),
}  # fmt: skip


@pytest.mark.parametrize("kind", Event.__subclasses__(), ids=lambda kind: kind.__name__)
def test_no_field_of_an_event_is_forgotten(kind: type[Event]) -> None:
    workshop = SAMPLES["Workshop"]
    fields = {
        name: SAMPLES.get(annotation, workshop.steps[-1])
        for name, annotation in kind.__annotations__.items()
    }
    if kind in (RunRefused, WorkshopSkipped):
        fields["path"] = "w.md"  # what tells which workshop it is
    start = RunStarted(workshop, Mode.CI, rehearsal=False)
    assert "hunter2" not in repr(masked(start, kind(**fields), JobsLeft("")))


def test_what_is_typed_is_hidden_whatever_the_presenter_does_meanwhile() -> None:
    step = SAMPLES["Workshop"].steps[-1]
    events = masked(
        Typed(step, "echo hun"),
        ClockRead(1.0, running=True),
        HelpShown(()),
        OverlayClosed(),
        Typed(step, "te"),
        OutputReceived(None, b"of a job: hun"),
        Redrawn(),
        Typed(step, "r2"),
        OutputReceived(None, b"g"),
        Typed(step, " h"),
        WaitStarted(step),
    )
    assert "".join(event.text for event in events if isinstance(event, Typed)) == "echo *** h"
    output = [event.data for event in events if isinstance(event, OutputReceived)]
    assert b"".join(output) == b"of a job: hung"
    assert isinstance(events[-1], WaitStarted)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a hunt[…]er2 b", "a […] b"),
        ("a hunter2[…]hunter2 b", "a ***[…] b"),
        ("--token=abcdefgh12[…]ijklm next", "--token=[…] next"),
        ("plain[…]ly said", "plain[…] said"),
    ],
)
def test_an_output_that_was_cut_shows_no_part_of_a_secret(written: str, shown: str) -> None:
    head, tail = (text.encode() for text in written.split("[…]"))
    captured = CapturedOutput(kept=64)
    for data in (head.rjust(64), b"x" * 1000, tail.ljust(64)):
        captured.add(data)
    assert captured.omitted == 1000
    step = SAMPLES["Workshop"].steps[-1]
    ended = result(captured.text(), Verdict(VerdictKind.PASSED)).replace(omitted=captured.omitted)
    (event,) = masked(CommandEnded(step, ended))
    assert isinstance(event, CommandEnded)
    seen = event.result.output.replace(omission(captured.omitted), "[…]").strip()
    assert seen == shown


def test_without_secrets_the_events_are_what_they_were() -> None:
    events = list(tell(Mode.CI))
    assert masked(*events) == events
