"""Reading Markdown as the dialect has it: prose, headings, executed fences, comments.

CommonMark says where blocks begin and end (markdown-it-py), except inside HTML comments: there
the dialect goes by lines, because fences and directives count even in a comment that its author
forgot to close.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

from meshpeek.workshop.model import SpeakerNote
from meshpeek.workshop.parse.annotations import SHELL_COMMENT, read_annotation
from meshpeek.workshop.parse.directives import read_directives
from meshpeek.workshop.parse.elements import Annotation, Element, Heading
from meshpeek.workshop.parse.html_comments import (
    COMMENT_MARK,
    EXECUTED_FENCE,
    comment_rule,
    find_fence_end,
    html_rule,
)
from meshpeek.workshop.parse.narration import ProseBuffer
from meshpeek.workshop.parse.script import ScriptReader
from meshpeek.workshop.parse.text_document import TextDocument
from meshpeek.workshop.parse.vocabulary import OF_SECTIONS
from meshpeek.workshop.spans import Span

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_DIRECTIVE = re.compile(r"\s*@(?!#)")
_DIRECTIVES_ONLY = re.compile(r"\s*(?:<!--\s*@[^\n]*?-->\s*)+")
_INLINE = re.compile(
    r"(?<!`)(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)|\\.|(?P<comment><!--.*?-->)", re.DOTALL
)
_INLINE_OR_COMMENT = re.compile(r"^(?:[^`<]|`[^`]*`|<(?!!--))*?(?P<comment><!--)")
_LONGEST_ANNOTATION = 200
_MARKUP = re.compile(r"[\\`*_<\[&!]")


class Fence(NamedTuple):
    """A fenced block: what follows its opening mark, its first line, whether it runs, its text."""

    language: str
    span: Span
    is_run: bool
    text: str


class MarkdownReader:
    """A document that is Markdown but for the lines with the indexes `not_text`.

    `functions` is as in `ScriptReader`.
    """

    def __init__(
        self,
        document: TextDocument,
        not_text: frozenset[int],
        functions: set[str],
    ) -> None:
        self._document = document
        self._lines = _lines_of_text(document, not_text)
        self._functions = functions
        self._environment: dict[str, Any] = {"lines": self._lines, "references": {}}
        self._prose = ProseBuffer(document, self._lines, self._environment["references"])
        self._is_inside_container = False
        self._elements: list[Element] = []

    def read(self) -> Sequence[Element]:
        """Return the elements of the document in their order."""
        tokens = _read_tokens(self._lines, self._environment)
        if self._drop_open_fences(tokens):
            self._environment.pop("unclosed", None)
            tokens = _read_tokens(self._lines, self._environment)
        end = 0
        for index, token in enumerate(tokens):
            if token.level == 0 and token.map:
                self._prose.copy_gap(token.map[0])
                end = token.map[1]
            if token.type == "heading_open" and token.level == 0:
                self._begin_section(token, tokens[index + 1])
            elif token.type == "fence" and token.level == 0:
                self._read_fence(token)
            elif token.map and _may_hold_comment(token):
                self._read_comments(token)
            if token.level == 0 and token.nesting <= 0:
                self._prose.copy_until(end)
        self._end_prose()
        return self._elements

    def _drop_open_fences(self, tokens: Sequence[Token]) -> bool:
        """Report blocks of bash that are never closed; tell whether there are any.

        Their opening lines go. So what follows is read as the prose that it is, and is no mistake.
        """
        found = False
        for token in tokens:
            first, end = _lines_of(token)
            if token.type != "fence" or token.level or not EXECUTED_FENCE.match(self._lines[first]):
                continue
            again = re.compile(rf"{token.markup}`*(?:bash|sh)")
            openings = [first, *(n for n in range(first + 1, end) if again.match(self._lines[n]))]
            next_ones: list[int | None] = [*openings[1:], None]
            for opening, following in zip(openings, next_ones, strict=True):
                if following is not None or not _is_closed(token):
                    self._report_open_fence(opening, token.markup, following)
                    self._lines[opening] = ""
                    found = True
        return found

    def _report_open_fence(self, opening: int, markup: str, following: int | None) -> None:
        before = f" before line {following + 1}, which begins another" if following else ""
        self._document.report(
            self._document.span(opening + 1),
            "fence is never closed",
            f"add a line {markup} where the block ends{before}",
        )

    def _end_prose(self) -> None:
        prose = self._prose.end(inside_container=self._is_inside_container)
        if prose is not None:
            self._elements.append(prose)

    def _begin_section(self, token: Token, inline: Token) -> None:
        self._end_prose()
        first, end = _lines_of(token)
        span = self._document.span(first + 1, end)
        self._elements.append(Heading(_plain_title(inline.content), int(token.tag[1:]), span))

    def _read_fence(self, token: Token) -> None:
        first, end = _lines_of(token)
        is_closed = _is_closed(token)
        if not is_closed:
            self._report_open_fence(first, token.markup, None)
        if EXECUTED_FENCE.match(self._lines[first]):
            self._read_script(first + 1, end - 1 if is_closed else end)
            self._prose.skip_until(end)
        elif self._is_marked_as_output(first):
            self._elements.pop()
            self._prose.skip_until(end)

    def _is_marked_as_output(self, first: int) -> bool:
        """Tell whether the block whose first line is `first` was written by a run."""
        mark = self._elements[-1] if self._elements else None
        if not isinstance(mark, Annotation) or mark.word != "output":
            return False
        return not any(line.strip() for line in self._lines[mark.span.line : first])

    def _read_script(self, first: int, end: int) -> None:
        self._end_prose()
        script = ScriptReader(self._document, first + 1, end, self._functions)
        self._elements.extend(script.read())

    def _read_comments(self, token: Token) -> None:
        first, end = _lines_of(token)
        self._prose.copy_until(first)
        if token.type in ("comment", "code_block"):
            self._is_inside_container = token.level > 0
            self._read_comment_lines(first, end)
        else:
            self._is_inside_container = token.level > 1
            self._read_inline_comments(first, end)
        self._prose.skip_until(end)
        self._is_inside_container = False

    def _read_comment_lines(self, first: int, end: int) -> None:
        index = first
        is_open = False
        while index < end:
            if is_open and EXECUTED_FENCE.match(self._lines[index]):
                fence_end = find_fence_end(self._lines, index)
                self._read_script(index + 1, fence_end - 1)
                index = fence_end
            else:
                start = 0 if index > first else self._lines[index].find("<!--")
                is_open = self._read_comment_line(index, start, end, is_open=is_open)
                index += 1
        self._prose.separate(end)

    def _read_comment_line(self, index: int, position: int, end: int, *, is_open: bool) -> bool:
        """Read a line with comments; return whether one continues in the next line.

        `is_open` tells whether the line begins inside a comment, `end` where comments end.
        """
        line = self._lines[index]
        for mark in COMMENT_MARK.finditer(line):
            if mark.group() != "-->":
                if not is_open:
                    self._prose.add(index, position, line[position : mark.start()])
                self._read_comment(index, mark.start() + len("<!--"), end)
            elif not is_open:
                continue
            is_open = mark.group() == "<!--"
            position = mark.end()
        if not is_open:
            self._prose.add(index, position, line[position:])
        return is_open

    def _read_comment(self, index: int, start: int, end: int) -> None:
        """Read the comment whose text begins at `start` of a line, and ends before line `end`."""
        text, closing, _ = self._lines[index][start:].partition("-->")
        at = _DIRECTIVE.match(text)
        if at is not None:
            column = start + at.end() + 1
            self._take(
                *read_directives(self._document, text[at.end() :], index + 1, index + 1, column)
            )
            return
        if not closing:
            rest = self._lines[index + 1 : min(end, index + _LONGEST_ANNOTATION)]
            if "meshpeek" in (text if text.strip() else "".join(rest[:1])):
                text = "\n".join([text, *rest]).partition("-->")[0]
        annotation = read_annotation(self._document, text, index + 1, start + 1)
        if annotation is not None and annotation.word in OF_SECTIONS:
            self._elements.append(annotation)  # it does not divide the text below its heading
        elif annotation is not None:
            self._take(annotation)
        elif text.strip() or not closing:
            self._keep_speaker_note(index, start, end)

    def _keep_speaker_note(self, index: int, start: int, end: int) -> None:
        """Keep a comment's text for the speaker, if it is closed and holds no fence of bash."""
        end = min(end, index + _LONGEST_ANNOTATION)
        lines = [self._lines[index][start:], *self._lines[index + 1 : end]]
        texts: list[str] = []
        for line in lines:
            if EXECUTED_FENCE.match(line):
                return
            text, closing, _ = line.partition("-->")
            texts.append(text.strip().removeprefix(SHELL_COMMENT).strip())
            if closing:
                text = "\n".join(texts).strip()
                if text and not _DIRECTIVE.search(text):
                    span = self._document.span(index + 1, index + len(texts))
                    self._document.speaker_notes.append(SpeakerNote(text, span))
                return

    def _take(self, *elements: Element) -> None:
        self._end_prose()
        self._elements.extend(elements)

    def _read_inline_comments(self, first: int, end: int) -> None:
        lines = self._lines[first:end]
        text = "\n".join(lines)
        starts = [0, *accumulate(len(line) + 1 for line in lines)]

        def add(start: int, stop: int) -> None:
            index = bisect_right(starts, start) - 1
            column = start - starts[index]
            for number, piece in enumerate(text[start:stop].split("\n"), first + index):
                self._prose.add(number, column, piece)
                column = 0

        position = 0
        for match in _INLINE.finditer(text):
            if match.group("comment") is not None:
                add(position, match.start())
                position = match.end()
                index = bisect_right(starts, match.start()) - 1
                start = match.start() - starts[index] + len("<!--")
                self._read_comment(first + index, start, end)
        add(position, len(text))


def find_fences(document: TextDocument, not_text: frozenset[int]) -> Iterator[Fence]:
    """Yield the fences of a Markdown document, wherever they stand outside its comments.

    `not_text` is as in `MarkdownReader`.
    """
    lines = _lines_of_text(document, not_text)
    for token in _read_tokens(lines, {"lines": lines, "references": {}}):
        first, _ = _lines_of(token)
        if token.type == "fence":
            is_run = token.level == 0 and EXECUTED_FENCE.match(lines[first]) is not None
            yield Fence(token.info.strip(), document.span(first + 1), is_run, token.content)


def find_commented_fences(document: TextDocument, not_text: frozenset[int]) -> Iterator[Span]:
    """Yield the first lines of the fences that run although they stand in a comment.

    `not_text` is as in `MarkdownReader`.
    """
    lines = _lines_of_text(document, not_text)
    for token in _read_tokens(lines, {"lines": lines, "references": {}}):
        first, end = _lines_of(token)
        index = first + 1
        while token.type == "comment" and index < end:
            if EXECUTED_FENCE.match(lines[index]):
                yield document.span(index + 1)
                index = find_fence_end(lines, index)
            else:
                index += 1


def find_comments(document: TextDocument, not_text: frozenset[int]) -> Iterator[Span]:
    """Yield where the comments outside code begin: the first of each line.

    `not_text` is as in `MarkdownReader`.
    """
    lines = _lines_of_text(document, not_text)
    for token in _read_tokens(lines, {"lines": lines, "references": {}}):
        if not token.map or not _may_hold_comment(token) or token.type == "code_block":
            continue
        is_open = False
        index, end = _lines_of(token)
        while index < end:
            if is_open and EXECUTED_FENCE.match(lines[index]):
                index = find_fence_end(lines, index)
                continue
            found = _INLINE_OR_COMMENT.search(lines[index]) if not is_open else None
            if found is not None and found.group("comment"):
                yield Span(
                    document.path, index + 1, index + 1, found.start("comment") + 1, len("<!--")
                )
            for mark in COMMENT_MARK.finditer(lines[index]):
                is_open = mark.group() == "<!--"
            index += 1


def _lines_of_text(document: TextDocument, not_text: frozenset[int]) -> list[str]:
    return ["" if index in not_text else line for index, line in enumerate(document.lines)]


def _read_tokens(lines: Sequence[str], environment: dict[str, Any]) -> list[Token]:
    tokens: list[Token] = []
    markdown = _markdown()
    markdown.block.parse("\n".join(lines), markdown, environment, tokens)
    return tokens


def _is_closed(fence: Token) -> bool:
    first, end = _lines_of(fence)
    return end - first > 1 + fence.content.count("\n")


def _lines_of(token: Token) -> tuple[int, int]:
    first, end = token.map or (0, 0)
    return first, end


def _may_hold_comment(token: Token) -> bool:
    if token.type == "comment":
        return True
    if token.type == "code_block":
        return _DIRECTIVES_ONLY.fullmatch(token.content) is not None
    return token.type in ("inline", "html_block") and "<!--" in token.content


def _plain_title(content: str) -> str:
    if not _MARKUP.search(content):
        return content.strip()
    children = _markdown().parseInline(content)[0].children or ()
    return " ".join("".join(_plain_texts(children)).split())


def _plain_texts(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "image":
            yield from _plain_texts(token.children or ())
        elif token.type in ("softbreak", "hardbreak"):
            yield " "
        elif token.type != "html_inline":
            yield token.content


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark")
    markdown.block.ruler.before(
        "html_block", "comment", comment_rule, {"alt": ["paragraph", "reference", "blockquote"]}
    )
    markdown.block.ruler.at(
        "html_block", html_rule, {"alt": ["paragraph", "reference", "blockquote"]}
    )
    return markdown
