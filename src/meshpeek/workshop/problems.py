"""Problems in a workshop, with their places, and the error that lists them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from meshpeek.errors import MeshpeekError
from meshpeek.workshop.spans import Span, draw_excerpt, hide_in_excerpt


class Fix(NamedTuple):
    """What mends a problem: new text for the lines `first` to `last` of the file `path`."""

    path: str
    first: int
    last: int
    lines: tuple[str, ...]


class Problem(NamedTuple):
    """One thing wrong in a workshop: what, where (`span`), and what to do next (`hint`).

    `excerpt` is the drawn line with its caret, or an empty string without one.
    An error keeps the workshop from running; a warning (`is_warning`) does not, and has a `code`
    that switches it off. `fix` is what mends it, if that is safe.
    """

    message: str
    span: Span
    hint: str | None = None
    excerpt: str = ""
    is_warning: bool = False
    code: str = ""
    fix: Fix | None = None

    @classmethod
    def at(cls, text: str, span: Span, message: str, hint: str | None = None) -> Problem:
        """Make a problem that carries the excerpt of `text`, the file `span` lies in."""
        return cls(message, span, hint, draw_excerpt(text, span))

    def without(self, hide: Callable[[str], str]) -> Problem:
        """Return the problem with its texts as `hide` has them."""
        return self._replace(
            message=hide(self.message),
            hint=self.hint and hide(self.hint),
            excerpt=self.excerpt and hide_in_excerpt(self.excerpt, hide),
        )

    def render(self) -> str:
        """Return the problem as it is printed: place and message, excerpt, hint."""
        place = f"{self.span.path}:{self.span.line}:{self.span.column}"
        kind = "warning" if self.is_warning else "error"
        code = f" [{self.code}]" if self.code else ""
        lines = [f"{place}: {kind}: {self.message}{code}"]
        if self.excerpt:
            lines.append(self.excerpt)
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


class WorkshopError(MeshpeekError):
    """A workshop cannot be run: its problems, in the order of its lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].message, hint=problems[0].hint)
        self.problems = tuple(problems)

    def hide(self, hide: Callable[[str], str]) -> None:
        """Have the texts of every problem be what `hide` makes of them."""
        super().hide(hide)
        self.problems = tuple(problem.without(hide) for problem in self.problems)

    def render(self) -> str:
        """Return every problem as it is printed, with a blank line between them."""
        return "\n\n".join(problem.render() for problem in self.problems)
