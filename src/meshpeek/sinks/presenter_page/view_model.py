"""What the presenter's page shows, folded from a run's events: plain data, ready for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from meshpeek.run.events import (
    ClockRead,
    CommandEnded,
    CommandShown,
    CommandStarted,
    Event,
    Moved,
    RunEnded,
    RunStarted,
    StepSkipped,
    TextShown,
    WaitEnded,
    WaitStarted,
)
from meshpeek.sinks.rehearsal_banner import rehearsal_banner
from meshpeek.workshop.model import Clear, Command, Pause, SpeakerNote, Step, Workshop


class ViewModel:
    """Follows the events of one run: `show` is what does not change once it has started."""

    def __init__(self) -> None:
        self.show: dict[str, Any] = {}
        self._indexes: dict[int, int] = {}
        self._state: dict[str, Any] = {
            "current": None,
            "waiting": False,
            "running": False,
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
        changes = self._changes(event)
        self._state |= changes
        return bool(changes)

    def _changes(self, event: Event) -> dict[str, Any]:
        match event:
            case RunStarted(workshop=workshop):
                self._indexes = {id(step): index for index, step in enumerate(workshop.steps)}
                self.show = _describe(workshop, rehearsal_banner(event))
                return {"current": 0 if workshop.steps else None}
            case TextShown(step=step) | CommandShown(step=step):
                return self._at(step)
            case WaitStarted(step=step):
                return {**({} if step is None else self._at(step)), "waiting": True}
            case WaitEnded():
                return {"waiting": False}
            case Moved(step=step) if step is not None:
                return self._at(step)
            case CommandStarted(step=step):
                return {**self._at(step), "running": True}
            case CommandEnded(step=step, result=result) if result.final:
                reasons = {self._key(step): "; ".join(result.verdict.reasons)}
                return {
                    "running": False,
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
                return {"ended": reason.value, "waiting": False, "clock_runs": False}
        return {}

    def _at(self, step: Step) -> dict[str, Any]:
        return {"current": self._indexes[id(step)]}

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
                "section": step.section,
                "place": str(step.span),
                "shown": step.shown,
                "contexts": list(step.contexts) if isinstance(step, Command) else [],
                "notes": [
                    *([step.note] if isinstance(step, Command) and step.note else []),
                    *(note.text for note in notes.get(index, ())),
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
