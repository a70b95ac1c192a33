"""Collecting the prose between two commands, as Markdown that can be shown by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

from meshpeek.workshop.parse.elements import Prose
from meshpeek.workshop.parse.text_document import TextDocument

_LINK_LABEL = re.compile(r"\[([^\[\]]+)\]")


class ProseBuffer:
    """The lines of prose since the last command, heading or directive.

    `lines` are the Markdown source, numbered from 0 here. `references` are the link definitions
    of the document as markdown-it-py has them in its environment.
    """

    def __init__(
        self, document: TextDocument, lines: Sequence[str], references: Mapping[str, Any]
    ) -> None:
        self._document = document
        self._lines = lines
        self._references = references
        self._kept: list[tuple[int, str]] = []
        self._next = 0
        self._is_rest_of_container = False

    def copy_until(self, line: int) -> None:
        """Keep the source lines up to `line` that have not been dealt with."""
        is_blank_next = self._next < line and not self._lines[self._next].strip()
        if is_blank_next and self._kept and not self._kept[-1][1]:
            self._kept.pop()
        for index in range(self._next, line):
            self._kept.append((index, self._lines[index]))
        self.skip_until(line)

    def copy_gap(self, line: int) -> None:
        """Keep what lies between two blocks, unless no prose has begun: blanks, definitions."""
        if self._kept:
            self.copy_until(line)
        self.skip_until(line)

    def skip_until(self, line: int) -> None:
        """Note that the source lines up to `line` have been dealt with."""
        self._next = max(self._next, line)

    def add(self, line: int, start: int, text: str) -> None:
        """Keep `text`, which is at `start` of the source line, after what is kept of the line."""
        if self._kept and self._kept[-1][0] == line:
            text = self._kept.pop()[1].rstrip() + text
        elif start > 0:
            text = text.lstrip()
        if text.strip():
            self._kept.append((line, text.rstrip()))

    def separate(self, line: int) -> None:
        """Keep a blank line, where the comment that ends before `line` parted two blocks."""
        if self._kept and self._kept[-1][1]:
            self._kept.append((line - 1, ""))

    def end(self, *, inside_container: bool = False) -> Prose | None:
        """Return the prose kept so far, None if there is none, and begin anew.

        With `inside_container` the prose breaks off inside a list or a quote, so that what
        follows is indented as its rest.
        """
        kept, self._kept = self._kept, []
        is_rest, self._is_rest_of_container = self._is_rest_of_container, inside_container
        written = [index for index, (_, text) in enumerate(kept) if text.strip()]
        if not written:
            return None
        kept = kept[written[0] : written[-1] + 1]
        lines = [text for _, text in kept]
        if is_rest:
            lines = _without_indent(lines)
        text = "\n".join(lines).rstrip()
        first, last = kept[0][0], kept[-1][0]
        text += self._missing_definitions(text, first, last)
        return Prose(text, self._document.span(first + 1, last + 1))

    def _missing_definitions(self, text: str, first: int, last: int) -> str:
        """Return the link definitions that the text needs and that stand elsewhere."""
        if not self._references:
            return ""
        from markdown_it.common.utils import normalizeReference

        missing: dict[str, None] = {}
        for label in _LINK_LABEL.findall(text):
            reference = self._references.get(normalizeReference(label))
            if reference and not first <= reference["map"][0] <= last:
                title = reference["title"].replace("\\", "\\\\").replace('"', '\\"')
                missing[f"[{label}]: <{reference['href']}>" + (title and f' "{title}"')] = None
        return "\n\n" + "\n".join(missing) if missing else ""


def _without_indent(lines: list[str]) -> list[str]:
    """Return `lines` without the first one's indent, up to the first that has less of it."""
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    indented = list(takewhile(lambda line: line.startswith(indent) or not line.strip(), lines))
    return [*(line[len(indent) :] for line in indented), *lines[len(indented) :]]
