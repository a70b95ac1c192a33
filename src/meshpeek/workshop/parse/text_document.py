"""One file of a workshop: its lines, and the problems found in it."""

from __future__ import annotations

from collections.abc import Sequence

from meshpeek.workshop.model import SpeakerNote
from meshpeek.workshop.problems import Problem
from meshpeek.workshop.spans import Span, draw_line

_BYTE_ORDER_MARK = "\ufeff"


class TextDocument:
    """A file's text, with places in it and the problems they have.

    Lines end at a newline only, with or without a carriage return before it; a byte order mark
    is dropped. `problems` is shared by all files of a workshop and grows as they are read;
    `speaker_notes` are what the document's comments say, and grow as it is read.
    """

    def __init__(self, path: str, text: str, problems: list[Problem]) -> None:
        text = text.removeprefix(_BYTE_ORDER_MARK).replace("\r\n", "\n")
        self.path = path
        self.problems = problems
        self.speaker_notes: list[SpeakerNote] = []
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
        excerpt = draw_line(self.lines[span.line - 1], span)
        self.problems.append(Problem(message, span, hint, excerpt))
