"""One file of a workshop: its lines, and the problems found in it."""

from __future__ import annotations

from collections.abc import Sequence

from meshpeek.workshop.model import SpeakerNote
from meshpeek.workshop.problems import Problem
from meshpeek.workshop.spans import Span, draw_line_without

_BYTE_ORDER_MARK = "\ufeff"


class TextDocument:
    """A file's text, with places in it and the problems they have.

    Lines end at a newline only, with or without a carriage return before it; a byte order mark
    is dropped. `problems` is shared by all files of a workshop and grows as they are read;
    `speaker_notes` are what the document's comments say, and grow as it is read. `secrets` are the
    values in its settings that are marked as such, even in settings that are wrong.
    """

    def __init__(self, path: str, text: str, problems: list[Problem]) -> None:
        text = text.removeprefix(_BYTE_ORDER_MARK).replace("\r\n", "\n")
        self.path = path
        self.problems = problems
        self.speaker_notes: list[SpeakerNote] = []
        self.secrets: frozenset[str] = frozenset()
        self._hidden: dict[int, list[tuple[int, int]]] = {}
        self.text = text
        self.lines: Sequence[str] = text.split("\n")
        nul = text.find("\0")
        if nul >= 0:
            line = text.count("\n", 0, nul) + 1
            column = nul - (text.rfind("\n", 0, nul) + 1) + 1
            self.report(
                Span(path, line, line, column),
                "a NUL byte: this is not a text file",
                "save the file as UTF-8 text",
            )
            # Or else YAML and Markdown would report it again, in their own ways.
            self.text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
            self.lines = self.text.split("\n")

    @property
    def is_markdown(self) -> bool:
        """Whether this is Markdown (its path ends in `.md`) rather than a shell script."""
        return self.path.lower().endswith(".md")

    def span(self, line: int, end_line: int | None = None) -> Span:
        """Return the span of whole lines (1-based, `end_line` included), without its indent."""
        text = self.lines[line - 1]
        width = len(text.strip())
        return Span(
            self.path,
            line,
            end_line or line,
            len(text) - len(text.lstrip()) + 1 if width else 1,
            max(1, width),
        )

    def report(self, span: Span, message: str, hint: str | None = None) -> None:
        """Add a problem at `span`, a place in this document."""
        self.problems.append(Problem(message, span, hint, self.draw(span)))

    def draw(self, span: Span) -> str:
        """Return the excerpt for `span`, a place in this document."""
        hidden = self._hidden.get(span.line, ())
        return draw_line_without(self.lines[span.line - 1], span, hidden)

    def hide(self, line: int, start: int, end: int) -> None:
        """Let no excerpt show the columns (0-based) from `start` to before `end` of a line.

        Excerpts that have been drawn of it are drawn again.
        """
        apart: list[tuple[int, int]] = []
        for first, last in sorted([*self._hidden.get(line, ()), (start, end)]):
            if apart and first <= apart[-1][1]:
                apart[-1] = (apart[-1][0], max(last, apart[-1][1]))
            else:
                apart.append((first, last))
        self._hidden[line] = apart
        for number, problem in enumerate(self.problems):
            if problem.span.path == self.path and problem.span.line == line:
                self.problems[number] = problem._replace(excerpt=self.draw(problem.span))
