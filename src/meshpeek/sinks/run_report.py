"""The outcome of every command of a run, section by section, gathered from events."""

from __future__ import annotations

from meshpeek.run.events import (
    CommandEnded,
    CommandResult,
    Event,
    Reason,
    RunEnded,
    RunStarted,
    StepSkipped,
    VerdictKind,
)
from meshpeek.workshop.model import Command, Section


class StepReport:
    """The outcome of a command: its attempts, in order, or why it was skipped."""

    def __init__(self, step: Command) -> None:
        self.step = step
        self.results: list[CommandResult] = []
        self.skipped: str | None = None

    @property
    def outcome(self) -> str:
        """`passed`, `failed`, `skipped` or `interrupted`; the last attempt counts."""
        if not self.results:
            return "skipped"
        verdict = self.results[-1].verdict
        if verdict.kind is VerdictKind.INTERRUPTED:
            return "interrupted"
        return "passed" if verdict else "failed"

    @property
    def duration(self) -> float:
        """Seconds spent on all attempts."""
        return sum(result.duration for result in self.results)


class SectionReport:
    """The commands of one section, in the order in which they came up."""

    def __init__(self, section: Section | None) -> None:
        self.section = section
        self.steps: list[StepReport] = []

    def count(self, outcome: str) -> int:
        """Return how many commands have the outcome `outcome`."""
        return sum(step.outcome == outcome for step in self.steps)

    @property
    def duration(self) -> float:
        """Seconds spent on this section's commands."""
        return sum(step.duration for step in self.steps)


class RunReport:
    """Grows with every event of one run; can be read at any time."""

    def __init__(self) -> None:
        self.sections: list[SectionReport] = []
        self.reason: Reason | None = None
        self.problem: str | None = None
        self.duration = 0.0
        self._started: RunStarted | None = None
        self._by_section: dict[int, SectionReport] = {}
        self._by_step: dict[int, StepReport] = {}

    def take(self, event: Event) -> None:
        """Add what `event` says."""
        match event:
            case RunStarted(resumed=resumed):
                self._started = event
                for each in resumed:
                    self.take(each)
            case CommandEnded(step=step, result=result):
                self._report(step).results.append(result)
            case StepSkipped(step=step, reason=reason):
                self._report(step).skipped = reason
            case RunEnded(reason=reason, duration=duration, problem=problem):
                self.reason, self.duration, self.problem = reason, duration, problem

    def close(self) -> None:
        """Do nothing: a report is complete at any time."""

    def _report(self, step: Command) -> StepReport:
        # By identity: a workshop may have the same text twice.
        report = self._by_step.get(id(step))
        if report is None:
            report = self._by_step[id(step)] = StepReport(step)
            self._section(step.section).steps.append(report)
        return report

    def _section(self, index: int) -> SectionReport:
        report = self._by_section.get(index)
        if report is None:
            sections = self._started.workshop.sections if self._started else ()
            section = sections[index] if index < len(sections) else None
            report = self._by_section[index] = SectionReport(section)
            self.sections.append(report)
        return report

    @property
    def steps(self) -> list[StepReport]:
        """All commands' reports, section by section."""
        return [step for section in self.sections for step in section.steps]

    @property
    def failed_attempts(self) -> int:
        """How many attempts at the workshop failed before this one."""
        earlier = self._started.earlier if self._started else ()
        return max((failure.attempt for failure in earlier), default=0)

    @property
    def has_run(self) -> bool:
        """Whether any command has run."""
        return any(step.results for step in self.steps)

    @property
    def outcome(self) -> str:
        """The outcome of the workshop: `interrupted`, `failed`, `passed`, or `skipped` if none ran.

        It is `flaky` if it passed after attempts that failed.

        A run that was interrupted or left between two commands is `interrupted` as well. One whose
        process ended is `could not run`.
        """
        if self.reason in (Reason.INTERRUPTED, Reason.QUIT):
            return "interrupted"
        if self.reason is Reason.LOST:
            return "could not run"
        if self.failed:
            return "failed"
        if self.has_run and self.failed_attempts:
            return "flaky"
        return "passed" if self.has_run else "skipped"

    @property
    def failed(self) -> list[StepReport]:
        """The commands that did not pass."""
        return [step for step in self.steps if step.outcome == "failed"]
