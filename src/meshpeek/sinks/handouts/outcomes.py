"""What a handout needs of a run: its workshop, and what became of each step."""

from __future__ import annotations

from meshpeek.run.events import CommandEnded, CommandResult, Event, Reason, RunStarted, TextShown
from meshpeek.sinks.run_report import RunReport
from meshpeek.terminal.settled_text import visible_text
from meshpeek.workshop.model import Command, Step, Workshop


class Outcomes:
    """Takes the events of one run."""

    def __init__(self) -> None:
        self.workshop: Workshop | None = None
        self.is_rehearsal = False
        self.results: dict[int, CommandResult] = {}
        """The last result of each command that ran, by the id of the step."""
        self._texts: dict[int, str] = {}
        self._report = RunReport()

    def take(self, event: Event) -> None:
        """Keep what became of a step."""
        self._report.take(event)
        match event:
            case RunStarted(workshop=workshop, rehearsal=rehearsal):
                self.workshop, self.is_rehearsal = workshop, rehearsal
            case TextShown(step=step, text=text):
                self._texts[id(step)] = text
            case CommandEnded(step=step, result=result) if result.final:
                self.results[id(step)] = result

    def close(self) -> None:
        """Nothing is open."""

    @property
    def is_complete(self) -> bool:
        """Whether the run has finished and all commands that ran have passed."""
        return self._report.reason is Reason.FINISHED and not self._report.failed

    def text_of(self, step: Step) -> str:
        """Return the text of a step, with its variables filled in if it was shown."""
        return self._texts.get(id(step), step.text)

    def output_of(self, step: Command) -> str | None:
        """Return what a command wrote, as plain text; None if it did not run."""
        result = self.results.get(id(step))
        return None if result is None else visible_text(result.output)
