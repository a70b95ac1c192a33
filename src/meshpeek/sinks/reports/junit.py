"""JUnit XML, as CI servers read it: a suite for each workshop, a case for each command.

The elements and attributes are those of the schema of Jenkins' xunit plugin (junit-10.xsd), and
`file` and `line` of a case, which pytest, GitLab and others have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from html import escape

from meshpeek.run.events import (
    CommandEnded,
    CommandResult,
    Event,
    RunRefused,
    RunStarted,
    StepSkipped,
    VerdictKind,
)
from meshpeek.sinks.reports.control_characters import without_controls
from meshpeek.sinks.reports.incremental.document import Chunk, Placeholder
from meshpeek.sinks.summary import describe_attempt, shorten
from meshpeek.terminal.escape_sequences import strip_escapes
from meshpeek.workshop.model import Command

KEPT_CHARACTERS = 50_000
"""How much of a command's output a case has at each end: servers keep these files for years."""

_TALLY_BYTES = 110
_LONGEST_NAME = 150
_ERRORS = (VerdictKind.NOT_RUN, VerdictKind.INTERRUPTED)


class _Tally:
    """The counts of a suite, or of all suites, as attributes."""

    def __init__(self, *, with_skipped: bool) -> None:
        self.placeholder = Placeholder(_TALLY_BYTES)
        self._counts: Counter[str] = Counter()
        self._with_skipped = with_skipped
        self._seconds = 0.0
        self.count(None, 0)

    def count(self, what: str | None, seconds: float) -> None:
        """Count a case: `what` is `failures`, `errors`, `skipped`, or empty for a passed one."""
        if what is not None:
            self._counts.update(["tests", what])
        self._seconds += seconds
        words = ["tests", "failures", "errors", *(["skipped"] if self._with_skipped else [])]
        counted = "".join(f' {word}="{self._counts[word]}"' for word in words)
        self.placeholder.text = f'{counted} time="{self._seconds:.3f}"'


class JUnitFormatter:
    """Turns a run's events into the file. A step that is run again is another case."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._total = _Tally(with_skipped=False)
        self._suite = _Tally(with_skipped=True)
        self._is_open = False
        self._classes: list[str] = []
        self._names: Counter[tuple[str, str]] = Counter()
        self._attempts: list[CommandResult] = []

    def head(self) -> Iterator[Chunk]:
        """Return the root's start."""
        yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="meshpeek"'
        yield self._total.placeholder
        yield ">\n"

    def tail(self) -> str:
        """Return what closes the elements that are open."""
        return f"{_END_OF_SUITE if self._is_open else ''}</testsuites>\n"

    def take(self, event: Event) -> Iterator[Chunk]:
        """Return what `event` adds or changes."""
        match event:
            case RunStarted(workshop=workshop):
                yield from self._begin_suite(workshop.path)
                self._classes = [section.title or workshop.path for section in workshop.sections]
            case RunRefused(path=path, message=message):
                yield from self._begin_suite(path)
                yield f'<testcase name="{attribute(path)}" classname="{attribute(path)}"'
                yield f' file="{attribute(path)}" time="0.000">\n'
                yield _problem("error", "could not run", message.partition("\n")[0], message)
                yield from self._end_case("errors", 0)
            case CommandEnded(step=step, result=result) if not result.final:
                self._attempts.append(result.replace(output=""))
            case CommandEnded(step=step, result=result):
                yield from self._case(step, result)
            case StepSkipped(step=step, reason=reason):
                yield self._start_of_case(step, 0)
                yield f'<skipped message="{attribute(reason)}"/>\n'
                yield from self._end_case("skipped", 0)

    def _begin_suite(self, path: str) -> Iterator[Chunk]:
        if self._is_open:
            yield _END_OF_SUITE
        self._is_open = True
        self._suite = _Tally(with_skipped=True)
        self._names.clear()
        started = self._now().isoformat(timespec="seconds")
        yield f'<testsuite name="{attribute(path)}" file="{attribute(path)}" timestamp="{started}"'
        yield self._suite.placeholder
        yield ">\n"

    def _case(self, step: Command, result: CommandResult) -> Iterator[Chunk]:
        attempts, self._attempts = [*self._attempts, result], []
        seconds = sum(attempt.duration for attempt in attempts)
        verdict = result.verdict
        yield self._start_of_case(step, seconds)
        what = ""
        if not verdict:
            element = "error" if verdict.kind in _ERRORS else "failure"
            what = "errors" if element == "error" else "failures"
            told = [*verdict.reasons, *([f"hint: {verdict.hint}"] if verdict.hint else [])]
            text = "\n".join([f"{step.span}", f"$ {step.text}", *told])
            yield _problem(element, verdict.kind.value, "; ".join(verdict.reasons), text)
        told = [f"{describe_attempt(attempt)}\n" for attempt in attempts] if attempts[1:] else []
        output = "".join([*told, shorten(strip_escapes(result.output), KEPT_CHARACTERS)])
        if output:
            yield f"<system-out>{content(output)}</system-out>\n"
        yield from self._end_case(what, seconds)

    def _start_of_case(self, step: Command, seconds: float) -> str:
        name = step.name or " ".join(step.text.split())
        if len(name) > _LONGEST_NAME:
            name = f"{name[:_LONGEST_NAME]}…"
        class_name = self._classes[step.section]
        self._names[class_name, name] += 1
        times = self._names[class_name, name]
        if times > 1:
            name = f"{name} ({times})"
        return (
            f'<testcase name="{attribute(name)}" classname="{attribute(class_name)}"'
            f' file="{attribute(step.span.path)}" line="{step.span.line}" time="{seconds:.3f}">\n'
        )

    def _end_case(self, what: str, seconds: float) -> Iterator[Chunk]:
        yield "</testcase>\n"
        for tally in (self._suite, self._total):
            tally.count(what, seconds)
            yield tally.placeholder


_END_OF_SUITE = "</testsuite>\n"


def _problem(element: str, kind: str, message: str, text: str) -> str:
    return f'<{element} type="{kind}" message="{attribute(message)}">{content(text)}</{element}>\n'


def content(text: str) -> str:
    """Return `text` as the content of an element. With `>` escaped, no `]]>` can be in it."""
    return escape(without_controls(text), quote=False)


def attribute(text: str) -> str:
    """Return `text` as the value of an attribute in double quotes; line ends are kept."""
    return escape(without_controls(text)).replace("\n", "&#10;").replace("\t", "&#9;")
