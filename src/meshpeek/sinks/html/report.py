"""A run as one page of HTML: narration, commands, output and verdicts.

It loads nothing and needs no JavaScript, which only adds search and a switch for the dark theme.
What is at the top and changes during the run (summary, failures, outline) is in placeholders.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from markupsafe import Markup

from meshpeek import __version__
from meshpeek.run.events import (
    CommandEnded,
    CommandResult,
    CommandStarted,
    Event,
    JobsLeft,
    RunEnded,
    RunRefused,
    RunStarted,
    StepSkipped,
    TextShown,
    VerdictKind,
    WorkshopSkipped,
)
from meshpeek.sinks.html.parts import (
    Badges,
    StepView,
    clip,
    render_text,
    script,
    source_hash,
    style_sheet,
    title_of,
)
from meshpeek.sinks.html.templating import render, render_frame
from meshpeek.sinks.reports.incremental.document import Chunk, Placeholder
from meshpeek.sinks.summary import OUTCOMES, format_duration
from meshpeek.workshop.model import Command, Section, Step

_TITLE_BYTES = 400
_SUMMARY_BYTES = 500
_FAILURES_BYTES = 4000
_STATES = ("failed", "passed", "skipped")


class HtmlFormatter:
    """Turns a run's events into the page."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._title = Placeholder(_TITLE_BYTES, "meshpeek")
        self._page = render_frame(
            "report.html",
            title=self._title,
            style_sheet=style_sheet(),
            style_hash=source_hash(style_sheet()),
            script=script(),
            script_hash=source_hash(script()),
            version=__version__,
        )
        self._total: Counter[str] = Counter()
        self._paths: list[str] = []
        self._told = (0, 0)
        self._workshop: _WorkshopPart | None = None

    def head(self) -> Iterator[Chunk]:
        """Return the page's start, its style and its script."""
        yield from self._page.head

    def tail(self) -> str:
        """Return what closes the elements that are open."""
        end = self._workshop.end() if self._workshop else ""
        return end + self._page.tail

    def take(self, event: Event) -> Iterator[Chunk]:
        """Return what `event` adds or changes."""
        match event:
            case RunStarted(workshop=workshop):
                yield from self._begin(workshop.path)
                self._workshop = _WorkshopPart(event, len(self._paths), self._now())
                yield from self._workshop.head()
            case RunRefused(path=path, message=message):
                yield from self._begin(path)
                self._total["failed"] += 1
                yield _line(render("refusal.html", path=path, message=message))
            case WorkshopSkipped(path=path, reason=reason):
                yield from self._begin(path)
                yield _line(render("skipped_workshop.html", path=path, reason=reason))
            case _ if self._workshop:
                yield from self._workshop.take(event)
                self._total[_outcome(event)] += 1
        yield from self._entitle()

    def finish(self) -> Iterator[Chunk]:
        """Return nothing: the page says itself whether the run is under way."""
        yield from ()

    def _begin(self, path: str) -> Iterator[Chunk]:
        if self._workshop:
            yield self._workshop.end()
        self._workshop = None
        self._paths.append(path)

    def _entitle(self) -> Iterator[Chunk]:
        told = self._total["failed"], len(self._paths)
        if told != self._told:
            self._told = told
            failed, count = told
            path = self._paths[0][-60:]
            self._title.text = render("title.html", failed=failed, path=path, more=count - 1)
            yield self._title


class _WorkshopPart:
    """The part of the page that shows one workshop."""

    def __init__(self, event: RunStarted, number: int, started: datetime) -> None:
        self._workshop = event.workshop
        self._number = number
        self._badges = Badges(event.workshop)
        self._outline = [
            _OutlineEntry(section, f"part-{number}-{index}")
            for index, section in enumerate(event.workshop.sections)
        ]
        self._summary = Placeholder(_SUMMARY_BYTES)
        self._failures = Placeholder(_FAILURES_BYTES)
        self._frame = render_frame(
            "workshop.html",
            path=event.workshop.path,
            started=started.strftime("%Y-%m-%d %H:%M %Z"),
            rehearsal=event.rehearsal,
            title=title_of(event.workshop),
            summary=self._summary,
            failures=self._failures,
            number=number,
            outline=[entry.placeholder for entry in self._outline],
        )
        self._failed: list[Markup] = []
        self._counts: Counter[str] = Counter()
        self._attempts_before = max((each.attempt for each in event.earlier), default=0)
        self._duration: float | None = None
        self._reason = ""
        self._under_way = ""
        self._section = -1
        self._section_end = ""
        self._steps = 0
        self._attempts: list[CommandResult] = []

    def head(self) -> Iterator[Chunk]:
        """Return the workshop's title, summary, failures and outline."""
        self._sum_up()
        yield from self._frame.head

    def end(self) -> str:
        """Return what closes the elements that are open."""
        return self._section_end + self._frame.tail

    def take(self, event: Event) -> Iterator[Chunk]:
        """Return what `event` adds or changes."""
        match event:
            case TextShown(step=step, text=text):
                yield from self._enter(step)
                yield self._text(step, text)
            case CommandStarted(step=step):
                self._under_way = f", at {str(step.span)[-120:]}"
                self._sum_up()
                yield self._summary
            case CommandEnded(result=result) if not result.final:
                self._attempts.append(result.replace(output=""))
            case CommandEnded(step=step, result=result):
                attempts, self._attempts = [*self._attempts, result], []
                yield from self._enter(step)
                yield from self._settle(step, _outcome(event), result.verdict.reasons)
                yield _line(self._view(step).result(attempts).render())
            case StepSkipped(step=step, reason=reason):
                yield from self._enter(step)
                yield from self._settle(step, "skipped", (reason,))
                yield _line(self._view(step)._replace(skipped=reason).render())
            case JobsLeft(listing=listing):
                yield _line(render("jobs.html", listing=listing))
            case RunEnded(reason=reason, duration=duration, problem=problem):
                self._duration = duration
                self._reason = "" if reason.name == "FINISHED" else problem or reason.value
                if self._attempts_before and not self._reason:
                    self._reason = f"flaky: attempt {self._attempts_before + 1} passed"
                self._sum_up()
                yield self._summary

    def _enter(self, step: Step) -> Iterator[Chunk]:
        """Begin the step's section, unless it is the current one."""
        if step.section == self._section:
            return
        yield self._section_end
        self._section = step.section
        section, entry = self._workshop.sections[step.section], self._outline[step.section]
        frame = render_frame(
            "section.html",
            # A section may come up again; links lead to where it came up first.
            identity="" if entry.is_shown else entry.identity,
            heading="h2" if section.level <= 2 else "h3",
            title=entry.title,
            # The page's title shows it already.
            repeats_title=section.title == title_of(self._workshop),
        )
        entry.is_shown = True
        self._section_end = frame.tail
        yield entry.render()
        yield from frame.head

    def _settle(self, step: Command, outcome: str, reasons: Sequence[str]) -> Iterator[Chunk]:
        """Count a step, and update the top of the page."""
        self._steps += 1
        self._under_way = ""
        self._counts[outcome] += 1
        entry = self._outline[step.section]
        if _STATES.index(outcome) < _STATES.index(entry.state):
            entry.state = outcome
            yield entry.render()
        if outcome == "failed":
            self._failed.append(
                render(
                    "failure.html",
                    identity=self._identity,
                    place=step.span,
                    command=clip(step.text, 70),
                    reasons=clip("; ".join(reasons), 120),
                )
            )
            self._failures.text = self._list_failures()
            yield self._failures
        self._sum_up()
        yield self._summary

    @property
    def _identity(self) -> str:
        return f"step-{self._number}-{self._steps}"

    def _list_failures(self) -> str:
        room = _FAILURES_BYTES - 200
        shown: list[Markup] = []
        for item in self._failed:
            room -= len(item.encode(errors="replace"))
            if room < 0:
                break
            shown.append(item)
        return render("failures.html", failures=shown, more=len(self._failed) - len(shown))

    def _sum_up(self) -> None:
        is_under_way = self._duration is None
        self._summary.text = render(
            "summary.html",
            counts=[(word, self._counts[word]) for word in OUTCOMES if self._counts[word]],
            spent="" if self._duration is None else format_duration(self._duration),
            state=f"under way, or killed{self._under_way}" if is_under_way else self._reason,
        )

    def _text(self, step: Step, text: str) -> str:
        html = render_text(step, text, self._outline[step.section].title)
        return _line(html) if html else ""

    def _view(self, step: Command) -> StepView:
        return StepView(
            self._identity,
            step.text,
            "skipped",
            "skipped",
            str(step.span),
            self._badges.of(step),
            note=step.note or "",
            hidden=not step.shown,
        )


class _OutlineEntry:
    """A section's entry in the outline, in a placeholder: its state changes during the run."""

    def __init__(self, section: Section, identity: str) -> None:
        self.title = section.title or "Opening"
        self.identity = identity
        self.is_shown = False
        self._is_deep = section.level > 2
        self.placeholder = Placeholder(max(map(self._bytes_in_state, _STATES)))
        self.state = "skipped"

    def _bytes_in_state(self, state: str) -> int:
        return len(self._html(state).encode(errors="replace"))

    def _html(self, state: str) -> Markup:
        return render(
            "outline_entry.html",
            title=self.title,
            identity=self.identity,
            deep=self._is_deep,
            state=state,
        )

    def render(self) -> Placeholder:
        """Return the placeholder, updated."""
        self.placeholder.text = self._html(self.state)
        return self.placeholder


def _outcome(event: Event) -> str:
    """Return the outcome that an event counts as; empty if it does not end a step."""
    match event:
        case StepSkipped():
            return "skipped"
        case CommandEnded(result=result) if result.final:
            return "passed" if result.verdict.kind is VerdictKind.PASSED else "failed"
    return ""


def _line(html: Markup) -> str:
    return f"{html}\n"
