"""Reading bash as the dialect has it: the lines of a fence or of a shell script."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

from meshpeek.workshop.bash.splitter import CompleteCommand, read_command
from meshpeek.workshop.bash.words import is_continued, without_dangling_backslash
from meshpeek.workshop.parse.annotations import read_annotation
from meshpeek.workshop.parse.directives import read_directives
from meshpeek.workshop.parse.document import Document
from meshpeek.workshop.parse.elements import Bash, Element, Line, Remark
from meshpeek.workshop.spans import Span

_CONTINUATION = re.compile(r"\\\n[ \t]*(?:##)?")
_CONTINUATION_MARK = re.compile(r"(?<=\n)[ \t]*#")
_MARK = re.compile(r"[ \t]*(#[@$#!]?)")


class Script:
    """The lines `first` to `last` (1-based, included) of a document, which are bash.

    `functions` collects the names of the functions that the script defines. With
    `keep_mistakes`, what bash would refuse is no problem: bash is going to say so itself.
    """

    def __init__(
        self,
        document: Document,
        first: int,
        last: int,
        functions: set[str],
        *,
        keep_mistakes: bool = False,
    ) -> None:
        self._document = document
        self._first = first
        self._lines = document.lines[first - 1 : last]
        self._text = "\n".join(self._lines)
        self._starts = [0, *accumulate(len(line) + 1 for line in self._lines)]
        self._functions = functions
        self._keep_mistakes = keep_mistakes

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
                remark, index = self._read_remark(index)
                yield remark
            else:
                end = self._end_of_continued(index)
                yield from self._read_marked(index, end, mark)
                index = end

    def _read_marked(self, index: int, end: int, mark: re.Match[str]) -> Iterator[Element]:
        body = "\n".join(self._lines[index:end])[mark.end() :]
        number = self._first + index
        last = self._first + end - 1
        column = mark.end() + 1
        if mark.group(1) == "#@":
            yield from read_directives(self._document, body, number, last, column)
        elif mark.group(1) == "##":
            body = _CONTINUATION.sub(" ", body)
            annotation = read_annotation(self._document, body, number, column)
            if annotation is not None:
                yield annotation
        elif mark.group(1) == "#$":
            text = _CONTINUATION_MARK.sub("", body).strip()
            yield Line(without_dangling_backslash(text), self._document.span(number, last))

    def _read_remark(self, index: int) -> tuple[Remark, int]:
        start = index
        while index < len(self._lines) and self._is_remark(index):
            index = self._end_of_continued(index)
        lines = [line.rstrip() for line in self._lines[start:index]]
        span = self._document.span(self._first + start, self._first + index - 1)
        return Remark("\n".join(lines), span), index

    def _is_remark(self, index: int) -> bool:
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
        self._report_mistake(command)
        text = without_dangling_backslash("\n".join(lines))
        return Bash(text, span, command.commands, command.pipeline), end

    def _report_mistake(self, command: CompleteCommand) -> None:
        mistake = command.mistake
        if mistake is None or self._keep_mistakes:
            return
        index = bisect_right(self._starts, mistake.offset) - 1
        number = self._first + index
        column = mistake.offset - self._starts[index] + 1
        place = Span(self._document.path, number, number, column, mistake.width)
        self._document.report(place, mistake.message, mistake.hint)
