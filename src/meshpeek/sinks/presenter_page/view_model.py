"""What the presenter's page shows, folded from a run's events: plain data, ready for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from meshpeek.run.cursor import waits_for_presenter
from meshpeek.run.events import (
    ClockRead,
    CommandEnded,
    CommandShown,
    CommandStarted,
    Event,
    Moved,
    RunEnded,
    RunStarted,
    ScreenCleared,
    StepSkipped,
    TextShown,
    WaitEnded,
    WaitStarted,
)
from meshpeek.sinks.html.prose import to_html
from meshpeek.sinks.rehearsal_banner import rehearsal_banner
from meshpeek.sinks.run_report import RunReport
from meshpeek.sinks.summary import conclusion
from meshpeek.terminal.settled_text import visible_text
from meshpeek.workshop.model import Clear, Command, Narration, Pause, SpeakerNote, Step, Workshop

_ON_STAGE = 12
"""How many of the last things that the room sees the page shows, too."""

_OUTPUT_CHARACTERS = 4000
_OUTPUT_LINES = 24


class ViewModel:
    """Follows the events of one run: `show` is what does not change once it has started."""

    def __init__(self) -> None:
        self.show: dict[str, Any] = {}
        self._indexes: dict[int, int] = {}
        self._report = RunReport()
        self._state: dict[str, Any] = {
            "current": None,
            "waiting": False,
            "typing": False,
            "running": False,
            "at_end": False,
            "stage": [],
            "summary": None,
            "outcomes": {},
            "reasons": {},
            "elapsed": 0.0,
            "clock_runs": False,
            "ended": None,
        }

    @property
    def state(self) -> dict[str, Any]:
        """Return where the show is: the index of the current step, the outcomes by index."""
        return dict(self._state)

    def take(self, event: Event) -> bool:
        """Add what `event` says; return whether that changed `state`."""
        self._report.take(event)
        changes = self._changes(event)
        self._state |= changes
        return bool(changes)

    def _changes(self, event: Event) -> dict[str, Any]:
        match event:
            case RunStarted(workshop=workshop):
                self._indexes = {id(step): index for index, step in enumerate(workshop.steps)}
                self.show = _describe(workshop, rehearsal_banner(event))
                return {"current": 0 if workshop.steps else None}
            case TextShown(step=step, text=text):
                shown = {"kind": step.kind, "text": text}
                if isinstance(step, Narration):
                    shown["html"] = to_html(text, "")
                return {**self._at(step), **self._on_stage(shown)}
            case CommandShown(step=step):
                shown = {"kind": step.kind, "text": step.text}
                return {**self._at(step), **self._on_stage(shown), "typing": True}
            case ScreenCleared():
                return {"stage": []}
            case WaitStarted(step=step):
                at = {"at_end": True} if step is None else self._at(step)
                return {**at, "waiting": True, "typing": False}
            case WaitEnded():
                return {"waiting": False}
            case Moved(step=step) if step is not None:
                return self._at(step)
            case CommandStarted(step=step):
                return {**self._at(step), "running": True, "typing": False}
            case CommandEnded(step=step, result=result) if result.final:
                reasons = {self._key(step): "; ".join(result.verdict.reasons)}
                return {
                    "running": False,
                    **self._output_on_stage(result.output),
                    "outcomes": {
                        **self._state["outcomes"],
                        self._key(step): "passed" if result.verdict else "failed",
                    },
                    "reasons": {**self._state["reasons"], **reasons},
                }
            case StepSkipped(step=step):
                skipped = {self._key(step): "skipped"}
                return {"outcomes": skipped | self._state["outcomes"]}
            case ClockRead(elapsed=elapsed, running=running):
                return {"elapsed": round(elapsed, 3), "clock_runs": running}
            case RunEnded(reason=reason):
                over = {"waiting": False, "typing": False, "running": False, "clock_runs": False}
                return {**over, "ended": reason.value, "summary": conclusion(self._report)}
        return {}

    def _at(self, step: Step) -> dict[str, Any]:
        return {"current": self._indexes[id(step)], "at_end": False}

    def _on_stage(self, shown: dict[str, str]) -> dict[str, Any]:
        return {"stage": [*self._state["stage"], shown][-_ON_STAGE:]}

    def _output_on_stage(self, output: str) -> dict[str, Any]:
        """Return the stage with the end of an output, as a person sees it."""
        lines = visible_text(output[-_OUTPUT_CHARACTERS:]).rstrip().splitlines()[-_OUTPUT_LINES:]
        return self._on_stage({"kind": "output", "text": "\n".join(lines)}) if lines else {}

    def _key(self, step: Step) -> str:
        """Return the step's index as JSON has keys."""
        return str(self._indexes[id(step)])


def _describe(workshop: Workshop, notice: str | None) -> dict[str, Any]:
    minutes = {planned.title: planned.minutes for planned in workshop.front_matter.minutes}
    notes = _place_speaker_notes(workshop)
    return {
        "path": workshop.path,
        "notice": notice,
        "contexts": [
            {"name": context.name, "colour": context.colour}
            for context in workshop.front_matter.contexts
        ],
        "sections": [
            {"title": section.title, "minutes": minutes.get(section.title)}
            for section in workshop.sections
        ],
        "steps": [
            {
                "kind": step.kind,
                "text": _text(step),
                "html": to_html(step.text, "") if isinstance(step, Narration) else None,
                "stops": waits_for_presenter(step),
                "section": step.section,
                "place": str(step.span),
                "shown": step.shown,
                "contexts": list(step.contexts) if isinstance(step, Command) else [],
                "notes": [
                    to_html(note, "")
                    for note in (
                        *([step.note] if isinstance(step, Command) and step.note else []),
                        *(note.text for note in notes.get(index, ())),
                    )
                ],
            }
            for index, step in enumerate(workshop.steps)
        ],
    }


def _text(step: Step) -> str:
    match step:
        case Pause():
            return "wait"
        case Clear():
            return "clear the screen"
    return step.text


def _place_speaker_notes(workshop: Workshop) -> dict[int, list[SpeakerNote]]:
    """Return speaker notes by the index of the step that follows, of the last step at the end."""
    placed: dict[int, list[SpeakerNote]] = {}
    for note in workshop.speaker_notes:
        index = _find_step(workshop.steps, note)
        if index is not None:
            placed.setdefault(index, []).append(note)
    return placed


def _find_step(steps: Sequence[Step], note: SpeakerNote) -> int | None:
    last = None
    for index, step in enumerate(steps):
        if step.span.path == note.span.path:
            last = index
            if step.span.end_line >= note.span.line:
                return index
    return last
