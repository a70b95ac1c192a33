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
    CommandStarted,
    EarlierFailure,
    Event,
    RunEnded,
    RunRefused,
    RunStarted,
    StepSkipped,
    VerdictKind,
    WorkshopSkipped,
)
from meshpeek.sinks.difference_lines import difference_lines
from meshpeek.sinks.reports.control_characters import without_controls
from meshpeek.sinks.reports.incremental.document import Chunk, Placeholder
from meshpeek.sinks.summary import describe_attempt, shorten
from meshpeek.terminal.settled_text import visible_text
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
        self._unfinished = 1
        self.count(None, 0)

    def finish(self) -> Placeholder:
        """Count the case of the step under way no more: there is none."""
        self._unfinished = 0
        self.count(None, 0)
        return self.placeholder

    def count(self, what: str | None, seconds: float) -> None:
        """Count a case: `what` is `failures`, `errors`, `skipped`, or empty for a passed one."""
        if what is not None:
            self._counts.update(["tests", what])
        self._seconds += seconds
        words = ["tests", "failures", "errors", *(["skipped"] if self._with_skipped else [])]
        counts = self._counts + Counter(tests=self._unfinished, errors=self._unfinished)
        counted = "".join(f' {word}="{counts[word]}"' for word in words)
        self.placeholder.text = f'{counted} time="{self._seconds:.3f}"'


class JUnitFormatter:
    """Turns a run's events into the file. A step that is run again is another case.

    As long as the run goes on, the tail has an error case for what is under way. A job that is
    killed leaves the file so.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._total = _Tally(with_skipped=False)
        self._suite = _Tally(with_skipped=True)
        self._is_open = False
        self._is_finished = False
        self._path = ""
        self._under_way: Command | None = None
        self._earlier: tuple[EarlierFailure, ...] = ()
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
        if self._is_finished:
            return "</testsuites>\n"
        if self._is_open:
            return f"{self._unfinished_case()}{_END_OF_SUITE}</testsuites>\n"
        counts = 'tests="1" failures="0" errors="1" skipped="0" time="0.000"'
        suite = f'<testsuite name="meshpeek" timestamp="{self._timestamp()}" {counts}>\n'
        return f"{suite}{self._unfinished_case()}{_END_OF_SUITE}</testsuites>\n"

    def finish(self) -> Iterator[Chunk]:
        """Return what changes when no event follows. A run that was left open stays an error."""
        if self._is_open:
            return
        self._is_finished = True
        yield self._total.finish()

    def take(self, event: Event) -> Iterator[Chunk]:
        """Return what `event` adds or changes."""
        match event:
            case RunStarted(workshop=workshop, earlier=earlier):
                yield from self._begin_suite(workshop.path)
                self._earlier = earlier
                self._path = workshop.path
                self._classes = [section.title or workshop.path for section in workshop.sections]
            case RunRefused(path=path, message=message):
                yield from self._begin_suite(path)
                yield from self._workshop_case(path, message)
                yield from self._end_suite()
            case WorkshopSkipped(path=path, reason=reason):
                yield from self._begin_suite(path)
                yield f'<testcase name="{attribute(path)}" classname="{attribute(path)}"'
                yield f' file="{attribute(path)}" time="0.000">\n'
                yield f'<skipped message="{attribute(reason)}"/>\n'
                yield from self._end_case("skipped", 0)
                yield from self._end_suite()
            case CommandStarted(step=step):
                self._under_way = step
            case CommandEnded(step=step, result=result) if not result.final:
                self._attempts.append(result.replace(output=""))
            case CommandEnded(step=step, result=result):
                yield from self._case(step, result)
            case StepSkipped(step=step, reason=reason):
                yield self._start_of_case(step, 0)
                yield f'<skipped message="{attribute(reason)}"/>\n'
                yield from self._end_case("skipped", 0)
            case RunEnded(problem=problem):
                if problem is not None:
                    yield from self._workshop_case(self._path, problem)
                yield from self._end_suite()

    def _begin_suite(self, path: str) -> Iterator[Chunk]:
        yield from self._end_suite()
        self._is_open = True
        self._under_way = None
        self._suite = _Tally(with_skipped=True)
        self._names.clear()
        yield f'<testsuite name="{attribute(path)}" file="{attribute(path)}"'
        yield f' timestamp="{self._timestamp()}"'
        yield self._suite.placeholder
        yield ">\n"

    def _timestamp(self) -> str:
        return self._now().isoformat(timespec="seconds")

    def _end_suite(self) -> Iterator[Chunk]:
        if self._is_open:
            self._is_open = False
            yield self._suite.finish()
            yield _END_OF_SUITE

    def _workshop_case(self, path: str, message: str) -> Iterator[Chunk]:
        """Return the case of a workshop in which no step is to blame."""
        yield _start_of_workshop_case(path)
        yield _problem("error", "could not run", message.partition("\n")[0], message)
        yield from self._end_case("errors", 0)

    def _unfinished_case(self) -> str:
        step = self._under_way if self._is_open else None
        if step is not None:
            start, place = self._start_of_case(step, 0, count=False), f"{step.span}"
        else:
            path = self._path if self._is_open else "meshpeek"
            start, place = _start_of_workshop_case(path), path
        message = f"{place}: under way, or the job was killed"
        return f"{start}{_problem('error', 'unfinished', message, message)}</testcase>\n"

    def _case(self, step: Command, result: CommandResult) -> Iterator[Chunk]:
        attempts, self._attempts, self._under_way = [*self._attempts, result], [], None
        seconds = sum(attempt.duration for attempt in attempts)
        verdict = result.verdict
        yield self._start_of_case(step, seconds)
        what = ""
        if not verdict:
            element = "error" if verdict.kind in _ERRORS else "failure"
            what = "errors" if element == "error" else "failures"
            told = [*verdict.reasons, *([f"hint: {verdict.hint}"] if verdict.hint else [])]
            differs = difference_lines(result.difference)
            text = "\n".join([f"{step.span}", f"$ {step.text}", *told, *differs])
            yield _problem(element, verdict.kind.value, "; ".join(verdict.reasons), text)
        for failure in self._earlier:
            if failure.step.span == step.span:
                yield _earlier_problem(failure, is_flaky=bool(verdict))
        told = [f"{describe_attempt(attempt)}\n" for attempt in attempts] if attempts[1:] else []
        output = "".join([*told, shorten(visible_text(result.output), KEPT_CHARACTERS)])
        if output:
            yield f"<system-out>{content(output)}</system-out>\n"
        yield from self._end_case(what, seconds)

    def _start_of_case(self, step: Command, seconds: float, *, count: bool = True) -> str:
        name = step.name or " ".join(step.text.split())
        if len(name) > _LONGEST_NAME:
            name = f"{name[:_LONGEST_NAME]}…"
        class_name = self._classes[step.section]
        times = self._names[class_name, name] + 1
        if count:
            self._names[class_name, name] = times
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


def _start_of_workshop_case(path: str) -> str:
    name = attribute(path)
    return f'<testcase name="{name}" classname="{name}" file="{name}" time="0.000">\n'


def _problem(element: str, kind: str, message: str, text: str) -> str:
    return f'<{element} type="{kind}" message="{attribute(message)}">{content(text)}</{element}>\n'


def _earlier_problem(failure: EarlierFailure, *, is_flaky: bool) -> str:
    """Return what was wrong in an earlier attempt at the workshop, as Surefire writes it."""
    verdict = failure.result.verdict
    kind = "Error" if verdict.kind in _ERRORS else "Failure"
    element = f"{'flaky' if is_flaky else 'rerun'}{kind}"
    message = f"attempt {failure.attempt}: {'; '.join(verdict.reasons)}"
    trace = content("\n".join([f"{failure.step.span}", f"$ {failure.step.text}", message]))
    return (
        f'<{element} type="{verdict.kind.value}" message="{attribute(message)}">'
        f"<stackTrace>{trace}</stackTrace></{element}>\n"
    )


def content(text: str) -> str:
    """Return `text` as the content of an element. With `>` escaped, no `]]>` can be in it."""
    return escape(without_controls(text), quote=False)


def attribute(text: str) -> str:
    """Return `text` as the value of an attribute in double quotes; line ends are kept."""
    return escape(without_controls(text)).replace("\n", "&#10;").replace("\t", "&#9;")
