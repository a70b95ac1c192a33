"""The pytest plugin: workshops as tests, one item for each.

pytest loads this whenever it starts, for everybody who has meshpeek installed. So nothing else is
imported before there is a workshop to collect.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from typing import Literal

    from _pytest._code.code import TerminalRepr

    from meshpeek.run.settings import RunSettings
    from meshpeek.sinks.run_report import RunReport
    from meshpeek.workshop.model import Workshop

    _Style = Literal["long", "short", "line", "no", "native", "value", "auto"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("meshpeek", "executable Markdown workshops")
    group.addoption(
        "--meshpeek",
        action="store_true",
        help="collect all workshops: .md files whose front matter has the key `meshpeek`, not only "
        "those with `pytest: true` under it; and any .md file that is named",
    )
    group.addoption(
        "--meshpeek-rehearse",
        action="store_true",
        help="run workshops on embedded clusters, each on its own; no real one is touched",
    )
    group.addoption(
        "--meshpeek-scratch",
        action="store_true",
        help="run each workshop in a copy of its folder, which is removed afterwards",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> WorkshopFile | None:
    """Collect a file if it is a workshop and selected."""
    if file_path.suffix.lower() != ".md":
        return None
    from meshpeek.workshop.folders import is_marked_for_pytest, is_workshop

    if parent.config.getoption("meshpeek"):
        is_selected = parent.session.isinitpath(file_path) or is_workshop(file_path)
    else:
        is_selected = is_marked_for_pytest(file_path)
    return WorkshopFile.from_parent(parent, path=file_path) if is_selected else None


class WorkshopFile(pytest.File):
    """The file of a workshop."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the workshop. Raises CollectError, with the places, if it is wrong."""
        from meshpeek.cli.workshops import load
        from meshpeek.errors import MeshpeekError
        from meshpeek.run.settings import RunSettings
        from meshpeek.workshop.model import Mode

        settings = RunSettings(
            Mode.CI,
            rehearse=self.config.getoption("meshpeek_rehearse"),
            stop_on_failure=True,
            folder=self.path.parent,
            scratch=self.config.getoption("meshpeek_scratch"),
        )
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
        from meshpeek.cli.parallel.messages import Ended, Job
        from meshpeek.cli.parallel.workshop_process import run_apart
        from meshpeek.sinks.run_report import RunReport

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
        from meshpeek.errors import MeshpeekError

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
    from meshpeek.sinks.summary import conclusion, describe_failure, name_step, output_tail
    from meshpeek.terminal.escape_sequences import strip_escapes

    if failure.error:
        yield failure.error
    for step in failure.report.failed:
        yield from describe_failure(step)
        for line in output_tail(strip_escapes(step.results[-1].output)):
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
