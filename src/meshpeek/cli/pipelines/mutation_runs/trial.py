"""A trial: a workshop run once on rehearsal clusters, and all that there is to see of it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from meshpeek.cli.standard_output import HEADLESS_SIZE
from meshpeek.cli.workshops import known_installations, load
from meshpeek.errors import MeshpeekError
from meshpeek.run.drivers import UnattendedDriver
from meshpeek.run.events import CommandEnded, CommandShown, TextShown
from meshpeek.run.runner import Runner
from meshpeek.run.settings import RunSettings
from meshpeek.session.session import Persistence, open_session
from meshpeek.session.shell.shell_settings import ShellSettings
from meshpeek.terminal.escape_sequences import strip_escapes
from meshpeek.workshop.linting import lint
from meshpeek.workshop.loading import read_text
from meshpeek.workshop.model import Command, Mode, Workshop
from meshpeek.workshop.values import Value

SETTINGS = RunSettings(Mode.CI, rehearse=True, stop_on_failure=True)
_LONGEST_COMMAND_SECONDS = 60.0
_SHORTEST_PATIENCE_SECONDS = 5.0
_PATIENCE = 4
"""How many times as long a repeated command may take as it did without a mutation."""

_DERIVED = frozenset({"events", "endpoints", "endpointslices", "leases", "nodes", "secrets"})
"""Kinds, by their plural, that others bring about."""

_OWN_FIELDS = frozenset(
    {
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "managedFields",
        "generation",
        "kubectl.kubernetes.io/last-applied-configuration",
    }
)


class StepTrial(Value):
    """What a command did in a trial: `seconds` are those of all its attempts."""

    path: str
    line: int
    text: str
    output: str
    reasons: tuple[str, ...]
    passed: bool
    seconds: float


class Trial(Value):
    """What there was to see of a run.

    `error` is why it could not begin. `shown` are the texts and commands that an audience sees.
    `state` is what was in the clusters at the end, a value for each field. `looks`: commands look
    at the pages that the rehearsal serves, or there are none. `findings` are those of lint.
    """

    steps: tuple[StepTrial, ...] = ()
    error: str | None = None
    shown: tuple[str, ...] = ()
    state: Mapping[str, str] = {}
    seconds: float = 0.0
    looks: bool = True
    findings: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it passed: then nobody has noticed anything."""
        return self.error is None and all(step.passed for step in self.steps)


def run_trial(folder: Path, file: str, allowed: Mapping[str, float]) -> Trial:
    """Run the workshop `file` of the folder `folder`, where it may write, and return the trial.

    `allowed` is how long each repeated command took when nothing was wrong, by its text.
    """
    os.chdir(folder)
    (folder / ".tmp").mkdir()
    os.environ["TMPDIR"] = str(folder / ".tmp")
    tempfile.tempdir = None
    began = time.monotonic()
    try:
        workshop = _impatient(load(Path(file), SETTINGS), allowed)
        trial = _run(workshop, folder / ".tmp")
    except MeshpeekError as error:
        trial = Trial(error=error.render().replace(f"{folder}/", ""))
    return trial.replace(seconds=time.monotonic() - began, findings=_lint(file))


def _lint(file: str) -> tuple[str, ...]:
    problems = lint(
        read_text(file),
        file,
        read_text,
        installations=known_installations,
        is_command=lambda word: shutil.which(word) is not None,
        exists=lambda path: Path(path).exists(),
    )
    return tuple(f"{problem.message} [{problem.code}]" for problem in problems)


def _run(workshop: Workshop, kept: Path) -> Trial:
    steps: dict[int, StepTrial] = {}
    shown: list[str] = []
    (kept / "states").mkdir()
    clusters = kept / "clusters"
    persistence = Persistence(kept / "states", clusters)
    bash = ShellSettings(size=HEADLESS_SIZE)
    with open_session(
        workshop, os.environ, bash, rehearse=True, nested=["ci"], persistence=persistence
    ) as session:
        for event in Runner(workshop, SETTINGS, session, UnattendedDriver()).run():
            if isinstance(event, CommandEnded):
                before = steps.get(id(event.step))
                steps[id(event.step)] = StepTrial(
                    event.step.span.path,
                    event.step.span.line,
                    event.step.text,
                    strip_escapes(event.result.output),
                    event.result.verdict.reasons,
                    bool(event.result.verdict),
                    event.result.duration + (before.seconds if before else 0.0),
                )
            elif isinstance(event, TextShown | CommandShown):
                shown.append(event.step.text)
    urls = {page.url for page in session.pages}
    names = [name for name, value in session.environment.items() if value in urls]
    commands = [step.text for step in workshop.steps if isinstance(step, Command)]
    looks = not urls or any(name in text for name in names for text in commands)
    state = dict(_fields_of_clusters(json.loads(clusters.read_text()))) if steps else {}
    return Trial(tuple(steps.values()), None, tuple(shown), state, looks=looks)


def _impatient(workshop: Workshop, allowed: Mapping[str, float]) -> Workshop:
    """Return the workshop with shorter limits: what is wrong stays wrong."""

    def hurried(step: Command) -> Command:
        checks = step.checks
        longest = max(_SHORTEST_PATIENCE_SECONDS, _PATIENCE * allowed.get(step.text, 0.0))
        timeout = min(checks.timeout or _LONGEST_COMMAND_SECONDS, _LONGEST_COMMAND_SECONDS)
        until = None if checks.until is None else min(checks.until, longest)
        return step.replace(checks=checks.replace(timeout=timeout, until=until))

    return workshop.replace(
        steps=tuple(hurried(s) if isinstance(s, Command) else s for s in workshop.steps)
    )


def _fields_of_clusters(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the fields of all objects that nothing else owns, each with its value."""
    for cluster, saved in document["clusters"].items():
        for kind, objects in saved["objects"].items():
            if kind.partition(".")[0] in _DERIVED:
                continue
            for each in objects:
                metadata = each.get("metadata", {})
                if "ownerReferences" in metadata:
                    continue
                name = "/".join(filter(None, [metadata.get("namespace"), metadata.get("name")]))
                yield f"{cluster}: {kind} {name}", ""
                yield from _fields(each, f"{cluster}: {kind} {name} ")


def _fields(value: object, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, child in value.items():
            is_own = (
                key in _OWN_FIELDS
                or key.endswith("resource-version")
                or (key == "status" and place.endswith(" "))
            )
            if not is_own:
                yield from _fields(child, f"{place}.{key}")
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _fields(child, f"{place}[{index}]")
    else:
        yield place, json.dumps(value)
