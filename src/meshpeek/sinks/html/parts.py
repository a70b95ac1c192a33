"""What a page about a workshop is made of: its text, its steps and its badges, as HTML.

The report and the page for the room are made of the same parts. An element that a page may still
change has an identity, and those in a step begin with the step's.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from markupsafe import Markup

from meshpeek.run.events import CommandResult
from meshpeek.sinks.difference_lines import difference_lines
from meshpeek.sinks.html import ansi, prose
from meshpeek.sinks.html.colours import context_colour, readable_on
from meshpeek.sinks.html.templating import render
from meshpeek.sinks.summary import describe_attempt, format_duration, shorten
from meshpeek.workshop.model import Command, Narration, Step, Workshop

KEPT_CHARACTERS = 100_000
"""How much of a command's output is shown at each end, so that browsers can draw the page."""

_NO_COLOUR, _INK = "#9aa5b6", "#16181d"
_HERE = Path(__file__)

STEP_PARTS: Mapping[str, str] = MappingProxyType(
    {
        "ending": "step_ending.html",
        "command": "step_command.html",
        "output": "step_output.html",
        "notes": "step_notes.html",
    }
)
"""What of a step may change, by the end of its identity, with its template."""


class StepView(NamedTuple):
    """What a page shows of a command.

    `command` is the text that ran or will run. `state` is a class of its element: `passed`,
    `failed`, `skipped`, or what a step does that has not ended; `verdict` says it in words.
    `place` is where it is in the workshop. A step that is `hidden` from the audience is folded.
    `recorded` is output that was shown in place of its own, and `recorded_from` says so.
    """

    identity: str
    command: str
    state: str
    verdict: str
    place: str
    badges: tuple[Badge, ...] = ()
    note: str = ""
    hidden: bool = False
    time: str = ""
    output: Markup = Markup()
    skipped: str = ""
    notes: Sequence[str] = ()
    attempts: Sequence[str] = ()
    recorded: Markup = Markup()
    recorded_from: str = ""
    difference: Sequence[str] = ()

    def result(self, attempts: Sequence[CommandResult]) -> StepView:
        """Return the view with what came of `attempts`; the last one counts."""
        last = attempts[-1]
        verdict = last.verdict
        notes = [*verdict.reasons, *([f"hint: {verdict.hint}"] if verdict.hint else [])]
        if last.shell_ended:
            notes.append("the shell ended: the next command got a new one in its state")
        return self._replace(
            command=self.command if last.edited is None else last.edited,
            state="passed" if verdict else "failed",
            verdict=verdict.kind.value,
            time=format_duration(sum(attempt.duration for attempt in attempts)),
            output=ansi.to_html(shorten(last.output, KEPT_CHARACTERS)),
            notes=notes,
            attempts=[describe_attempt(each) for each in attempts] if attempts[1:] else [],
            difference=difference_lines(last.difference),
        )

    def render(self) -> Markup:
        """Return the step's element."""
        return render("step.html", **self._values())

    def render_parts(self) -> dict[str, Markup]:
        """Return the elements in the step that may change, by their identities."""
        values = self._values()
        return {
            f"{self.identity}-{part}": render(template, **values)
            for part, template in STEP_PARTS.items()
        }

    def _values(self) -> dict[str, Any]:
        return {
            **self._asdict(),
            "lines": self.command.split("\n"),
            "clipped": clip(self.command, 60),
        }


class Badge(NamedTuple):
    """A cluster's badge, with its colour and one for the letters on it."""

    name: str
    colour: str
    ink: str


class Badges:
    """The badges of a workshop's clusters."""

    def __init__(self, workshop: Workshop) -> None:
        self._colours = {
            context.name: context_colour(context.colour)
            for context in workshop.front_matter.contexts
        }

    def of(self, step: Command) -> tuple[Badge, ...]:
        """Return the badges of the clusters that a command names."""
        return tuple(map(self._badge, step.contexts))

    def _badge(self, context: str) -> Badge:
        colour = self._colours.get(context, _NO_COLOUR)
        return Badge(context, colour, readable_on(colour, _INK))


def render_text(step: Step, text: str, section: str, identity: str = "") -> Markup:
    """Return shown text as HTML, empty if there is nothing to read; `section` is its heading."""
    if not isinstance(step, Narration):
        return render("remark.html", text=text, identity=identity)
    html = prose.to_html(text, section)
    if not html.strip():
        return Markup()
    return render("narration.html", html=html, identity=identity)


def title_of(workshop: Workshop) -> str:
    """Return the title of a workshop: its first heading, or its path."""
    titled = [section.title for section in workshop.sections if section.title]
    return titled[0] if titled else workshop.path


def clip(text: str, longest: int) -> str:
    """Return `text` on one line, with at most so many characters of it."""
    text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[:longest]}…"


@cache
def style_sheet() -> Markup:
    """Return the style sheet of all pages."""
    style = _HERE.with_name("style.css").read_text(encoding="utf-8")
    return Markup(style + ansi.style_sheet())  # noqa: S704  # ours


@cache
def script() -> Markup:
    """Return the script of all pages: search, themes and copying."""
    return Markup(_HERE.with_name("page.js").read_text(encoding="utf-8"))  # noqa: S704  # ours


def source_hash(text: str) -> str:
    """Return what a Content-Security-Policy calls an element with this content."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
