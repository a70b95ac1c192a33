"""The preview of a workshop: its pages as the room will see them, without anything run."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.console import Console, Group, RenderableType
from rich.segment import Segment, Segments
from rich.text import Text

from meshpeek.sinks.screen.badges import PROMPT, draw_badges
from meshpeek.sinks.screen.rich_markdown import draw_markdown
from meshpeek.sinks.screen.theme import code_theme, screen_theme
from meshpeek.terminal.background import Background
from meshpeek.workshop.model import AnyStep, Clear, Command, Comment, Narration, Print, Workshop
from meshpeek.workshop.problems import Problem

COLUMNS, ROWS = 80, 24
"""The size of the screen that pages are drawn for."""

Line = list[Segment]


class PreviewPage(NamedTuple):
    """What is on the screen between two times that it is cleared.

    `title` is that of the section, `steps` the numbers of the first and the last step. `notes` are
    the presenter's, `findings` those of lint: each with its line.
    """

    title: str
    steps: tuple[int, int]
    lines: Sequence[Line]
    notes: Sequence[str]
    findings: Sequence[str]

    @property
    def is_too_tall(self) -> bool:
        """Whether its beginning has left the screen before its end is there."""
        return len(self.lines) > ROWS


def draw_pages(
    workshop: Workshop, problems: Sequence[Problem], background: Background
) -> list[PreviewPage]:
    """Return the pages of a workshop that has something to show; what is hidden is left out."""
    console = Console(
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        width=COLUMNS,
        height=ROWS,
        _environ={},
    )
    console.push_theme(screen_theme(background))
    colours = {context.name: context.colour for context in workshop.front_matter.contexts}
    pages = []
    for numbered in _split(workshop.steps):
        parts = [
            part for _, step in numbered for part in _draw(step, colours, background) if step.shown
        ]
        if not parts:
            continue
        first, last = numbered[0], numbered[-1]
        spans = [step.span for _, step in numbered]
        lines = range(spans[0].line, spans[-1].end_line + 1)
        pages.append(
            PreviewPage(
                workshop.sections[next(s for _, s in numbered if s.shown).section].title,
                (first[0], last[0]),
                _without_blank_ends(console.render_lines(Group(*parts), pad=False)),
                _notes(workshop, numbered, lines),
                [
                    f"line {each.span.line}: {each.message}"
                    for each in problems
                    if each.span.path == workshop.path and each.span.line in lines
                ],
            )
        )
    return pages


def _split(steps: Sequence[AnyStep]) -> Iterator[list[tuple[int, AnyStep]]]:
    page: list[tuple[int, AnyStep]] = []
    for number, step in enumerate(steps, 1):
        page.append((number, step))
        if isinstance(step, Clear):
            yield page
            page = []
    if page:
        yield page


def _draw(
    step: AnyStep, colours: dict[str, str], background: Background
) -> Iterator[RenderableType]:
    match step:
        case Narration(text=text):
            yield draw_markdown(text, code_theme(background))
            yield Text()
        case Comment(text=text) | Print(text=text):
            yield Text(text)
            yield Text()
        case Command(text=text):
            badges = draw_badges(step, colours, rehearsal=False, plain=False)
            if badges:
                yield badges
            yield Text.assemble(PROMPT, (text.replace("\n", "\n> "), "bold"))
            yield Text()


def _notes(
    workshop: Workshop, numbered: Sequence[tuple[int, AnyStep]], lines: range
) -> Sequence[str]:
    notes = [
        (step.span.line, step.note)
        for _, step in numbered
        if isinstance(step, Command) and step.note
    ]
    notes += [
        (note.span.line, note.text)
        for note in workshop.speaker_notes
        if note.span.path == workshop.path and note.span.line in lines
    ]
    return [f"line {line}: {text}" for line, text in sorted(notes)]


def _without_blank_ends(lines: Sequence[Line]) -> Sequence[Line]:
    written = [n for n, line in enumerate(lines) if any(part.text.strip() for part in line)]
    return lines[written[0] : written[-1] + 1] if written else []


class PreviewScreen:
    """Draws one page at a time on `console`, below it notes, findings and the keys."""

    def __init__(self, console: Console, background: Background) -> None:
        console.push_theme(screen_theme(background))
        self._console = console

    def show(self, page: PreviewPage, place: str, top: int) -> int:
        """Draw a page from its line `top` on, and return the last `top` that makes sense.

        `place` says which page it is, of how many.
        """
        below = list(self._below(page, place))
        footer = self._console.render_lines(Group(*below), pad=False)
        room = max(1, self._console.height - len(footer) - 1)
        last = max(0, len(page.lines) - room)
        top = min(top, last)
        self._draw([*page.lines[top : top + room], *footer])
        return last

    def show_error(self, message: str) -> None:
        """Draw why there is nothing to show."""
        self._draw(self._console.render_lines(Text(message), pad=False))

    def _draw(self, lines: Sequence[Line]) -> None:
        self._console.clear()
        for line in lines:
            self._console.print(Segments([*line, Segment.line()]), end="")

    @staticmethod
    def _below(page: PreviewPage, place: str) -> Iterator[RenderableType]:
        first, last = page.steps
        height = f"{len(page.lines)} lines" + (f", more than {ROWS}" if page.is_too_tall else "")
        yield Text("─" * COLUMNS, "dim")
        for note in page.notes:
            yield Text(f"note, {note}", "italic")
        for finding in page.findings:
            yield Text(finding, "warn")
        yield Text(
            f"{page.title} · {place} · steps {first} to {last} · {height}",
            "warn" if page.is_too_tall else "dim",
        )
        yield Text("→ next  ← back  ↑ ↓ scroll  Q quit; the file is followed as it is saved", "dim")


def describe(page: PreviewPage) -> dict[str, object]:
    """Return a page as JSON has it: each line a list of runs of text with their style."""
    return {
        "title": page.title,
        "steps": list(page.steps),
        "too_tall": page.is_too_tall,
        "notes": list(page.notes),
        "findings": list(page.findings),
        "lines": [[_run(part) for part in line if part.text] for line in page.lines],
    }


def _run(part: Segment) -> dict[str, object]:
    run: dict[str, object] = {"text": part.text}
    style = part.style
    if style is not None:
        if style.color is not None:
            run["color"] = style.color.get_truecolor().hex
        if style.bgcolor is not None and not style.bgcolor.is_default:
            run["background"] = style.bgcolor.get_truecolor().hex
        for name in ("bold", "italic", "underline", "dim", "reverse"):
            if getattr(style, name):
                run[name] = True
    return run
