"""What pytest collects: a file for each workshop, and in it the workshop as a test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from meshpeek.cli.options import checked
from meshpeek.cli.parallel.messages import Ended, Job
from meshpeek.cli.parallel.workshop_process import run_apart
from meshpeek.cli.workshops import load
from meshpeek.errors import MeshpeekError
from meshpeek.run.settings import RunSettings
from meshpeek.sinks.run_report import RunReport
from meshpeek.sinks.summary import conclusion, describe_failure, name_step, output_tail
from meshpeek.terminal.settled_text import visible_text
from meshpeek.workshop.model import Mode, Workshop

if TYPE_CHECKING:
    from typing import Literal

    from _pytest._code.code import TerminalRepr

    _Style = Literal["long", "short", "line", "no", "native", "value", "auto"]


class WorkshopFile(pytest.File):
    """The file of a workshop."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the workshop. Raises CollectError, with the places, if it is wrong."""
        settings = RunSettings(
            Mode.CI,
            rehearse=self.config.getoption("meshpeek_rehearse"),
            sealed=self.config.getoption("meshpeek_sealed"),
            stop_on_failure=True,
            folder=self.path.parent,
            scratch=self.config.getoption("meshpeek_scratch"),
        )
        try:
            checked(settings)
        except MeshpeekError as error:
            raise pytest.UsageError(error.message) from None
        here = self.config.invocation_params.dir
        try:
            workshop = load(Path(os.path.relpath(self.path, here)), settings)
        except MeshpeekError as error:
            raise self.CollectError(error.render()) from None
        yield WorkshopItem.from_parent(
            self, name=self.path.stem, workshop=workshop, settings=settings
        )


class WorkshopItem(pytest.Item):
    """A workshop as a test: run as by `meshpeek ci`, in a process of its own, in its folder.

    It stops at the first step that fails.
    """

    def __init__(self, *, workshop: Workshop, settings: RunSettings, **values: Any) -> None:  # noqa: ANN401  # pytest's
        super().__init__(**values)
        self._workshop = workshop
        self._settings = settings

    def runtest(self) -> None:
        """Run the workshop. Raises WorkshopFailed if it does not pass."""
        report = RunReport()
        error: str | None = None
        for message in run_apart(
            Job(self._workshop, self._settings), self.config.invocation_params.dir
        ):
            if isinstance(message.content, Ended):
                error = message.content.error
            else:
                report.take(message.content)
        outcomes = [step.outcome for step in report.steps]
        for outcome in ("passed", "failed", "skipped"):
            self.user_properties.append((f"steps-{outcome}", outcomes.count(outcome)))
        if error or set(outcomes) & {"failed", "interrupted"}:
            raise WorkshopFailed(report, error)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: _Style | None = None
    ) -> str | TerminalRepr:
        """Return what pytest shows: what failed and why, then the outcome of each step.

        pytest's summary shows the first line.
        """
        if isinstance(excinfo.value, WorkshopFailed):
            return "\n".join(_describe(excinfo.value))
        if isinstance(excinfo.value, MeshpeekError):
            return excinfo.value.render()
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the workshop is, and its name."""
        return self.path, 0, self._workshop.path


class WorkshopFailed(Exception):  # noqa: N818  # it describes the workshop
    """A workshop did not pass: the outcomes of its steps, or the error that prevented the run."""

    def __init__(self, report: RunReport, error: str | None) -> None:
        super().__init__(error or "a step failed")
        self.report = report
        self.error = error


def _describe(failure: WorkshopFailed) -> Iterator[str]:

    if failure.error:
        yield failure.error
    for step in failure.report.failed:
        yield from describe_failure(step)
        for line in output_tail(visible_text(step.results[-1].output)):
            yield f"  | {line}"
        yield ""
    steps = failure.report.steps
    width = max((len(name_step(step.step)) for step in steps), default=0)
    for step in steps:
        first, *more = step.step.text.splitlines() or [""]
        place = name_step(step.step).ljust(width)
        yield f"{step.outcome:11} {place}  $ {first}{' …' if more else ''}"
    if steps:
        yield conclusion(failure.report)
