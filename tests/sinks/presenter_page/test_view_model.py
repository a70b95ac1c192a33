"""What the presenter's page is told."""

from __future__ import annotations

import json
from typing import Any

from meshpeek.run.events import (
    ClockRead,
    CommandEnded,
    CommandResult,
    CommandStarted,
    Moved,
    Reason,
    RunEnded,
    RunStarted,
    StepSkipped,
    Verdict,
    VerdictKind,
    WaitEnded,
    WaitStarted,
)
from meshpeek.sinks.presenter_page.view_model import ViewModel
from meshpeek.workshop.model import Command, Mode, Workshop
from meshpeek.workshop.parse import parse

TALK = """\
---
meshpeek:
  contexts: {north: cyan}
  minutes: {One: 2}
---
<!-- @SHOW -->
# One

Words. <!-- Breathe. -->

<!-- meshpeek: note Point at the badge. -->
```bash
kubectl --context north get pods
false
```

# Two

<!-- The end. -->
"""


def start(text: str = TALK) -> tuple[ViewModel, Workshop, list[Command]]:
    workshop = parse(text, "w.md", lambda path: path)
    view = ViewModel()
    view.take(RunStarted(workshop, Mode.PRESENT, rehearsal=False))
    return view, workshop, [step for step in workshop.steps if isinstance(step, Command)]


def result(kind: VerdictKind, *reasons: str, final: bool = True) -> CommandResult:
    return CommandResult(1, 0, (0,), 0.1, "", 0, Verdict(kind, reasons), final=final)


def test_the_show_has_sections_steps_notes_and_the_plan() -> None:
    view, workshop, _ = start()
    assert json.loads(json.dumps(view.show)) == view.show
    assert view.show["sections"] == [
        {"title": "One", "minutes": 2.0},
        {"title": "Two", "minutes": None},
    ]
    assert view.show["contexts"] == [{"name": "north", "colour": "cyan"}]
    assert [(step["kind"], step["notes"]) for step in view.show["steps"]] == [
        ("narration", ["Breathe."]),
        ("command", ["Point at the badge."]),
        ("command", []),
        ("narration", ["The end."]),
    ]
    assert view.show["steps"][1]["contexts"] == ["north"]
    assert view.show["steps"][1]["place"] == "w.md:13"
    assert len(workshop.steps) == 4


def test_the_state_follows_the_show() -> None:
    view, workshop, (pods, wrong) = start()
    states: list[dict[str, Any]] = []
    for event in (
        WaitStarted(pods),
        ClockRead(61.5, running=True),
        WaitEnded(pods),
        CommandStarted(pods, 1),
        CommandEnded(pods, result(VerdictKind.FAILED, final=False)),
        CommandEnded(pods, result(VerdictKind.PASSED)),
        CommandStarted(wrong, 1),
        CommandEnded(wrong, result(VerdictKind.FAILED, "exit status 1")),
        Moved(workshop.steps[0]),
        RunEnded(Reason.QUIT, 90.0),
    ):
        view.take(event)
        states.append(view.state)
    assert [state["current"] for state in states] == [1, 1, 1, 1, 1, 1, 2, 2, 0, 0]
    assert [state["waiting"] for state in states[:3]] == [True, True, False]
    assert [state["running"] for state in states[3:8]] == [True, True, False, True, False]
    assert states[-1]["outcomes"] == {"1": "passed", "2": "failed"}
    assert states[-1]["reasons"]["2"] == "exit status 1"
    assert (states[1]["elapsed"], states[1]["clock_runs"]) == (61.5, True)
    assert states[-1]["ended"] == "quit"


def test_a_command_that_has_run_and_is_passed_over_later_has_run() -> None:
    view, _, (pods, wrong) = start()
    view.take(CommandEnded(pods, result(VerdictKind.PASSED)))
    view.take(StepSkipped(pods, "the presenter skipped it"))
    view.take(StepSkipped(wrong, "the presenter skipped it"))
    assert view.state["outcomes"] == {"1": "passed", "2": "skipped"}


def test_what_is_not_seen_changes_nothing() -> None:
    view, _, (pods, _) = start()
    state = view.state
    assert not view.take(CommandEnded(pods, result(VerdictKind.FAILED, final=False)))
    assert view.state == state
    assert view.take(CommandEnded(pods, result(VerdictKind.FAILED)))
    assert view.state != state
