"""One page of HTML that tells a run: what was read, what was typed, what came of it.

It loads nothing and needs no JavaScript, which only adds search and a switch for the dark theme.
What stands at the top and becomes known on the way (the verdict, the failures, the outline) has
placeholders there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from meshpeek import __version__
from meshpeek.run.events import (
    CommandEnded,
    Event,
    JobsLeft,
    Result,
    RunEnded,
    RunRefused,
    RunStarted,
    StepSkipped,
    TextShown,
    VerdictKind,
)
from meshpeek.sinks.html import ansi, prose
from meshpeek.sinks.html.colours import context_colour, readable_on
from meshpeek.sinks.reports.escaping import attribute, escape
from meshpeek.sinks.reports.incremental.document import Chunk, Placeholder
from meshpeek.sinks.summary import OUTCOMES, describe_attempt, format_duration, shorten
from meshpeek.workshop.model import Command, Narration, Section, Step, Workshop

KEPT_CHARACTERS = 100_000
"""How much of a command's output the page has at each end: browsers have to draw it."""

_TITLE_BYTES = 400
_SUMMARY_BYTES = 500
_FAILURES_BYTES = 4000
_STATES = ("failed", "passed", "skipped")
_HERE = Path(__file__)


class HtmlFormatter:
    """Builds the page."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._title = Placeholder(_TITLE_BYTES, "meshpeek")
        self._total: Counter[str] = Counter()
        self._paths: list[str] = []
        self._run: _Run | None = None

    def head(self) -> Iterator[Chunk]:
        """Return the page's start, its style and its script."""
        style = _HERE.with_name("report.css").read_text(encoding="utf-8")
        script = _HERE.with_name("report.js").read_text(encoding="utf-8")
        yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        yield (
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
            "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n<title>"
        )
        yield self._title
        yield f"</title>\n<style>\n{style}{ansi.style_sheet()}\n</style>\n"
        yield f"<script>\n{script}</script>\n</head>\n{_BAR}"

    def tail(self) -> str:
        """Return what closes the elements that are open."""
        end = self._run.end() if self._run else ""
        return f"{end}</main>\n<footer>meshpeek {__version__}</footer>\n</body>\n</html>\n"

    def take(self, event: Event) -> Iterator[Chunk]:
        """Return what `event` adds or changes."""
        if isinstance(event, RunStarted):
            yield from self._begin(event.workshop.path)
            self._run = _Run(event, len(self._paths), self._now())
            yield from self._run.head()
        elif isinstance(event, RunRefused):
            yield from self._begin(event.path)
            self._total["failed"] += 1
            yield _refusal(event)
        elif self._run:
            yield from self._run.take(event)
            outcome = _outcome(event)
            if outcome:
                self._total[outcome] += 1
        yield from self._entitle()

    def _begin(self, path: str) -> Iterator[Chunk]:
        if self._run:
            yield self._run.end()
        self._run = None
        self._paths.append(path)

    def _entitle(self) -> Iterator[Chunk]:
        failed = self._total["failed"]
        mark = f"✗ {failed} failed" if failed else "✓ passed"
        more = f" and {len(self._paths) - 1} more" if self._paths[1:] else ""
        title = f"{mark} · {escape(self._paths[0][-60:])}{more}"
        if title != self._title.text:
            self._title.text = title
            yield self._title


class _Run:
    """One workshop on the page."""

    def __init__(self, event: RunStarted, number: int, started: datetime) -> None:
        self._workshop = event.workshop
        self._rehearsal = event.rehearsal
        self._number = number
        self._started = started
        self._colours = {
            context.name: context_colour(context.colour)
            for context in event.workshop.front_matter.contexts
        }
        self._outline = [
            _Entry(section, f"part-{number}-{index}")
            for index, section in enumerate(event.workshop.sections)
        ]
        self._summary = Placeholder(_SUMMARY_BYTES)
        self._failures = Placeholder(_FAILURES_BYTES)
        self._failed: list[str] = []
        self._counts: Counter[str] = Counter()
        self._duration: float | None = None
        self._reason = ""
        self._section = -1
        self._steps = 0
        self._attempts: list[Result] = []

    def head(self) -> Iterator[Chunk]:
        """Return the workshop's title, the places of its summary, and its outline."""
        path = self._workshop.path
        rehearsal = '<span class="rehearsal">rehearsal</span>' if self._rehearsal else ""
        started = self._started.strftime("%Y-%m-%d %H:%M %Z")
        yield (
            f'<article class="run">\n<header class="title">\n<p class="path">{escape(path)}'
            f" · {escape(started)}{rehearsal}</p>\n<h1>{escape(_title_of(self._workshop))}</h1>\n"
        )
        self._sum_up()
        yield self._summary
        yield "\n"
        yield self._failures
        yield f'</header>\n<nav class="outline" aria-label="Outline {self._number}">\n<ol>\n'
        for entry in self._outline:
            yield entry.placeholder
            yield "\n"
        yield '</ol>\n</nav>\n<div class="steps">\n'

    def end(self) -> str:
        """Return what closes the elements that are open."""
        return f"{'</section>' if self._section >= 0 else ''}</div>\n</article>\n"

    def take(self, event: Event) -> Iterator[Chunk]:
        """Return what `event` adds or changes."""
        match event:
            case TextShown(step=step, text=text):
                yield from self._enter(step)
                yield self._text(step, text)
            case CommandEnded(result=result) if not result.final:
                self._attempts.append(result.replace(output=""))
            case CommandEnded(step=step, result=result):
                attempts, self._attempts = [*self._attempts, result], []
                yield from self._enter(step)
                yield from self._settle(step, _outcome(event), result.verdict.reasons)
                yield self._command(step, attempts)
            case StepSkipped(step=step, reason=reason):
                yield from self._enter(step)
                yield from self._settle(step, "skipped", (reason,))
                yield self._skipped(step, reason)
            case JobsLeft(listing=listing):
                yield f'<pre class="remark">ended in the background:\n{escape(listing)}</pre>\n'
            case RunEnded(reason=reason, duration=duration):
                self._duration = duration
                self._reason = "" if reason.name == "FINISHED" else reason.value
                self._sum_up()
                yield self._summary

    def _enter(self, step: Step) -> Iterator[Chunk]:
        """Begin the step's section, unless it is the one under way."""
        if step.section == self._section:
            return
        if self._section >= 0:
            yield "</section>\n"
        self._section = step.section
        section, entry = self._workshop.sections[step.section], self._outline[step.section]
        place = "" if entry.is_shown else f' id="{entry.identity}"'
        entry.is_shown = True
        yield entry.render()
        level = "h2" if section.level <= 2 else "h3"
        # The page's own title says it already.
        seen = ' class="vh"' if section.title == _title_of(self._workshop) else ""
        yield f'<section class="part"{place}>\n<{level}{seen}>{escape(entry.title)}</{level}>\n'

    def _settle(self, step: Command, outcome: str, reasons: Sequence[str]) -> Iterator[Chunk]:
        """Count a step, and write again what that changes at the top."""
        self._steps += 1
        self._counts[outcome] += 1
        entry = self._outline[step.section]
        if _STATES.index(outcome) < _STATES.index(entry.state):
            entry.state = outcome
            yield entry.render()
        if outcome == "failed":
            self._failed.append(
                f'<li><a href="#{self._identity}">{escape(str(step.span))}</a> '
                f"<code>{escape(_clip(step.text, 70))}</code> "
                f"{escape(_clip('; '.join(reasons), 120))}</li>"
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
        shown: list[str] = []
        for item in self._failed:
            room -= len(item.encode(errors="replace"))
            if room < 0:
                shown.append(f"<li>and {len(self._failed) - len(shown)} more</li>")
                break
            shown.append(item)
        return f'<ol class="failures" aria-label="Failures">{"".join(shown)}</ol>'

    def _sum_up(self) -> None:
        counts = "".join(
            f'<span><b class="{outcome}">{self._counts[outcome]}</b> {outcome}</span>'
            for outcome in OUTCOMES
            if self._counts[outcome]
        )
        spent = "" if self._duration is None else f"<span>{format_duration(self._duration)}</span>"
        state = "under way, or killed" if self._duration is None else self._reason
        told = f"<span>{escape(state)}</span>" if state else ""
        self._summary.text = f'<p class="summary">{counts}{spent}{told}</p>'

    def _text(self, step: Step, text: str) -> str:
        if isinstance(step, Narration):
            html = prose.to_html(text, self._outline[step.section].title)
            return f'<div class="prose">{html}</div>\n' if html.strip() else ""
        return f'<p class="remark">{escape(text)}</p>\n'

    def _command(self, step: Command, attempts: Sequence[Result]) -> str:
        result = attempts[-1]
        verdict = result.verdict
        outcome = "passed" if verdict else "failed"
        seconds = sum(attempt.duration for attempt in attempts)
        body = self._terminal(step, result)
        notes = [*verdict.reasons, *([f"hint: {verdict.hint}"] if verdict.hint else [])]
        if result.shell_ended:
            notes.append("the shell ended; the next command got a fresh one in its state")
        if notes:
            items = "".join(f"<li>{escape(note)}</li>" for note in notes)
            body += f'<ul class="reasons">{items}</ul>\n'
        if attempts[1:]:
            lines = "".join(f"<li>{escape(describe_attempt(each))}</li>" for each in attempts)
            body += (
                f'<details class="attempts"><summary>{len(attempts)} attempts</summary>'
                f"<ol>{lines}</ol></details>\n"
            )
        return self._step(step, outcome, verdict.kind.value, format_duration(seconds), body)

    def _skipped(self, step: Command, reason: str) -> str:
        body = f'{self._terminal(step, None)}<p class="reasons">{escape(reason)}</p>\n'
        return self._step(step, "skipped", "skipped", "", body)

    def _step(self, step: Command, outcome: str, verdict: str, time: str, body: str) -> str:
        badges = "".join(self._badge(context) for context in step.contexts)
        place = f'<a class="place" href="#{self._identity}">{escape(str(step.span))}</a>'
        note = f'<span class="note">{escape(step.note)}</span>' if step.note else ""
        ending = f'<span class="verdict {outcome}">{verdict}</span><span class="time">{time}</span>'
        identity = f'class="step {outcome}" id="{self._identity}"'
        if step.shown:
            head = f'<div class="head">{badges}{place}{note}{ending}</div>'
            return f"<div {identity}>\n{head}\n{body}</div>\n"
        opened = " open" if outcome == "failed" else ""
        words = f"<code>{escape(_clip(step.text, 60))}</code>"
        head = f'<summary class="head">{badges}{words}<span>hidden</span>{ending}</summary>'
        return f"<details {identity}{opened}>\n{head}\n{body}</details>\n"

    def _badge(self, context: str) -> str:
        colour = self._colours.get(context, "#9aa5b6")
        ink = readable_on(colour, "#16181d")
        style = f"background:{colour};color:{ink}"
        return f'<span class="badge" style="{style}">{escape(context)}</span>'

    def _terminal(self, step: Command, result: Result | None) -> str:
        command = escape(step.text.replace("\n", "\n> "))
        shown = ansi.to_html(shorten(result.output, KEPT_CHARACTERS)) if result else ""
        output = f"\n<samp>{shown}</samp>" if shown else ""
        label = attribute(f"Command and output, {step.span}")
        return (
            f'<pre class="terminal" tabindex="0" role="group" aria-label="{label}">'
            f'<code class="command"><span class="prompt">$ </span>{command}</code>{output}</pre>\n'
        )


class _Entry:
    """A section in the outline, with a place of its own from the start: its state comes later."""

    def __init__(self, section: Section, identity: str) -> None:
        self.title = section.title or "Opening"
        self.identity = identity
        self.state = "skipped"
        self.is_shown = False
        self._deep = " deep" if section.level > 2 else ""
        self.placeholder = Placeholder(len(escape(self.title).encode(errors="replace")) + 120)

    def render(self) -> Placeholder:
        """Return the placeholder, with the entry as it is now."""
        link = f'<a href="#{self.identity}">{escape(self.title)}</a>'
        word = "" if self.state == "skipped" else f'<span class="vh">{self.state}</span>'
        self.placeholder.text = f'<li class="{self.state}{self._deep}">{link}{word}</li>'
        return self.placeholder


def _title_of(workshop: Workshop) -> str:
    titled = [section.title for section in workshop.sections if section.title]
    return titled[0] if titled else workshop.path


def _refusal(event: RunRefused) -> str:
    return (
        f'<article class="run"><header class="title"><p class="path">{escape(event.path)}</p>\n'
        '<h1>This workshop could not be run</h1>\n<pre class="terminal" tabindex="0" role="group" '
        f'aria-label="Error">{escape(event.message)}</pre></header></article>\n'
    )


def _outcome(event: Event) -> str:
    """Return the word that a step's end is counted under; none for what ends no step."""
    match event:
        case StepSkipped():
            return "skipped"
        case CommandEnded(result=result) if result.final:
            return "passed" if result.verdict.kind is VerdictKind.PASSED else "failed"
    return ""


def _clip(text: str, longest: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[:longest]}…"


_BAR = """\
<body>
<a class="skip" href="#content">To the workshop</a>
<header class="bar">
<span class="brand">meshpeek</span>
<div class="tools" role="search">
<span class="found" id="found" role="status"></span>
<label class="vh" for="find">Find in commands, output and text</label>
<input id="find" type="search" placeholder="Find ( / )" autocomplete="off">
<button id="only-failed" type="button" aria-pressed="false">Failed only</button>
<button id="theme" type="button">Theme</button>
</div>
</header>
<main id="content">
"""
