"""How a workshop is run: what the command line and the front matter say about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from meshpeek.run.step_choice import Choice
from meshpeek.workshop.model import REHEARSE, Command, Mode, StandIn, Workshop
from meshpeek.workshop.values import Value

DEFAULT_TIMEOUT = 300.0
"""How long an unattended command may take, in seconds, where nothing else says so."""

_NESTED_WORKSHOP = re.compile(r"""["']?\$\{?SHELL\}?["']?\s+\S+\.(?:md|sh)\b""")


class RunSettings(Value):
    """How a workshop is run.

    `pace` is a factor on the time that a driver takes: for reading (`run`), or between typed
    characters (`present`). `rest` is for how many seconds a presenter must not have gone on before
    that counts. `theme` is the background that text is to be read on: `light`, `dark` or `auto`.
    `summary` is where a presentation is summed up: on the `stage`, or on the presenter's `page`.
    `kept` is what a presentation that resumes this one is told of the command line.
    `stop_on_failure`: the first failed step ends the run, except for steps
    marked `always`. `timeout` is the command line's, in seconds, None if it has none;
    `default_timeout` is what holds then. `arguments` are the workshop's own. `startup`: start-up
    files (`.demoshrc`) are read. `start` is the index of the first step, None for the beginning or
    where a resumed run stopped; `setup` runs the hidden steps before it. `resume` continues the
    last presentation; `journal` keeps what is needed for that. `folder` is where commands begin,
    None for the working directory; with `scratch` it is a copy of the workshop's folder.
    `stand_ins` are those of the command line, None where the front matter decides.
    `size` is that of the terminal (columns, rows) in a test, None where the front matter decides.
    `asks_versions`: the first event has the versions of the tools. `choice` is what takes part,
    None for everything. `workshop_timeout` is how long the run may take, in
    seconds, and `ends_at` when it has to end, by `time.monotonic`.
    `clusters` are the contexts of the rehearsal, in place of what the workshop lists or names.
    `sealed`: a rehearsal has a network of its own.
    `skips_interactive`: commands that need a person are left out (`workshop.needs_person`).
    """

    mode: Mode
    rehearse: bool = False
    clusters: tuple[str, ...] = ()
    sealed: bool = False
    skips_interactive: bool = False
    pace: float = 1.0
    rest: float = 0.0
    theme: str = "auto"
    summary: str = "stage"
    kept: Mapping[str, Any] | None = None
    stop_on_failure: bool = False
    timeout: float | None = None
    default_timeout: float = DEFAULT_TIMEOUT
    arguments: tuple[str, ...] = ()
    startup: bool = True
    start: int | None = None
    setup: bool = False
    resume: bool = False
    journal: bool = True
    folder: Path | None = None
    scratch: bool = False
    stand_ins: frozenset[StandIn] | None = None
    size: tuple[int, int] | None = None
    asks_versions: bool = False
    choice: Choice | None = None
    workshop_timeout: float | None = None
    ends_at: float | None = None

    def for_workshop(self, workshop: Workshop) -> RunSettings:
        """Return the settings with what the front matter of `workshop` says."""
        return self.replace(
            default_timeout=workshop.front_matter.timeout or DEFAULT_TIMEOUT,
            sealed=self.rehearse and (self.sealed or workshop.front_matter.sealed),
        )

    @property
    def is_test(self) -> bool:
        """Whether the run is a test, which must have a verdict."""
        return self.mode is Mode.CI

    @property
    def is_unattended(self) -> bool:
        """Whether nobody is at the keyboard."""
        return self.mode is not Mode.PRESENT

    def timeout_for(self, step: Command) -> float | None:
        """Return how long an attempt at `step` may take, in seconds; None for no limit.

        A presenter has ^C. A workshop that the step runs has limits for each of its own commands.
        """
        if step.checks.timeout is not None:
            return step.checks.timeout
        if step.checks.stop is not None and self.is_unattended:
            return step.checks.stop
        if _NESTED_WORKSHOP.match(step.text):
            return None
        if self.timeout is None and self.mode is Mode.PRESENT:
            return None
        return self.default_timeout if self.timeout is None else self.timeout

    def excludes(self, step: Command) -> str | None:
        """Return why `step` has no part in the run, None if it has."""
        words = {self.mode.value, REHEARSE} if self.rehearse else {self.mode.value}
        return step.selection.excluded_by(frozenset(words))

    def stops_at(self, step: Command, status: int) -> bool:
        """Tell whether a failure of `step`, which ended with `status`, ends the run.

        With `set -e` it does where it would end bash: the status of a pipeline is its last part's.
        """
        return self.stop_on_failure or (step.stops_run and status != 0)
