"""Groups in the log of a CI server, which its page folds: one for each section of a workshop."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from meshpeek.run.events import CommandStarted, Event, RunEnded, RunStarted, StepSkipped
from meshpeek.terminal.escape_sequences import ERASE_LINE_END
from meshpeek.workshop.model import Command, Workshop


class GroupStyle(NamedTuple):
    """How a server has groups: the lines at their beginning and end, empty for none.

    In both, `{time}` is in seconds since 1970, and `{number}` that of the group.
    """

    begin: str
    end: str


_GITLAB_MARK = (
    f"{ERASE_LINE_END}section_{{what}}:{{{{time}}}}:meshpeek_{{{{number}}}}\r{ERASE_LINE_END}"
)
STYLES: Mapping[str, GroupStyle] = {
    # https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    "GITHUB_ACTIONS": GroupStyle("::group::{title}", "::endgroup::"),
    # https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections
    "GITLAB_CI": GroupStyle(
        _GITLAB_MARK.format(what="start") + "{title}", _GITLAB_MARK.format(what="end")
    ),
    # https://buildkite.com/docs/pipelines/configure/managing-log-output
    "BUILDKITE": GroupStyle("--- {title}", ""),
    # https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands
    "TF_BUILD": GroupStyle("##[group]{title}", "##[endgroup]"),
}
"""The styles, by the variable that the server sets."""


def find_style(environment: Mapping[str, str]) -> GroupStyle | None:
    """Return the style of the server that meshpeek runs on, None if there is none."""
    found = (style for name, style in STYLES.items() if environment.get(name))
    return next(found, None)


class ServerGroups:
    """Says with `write`, in lines of `style`, where groups begin and end.

    It takes each event before the log does. `now` returns seconds since 1970.
    """

    def __init__(
        self, write: Callable[[str], None], style: GroupStyle, now: Callable[[], float] = time.time
    ) -> None:
        self._write = write
        self._style = style
        self._now = now
        self._workshop: Workshop | None = None
        self._section: int | None = None
        self._number = 0

    def take(self, event: Event) -> None:
        """Begin and end groups as `event` says."""
        match event:
            case RunStarted(workshop=workshop):
                self._workshop = workshop
            case CommandStarted(step=step) | StepSkipped(step=step):
                self._enter(step)
            case RunEnded():
                self._leave()

    def close(self) -> None:
        """End the group that is open."""
        self._leave()

    def _enter(self, step: Command) -> None:
        if step.section == self._section or self._workshop is None:
            return
        self._leave()
        self._section = step.section
        self._number += 1
        title = self._workshop.sections[step.section].title
        self._say(
            self._style.begin, f"{self._workshop.path}: {title}" if title else self._workshop.path
        )

    def _leave(self) -> None:
        if self._section is not None:
            self._section = None
            self._say(self._style.end, "")

    def _say(self, line: str, title: str) -> None:
        if line:
            self._write(line.format(time=int(self._now()), number=self._number, title=title))
