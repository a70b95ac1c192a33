"""Reading bash as the dialect has it: the lines of a fence or of a shell script."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

from meshpeek.workshop.bash import (
    CompleteCommand,
    is_continued,
    read_command,
    without_dangling_backslash,
)
from meshpeek.workshop.parse.annotations import read_annotation
from meshpeek.workshop.parse.directives import read_directives
from meshpeek.workshop.parse.elements import Bash, Element, ShellComment, TypedLine
from meshpeek.workshop.parse.placeholders import describe_placeholder, find_placeholders_in
from meshpeek.workshop.parse.text_document import TextDocument
from meshpeek.workshop.spans import Span

_CONTINUATION = re.compile(r"\\\n[ \t]*(?:##)?")
_CONTINUATION_MARK = re.compile(r"(?<=\n)[ \t]*#")
_MARK = re.compile(r"[ \t]*(#@#|#[@$#!]?)")

_CONSEQUENCE = re.compile(r"unexpected `(?:[)}]|do|done|elif|else|esac|fi|then|;;)`")
"""What follows from a mistake before it: the end of a command whose beginning is wrong."""


class ScriptReader:
    """The lines `first` to `last` (1-based, included) of a document, which are bash.

    `functions` collects the names of the functions that the script defines.
    """

    def __init__(
        self,
        document: TextDocument,
        first: int,
        last: int,
        functions: set[str],
    ) -> None:
        self._document = document
        self._first = first
        self._lines = document.lines[first - 1 : last]
        self._text = "\n".join(self._lines)
        self._starts = [0, *accumulate(len(line) + 1 for line in self._lines)]
        self._functions = functions
        self._is_wrong = False

    def read(self) -> Iterator[Element]:
        """Yield the elements of the script in their order."""
        index = 0
        while index < len(self._lines):
            line = self._lines[index]
            mark = _MARK.match(line)
            if not line.strip():
                index += 1
            elif mark is None:
                command, index = self._read_command(index)
                yield command
            elif mark.group(1) == "#":
                comment, index = self._read_comment(index)
                yield comment
            else:
                end = self._end_of_continued(index)
                yield from self._read_marked(index, end, mark)
                index = end

    def _read_marked(self, index: int, end: int, mark: re.Match[str]) -> Iterator[Element]:
        body = "\n".join(self._lines[index:end])[mark.end() :]
        number = self._first + index
        last = self._first + end - 1
        column = mark.end() + 1
        if mark.group(1) in ("##", "#@#"):
            body = _CONTINUATION.sub(" ", body)
            annotation = read_annotation(self._document, body, number, column)
            if annotation is not None:
                yield annotation
        elif mark.group(1) == "#@":
            yield from read_directives(self._document, body, number, last, column)
        elif mark.group(1) == "#$":
            text = _CONTINUATION_MARK.sub("", body).strip()
            yield TypedLine(without_dangling_backslash(text), self._document.span(number, last))

    def _read_comment(self, index: int) -> tuple[ShellComment, int]:
        start = index
        while index < len(self._lines) and self._is_comment(index):
            index = self._end_of_continued(index)
        lines = [line.rstrip() for line in self._lines[start:index]]
        span = self._document.span(self._first + start, self._first + index - 1)
        return ShellComment("\n".join(lines), span), index

    def _is_comment(self, index: int) -> bool:
        mark = _MARK.match(self._lines[index])
        return mark is not None and mark.group(1) == "#"

    def _end_of_continued(self, index: int) -> int:
        """Return the index after the line and those that backslashes at line ends add to it."""
        while index < len(self._lines) and is_continued(self._lines[index]):
            index += 1
        return min(index + 1, len(self._lines))

    def _read_command(self, index: int) -> tuple[Bash, int]:
        command = read_command(self._text, self._starts[index])
        end = bisect_right(self._starts, command.end - 1)
        end = min(end, len(self._lines))
        lines = list(self._lines[index:end])
        while lines and not lines[-1].strip():
            lines.pop()
        span = self._document.span(self._first + index, self._first + index + len(lines) - 1)
        self._functions.update(command.functions)
        self._report_error(command)
        text = without_dangling_backslash("\n".join(lines))
        return Bash(text, span, command.commands, command.pipeline), end

    def _report_error(self, command: CompleteCommand) -> None:
        error = command.error
        if error is None:
            return
        was_wrong, self._is_wrong = self._is_wrong, True
        if was_wrong and _CONSEQUENCE.search(error.message):
            return
        index = bisect_right(self._starts, error.offset) - 1
        number = self._first + index
        column = error.offset - self._starts[index] + 1
        for found in find_placeholders_in(self._lines[index]):
            place = Span(self._document.path, number, number, found.start() + 1, len(found.group()))
            self._document.report(place, *describe_placeholder(found))
            return
        place = Span(self._document.path, number, number, column, error.width)
        self._document.report(place, error.message, error.hint)
