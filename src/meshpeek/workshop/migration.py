"""Rewriting a workshop's older forms: annotations that demosh shows, and front matter.

The text alone is rewritten: what is not one of these forms stays as it is, to the letter.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Sequence
from typing import NamedTuple

from meshpeek.workshop.model import AnyStep, Command, Workshop
from meshpeek.workshop.parse import parse
from meshpeek.workshop.parse.annotations import SHELL_COMMENT
from meshpeek.workshop.parse.elements import Annotation
from meshpeek.workshop.parse.markdown import MarkdownReader
from meshpeek.workshop.parse.setting_blocks.front_matter import find_settings_lines
from meshpeek.workshop.parse.setting_blocks.front_matter_block import read_top
from meshpeek.workshop.parse.setting_blocks.settings_comment import KEY, SettingsBlock
from meshpeek.workshop.parse.text_document import TextDocument
from meshpeek.workshop.problems import Problem, WorkshopError
from meshpeek.workshop.spans import Span

_ANNOTATION = re.compile(rf"<!--[ \t]*(?P<text>{KEY}[ \t]*:.*?)[ \t]*-->[ \t]*\r?$")
_FIRST_LINE = re.compile(rf"<!--[ \t]*(?P<text>{KEY}[ \t]*:[ \t]*patch\b.*)\r?$")
_MODIFIER = re.compile(
    r"<!-- @(?:waitafter|nowaitbefore|noshow|notypeout|immed|immediate)\s*-->[ \t]*\r?$"
)
_IN_FENCE = "write `## meshpeek: …` in the fence, which demosh hides, too"
_NOWHERE = Span("", 1, 1)


class Migration(NamedTuple):
    """A workshop's new text, and what of its older forms is left to its author."""

    text: str
    left: tuple[Problem, ...]


def migrate(text: str, path: str, read: Callable[[str], str]) -> Migration:
    """Return the Markdown `text` of the file `path` with its older forms rewritten.

    `read` is as in `meshpeek.workshop.parse.parse`. Raises WorkshopError for a workshop that is
    wrong.
    """
    before = parse(text, path, read)
    document = TextDocument(path, text, [])
    if not document.is_markdown:
        return Migration(text, ())
    lines = text.split("\n")
    top = read_top(document)
    elements = MarkdownReader(document, frozenset(top.lines), set()).read()
    annotations = [element for element in elements if isinstance(element, Annotation)]
    rewriting = _Rewriting(lines, document)
    for number in sorted({a.span.line for a in annotations}):
        rewriting.rewrite(number - 1)
    if top.front_matter and not top.comment:
        rewriting.move_settings(top.front_matter)
    migrated = rewriting.text
    if migrated != text and _meaning(parse(migrated, path, read)) != _meaning(before):
        problem = Problem.at(
            text,
            Span(path, 1, 1),
            "this workshop would not mean the same in the new forms",
            "rewrite its settings by hand: a comment that begins with a line `<!-- meshpeek:`",
        )
        raise WorkshopError([problem])
    return Migration(migrated, tuple(rewriting.left))


class _Rewriting:
    """What becomes of the lines of a document: those that go, and what comes before a line."""

    def __init__(self, lines: Sequence[str], document: TextDocument) -> None:
        self._lines = lines
        self._document = document
        self._gone: set[int] = set()
        self._before: dict[int, list[str]] = {}
        self.left: list[Problem] = []

    @property
    def text(self) -> str:
        """The document's new text."""
        new: list[str] = []
        for index, line in enumerate(self._lines):
            new += self._before.get(index, ())
            if index not in self._gone:
                new.append(line)
        return "\n".join(new)

    def _replace(self, lines: range, place: int, new: list[str]) -> None:
        self._gone |= set(lines)
        self._before.setdefault(place, []).extend(new)

    def rewrite(self, index: int) -> None:
        """Rewrite the annotation at a line, if it is a comment that demosh shows."""
        lines = self._lines
        start = _start_of_comment(lines, index)
        if start is None:
            return
        end = next(n for n in range(start, len(lines)) if "-->" in lines[n])
        whole = _ANNOTATION.match(lines[start])
        if whole is None and _FIRST_LINE.match(lines[start]):
            # In JSON, the end of a line means what a blank does.
            whole = _ANNOTATION.match(" ".join(line.strip() for line in lines[start : end + 1]))
        if whole is None:
            self._leave(start, "an annotation that demosh shows is left as it is", _IN_FENCE)
            return
        text = whole.group("text")
        try:
            shlex.split(f"# {text}")
        except ValueError:
            message = "an annotation with a quote that is not closed: demosh would print it"
            self._leave(start, message, f"close the quote, or {_IN_FENCE}")
            return
        # demosh would take a modifier right above for the annotation's, not the command's.
        above = start
        while above and (
            above - 1 in self._gone
            or _MODIFIER.match(lines[above - 1])
            or not lines[above - 1].strip()
        ):
            above -= 1
        modifiers = (n for n in range(above, start) if _MODIFIER.match(lines[n]))
        rewritten = f"<!-- {SHELL_COMMENT} {text} -->{_ending(lines[end])}"
        self._replace(range(start, end + 1), next(modifiers, start), [rewritten])

    def _leave(self, index: int, message: str, hint: str) -> None:
        span = self._document.span(index + 1)
        excerpt = self._document.draw(span)
        self.left.append(Problem(message, span, hint, excerpt, is_warning=True))

    def move_settings(self, block: SettingsBlock) -> None:
        """Move the settings of front matter into a comment."""
        settings = find_settings_lines(self._document, block)
        if settings is None:
            return
        lines = self._lines
        ending = _ending(lines[block.end])
        inside = [lines[index] for index in settings.value]
        if settings.first_text is not None:
            inside[0] = settings.first_text + ending
        comment = [f"<!-- {KEY}:{ending}", *_dedented(inside), f"-->{ending}"]
        others = [n for n in range(block.first, block.end) if n not in settings.lines]
        if any(lines[n].strip() and not lines[n].lstrip().startswith("#") for n in others):
            self._replace(settings.lines, block.end + 1, comment)
            return
        comment[1:1] = [lines[n] for n in others if lines[n].strip()]
        comment[0] = ("\ufeff" if lines[0].startswith("\ufeff") else "") + comment[0]
        self._replace(block.lines, 0, comment)


def _start_of_comment(lines: Sequence[str], index: int) -> int | None:
    """Return the line that begins the comment of the annotation at `index`, None without one."""
    if lines[index].lstrip().startswith("#"):
        return None
    while "<!--" not in lines[index]:
        index -= 1
    return None if lines[index].startswith(f"<!-- {SHELL_COMMENT}") else index


def _ending(line: str) -> str:
    return "\r" if line.endswith("\r") else ""


def _dedented(lines: Sequence[str]) -> list[str]:
    depths = [len(line) - len(line.lstrip(" ")) for line in lines if line.strip()]
    depth = min(depths, default=0)
    return [line[depth:] if line.strip() else line for line in lines]


def _meaning(workshop: Workshop) -> tuple[object, ...]:
    """Return all of a workshop but its places."""
    settings = workshop.front_matter
    plans = tuple(plan.replace(line=1) for plan in settings.minutes)
    steps = tuple(_without_place(step) for step in workshop.steps)
    return settings.replace(minutes=plans), steps


def _without_place(step: AnyStep) -> AnyStep:
    step = step.replace(span=_NOWHERE)
    if isinstance(step, Command) and step.edit and step.edit.patch:
        patch = json.dumps(json.loads(step.edit.patch))
        return step.replace(edit=step.edit.replace(patch=patch))
    return step
