"""What the presenter's page is told."""

from __future__ import annotations

import json
from typing import Any

from meshpeek.run.events import (
    ClockRead,
    CommandEnded,
    CommandResult,
    CommandShown,
    CommandStarted,
    Moved,
    Reason,
    RunEnded,
    RunStarted,
    ScreenCleared,
    StepSkipped,
    TextShown,
    Verdict,
    VerdictKind,
    WaitEnded,
    WaitStarted,
)
from meshpeek.sinks.presenter_page.view_model import ViewModel
from meshpeek.workshop.model import Command, Mode, Narration, Workshop
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
        ("narration", ["<p>Breathe.</p>\n"]),
        ("command", ["<p>Point at the badge.</p>\n"]),
        ("command", []),
        ("narration", ["<p>The end.</p>\n"]),
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


def test_the_page_has_what_the_room_sees() -> None:
    view, workshop, (pods, _) = start()
    words = workshop.steps[0]
    assert isinstance(words, Narration)
    view.take(TextShown(words, words.text))
    view.take(CommandShown(pods))
    assert view.state["typing"]
    view.take(
        CommandEnded(pods, result(VerdictKind.PASSED).replace(output="1%\r\x1b[1m2%\x1b[m\r\n"))
    )
    stage = [(shown["kind"], shown.get("html") or shown["text"]) for shown in view.state["stage"]]
    assert stage == [
        ("narration", "<h4>One</h4>\n<p>Words.</p>\n"),
        ("command", "kubectl --context north get pods"),
        ("output", "2%"),
    ]
    view.take(ScreenCleared(words))
    assert view.state["stage"] == []


def test_at_the_end_the_page_says_so_and_sums_up() -> None:
    view, _, (pods, _) = start()
    view.take(CommandEnded(pods, result(VerdictKind.PASSED)))
    view.take(WaitStarted(None))
    assert (view.state["at_end"], view.state["waiting"]) == (True, True)
    view.take(WaitEnded(None))
    view.take(RunEnded(Reason.FINISHED, 61.0))
    assert view.state["summary"].startswith("1 passed")
