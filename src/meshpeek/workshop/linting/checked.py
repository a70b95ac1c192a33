"""What the rules of lint look at, and how they report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from meshpeek.workshop.bash import read_command, unquote
from meshpeek.workshop.model import Workshop
from meshpeek.workshop.parse.directives import is_known
from meshpeek.workshop.parse.elements import Bash, Directive, Element
from meshpeek.workshop.parse.imports import Conditional, Macro, Program
from meshpeek.workshop.problems import Fix, Problem
from meshpeek.workshop.spans import Span


class Checked(NamedTuple):
    """A workshop that is checked: the program it was read as, and what that stands for.

    `is_command` tells whether there is a program of a name; `exists` whether there is a file or
    folder at a path, from the working directory.
    """

    path: str
    program: Program
    workshop: Workshop
    is_command: Callable[[str], bool]
    exists: Callable[[str], bool]

    @property
    def macros(self) -> list[tuple[str, Macro]]:
        """The macros by their names."""
        return [(n, item) for n, item in self.program.names.items() if isinstance(item, Macro)]

    @property
    def bodies(self) -> list[tuple[Element | Conditional, ...]]:
        """The workshop, and the body of each macro."""
        return [self.program.items, *(macro.items for _, macro in self.macros)]

    @property
    def elements(self) -> list[Element]:
        """All elements, in bodies one after the other."""
        return [element for body in self.bodies for element in flatten(body)]

    def warn(
        self, code: str, span: Span, message: str, hint: str, fix: Fix | None = None
    ) -> Problem:
        """Return a finding; `code` is one of FINDINGS."""
        document = self.program.documents.get(span.path)
        excerpt = document.draw(span) if document else ""
        return Problem(message, span, hint, excerpt, is_warning=True, code=code, fix=fix)

    def lines_of(self, path: str) -> list[str]:
        """Return the lines of a document, none for one that there is not."""
        document = self.program.documents.get(path)
        return list(document.lines) if document else []

    def place_of(self, text: str, span: Span) -> Span:
        """Return where `text` stands in the lines of `span`; the span itself if it is not there."""
        lines = self.lines_of(span.path)
        for number in range(span.line, min(span.end_line, len(lines)) + 1):
            column = lines[number - 1].find(text)
            if column >= 0:
                return Span(span.path, number, number, column + 1, len(text))
        return span


def flatten(items: Iterable[Element | Conditional]) -> Iterator[Element]:
    """Yield the elements in `items`, those of conditionals among them."""
    for item in items:
        if isinstance(item, Conditional):
            yield from flatten(item.items)
        else:
            yield item


def simple_commands(element: Element) -> tuple[tuple[str, ...], ...]:
    """Return the simple commands that an element runs, each as its words."""
    if isinstance(element, Bash):
        return element.commands
    if isinstance(element, Directive) and not is_known(element):
        return read_command(f"{element.word} {element.argument}", 0).commands
    return ()


def aliases(elements: Iterable[Element]) -> Iterator[str]:
    """Yield the names of the aliases that bash code defines."""
    for element in elements:
        if isinstance(element, Bash):
            for command in element.commands:
                if command[0] == "alias":
                    yield from ((unquote(word) or "").partition("=")[0] for word in command[1:])
