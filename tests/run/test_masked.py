"""The stage that hides secrets before any sink learns of them."""

from __future__ import annotations

from meshpeek.run.events import (
    CommandEnded,
    CommandShown,
    CommandStarted,
    Event,
    JobsLeft,
    OutputReceived,
    RunStarted,
    StepSkipped,
    TextShown,
    Typed,
    Verdict,
    VerdictKind,
)
from meshpeek.run.masked import Masked
from meshpeek.run.masking import Masker
from meshpeek.workshop.model import Command, Mode
from meshpeek.workshop.parse import parse
from tests.sinks.story import result, tell
from tests.sinks.test_sinks import Recorder

WORKSHOP = """\
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


def test_without_secrets_the_events_are_what_they_were() -> None:
    events = list(tell(Mode.CI))
    assert masked(*events) == events
