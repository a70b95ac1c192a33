"""A small run as events, made by hand, for sinks to tell."""

from __future__ import annotations

from collections.abc import Iterator

from meshpeek.run.events import (
    CommandEnded,
    CommandResult,
    CommandShown,
    CommandStarted,
    Event,
    JobsLeft,
    OutputReceived,
    PageOpened,
    Reason,
    RunEnded,
    RunStarted,
    ScreenCleared,
    StepSkipped,
    TextShown,
    Typed,
    Verdict,
    VerdictKind,
)
from meshpeek.workshop.model import Command, Mode, Narration
from meshpeek.workshop.parse import parse

WORKSHOP = """\
---
meshpeek:
  contexts: {north: "#56B4E9", east: "#F0E442"}
---
<!-- @SHOW -->

# Links

Names with under_scores, *emphasis*, and `code`:

- one
- two

```bash
kubectl --context north get link
kubectl --context north get svc | grep smiley-east
kubectl --context east get pods
```

<!-- @clear -->

## The end

```bash
## meshpeek: until 5s
kubectl --context=east get endpoints \\
  smiley
```
"""

PASSED = Verdict(VerdictKind.PASSED)
FAILED = Verdict(
    VerdictKind.FAILED, ("part 1 of the pipeline: exit status 1",), "there is no context nrth"
)


def result(
    output: str, verdict: Verdict = PASSED, *, attempt: int = 1, final: bool = True
) -> CommandResult:
    status = 0 if verdict else 1
    time_left = 0.0 if final else 29.5
    return CommandResult(
        attempt, status, (status,), 0.25, output, 0, verdict, final=final, time_left=time_left
    )


def attempt(step: Command, result: CommandResult) -> Iterator[Event]:
    yield CommandStarted(step, result.attempt)
    if result.output:
        yield OutputReceived(step, result.output.encode())
    yield CommandEnded(step, result)


def show(step: Command) -> Iterator[Event]:
    yield CommandShown(step)
    yield Typed(step, step.text[:7])
    yield Typed(step, step.text[7:])


def tell(mode: Mode, *, rehearsal: bool = False) -> Iterator[Event]:
    """Yield the events of a run in which all kinds of things happen."""
    workshop = parse(WORKSHOP, "w.md", lambda path: path)
    links, svc, pods, endpoints = (s for s in workshop.steps if isinstance(s, Command))
    yield RunStarted(workshop, mode, rehearsal)
    if rehearsal:
        yield PageOpened("Faces", "http://127.0.0.1:40404/4f1c/faces/")
    for step in workshop.steps:
        if isinstance(step, Narration) and step.section == links.section:
            yield TextShown(step, step.text)
    yield from show(links)
    yield from attempt(links, result("NAME   AGE\neast   4m\n"))
    yield from show(svc)
    yield from attempt(svc, result("no final newline", FAILED))
    yield OutputReceived(None, b"[1]+  Done                    sleep 5\n")
    yield StepSkipped(pods, "only present")
    yield ScreenCleared(links)
    yield from show(endpoints)
    yield from attempt(endpoints, result("not yet there\n", FAILED, attempt=1, final=False))
    yield from attempt(endpoints, result("10.23.1.12:8000\n", attempt=2))
    yield JobsLeft("[1]+ 4711 Running                 sleep 600 &\n")
    yield RunEnded(Reason.FINISHED, 65.0)
