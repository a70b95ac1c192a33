"""Reading Markdown as the dialect has it: prose, headings, executed fences, comments.

CommonMark says where blocks begin and end (markdown-it-py), except inside HTML comments: there
the dialect goes by lines, because fences and directives count even in a comment that its author
forgot to close.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from meshpeek.parse.annotations import read_annotation
from meshpeek.parse.directives import read_directive
from meshpeek.parse.document import Document
from meshpeek.parse.elements import Element, Heading, Prose
from meshpeek.parse.script import Script
from meshpeek.source import Span

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.token import Token

_EXECUTED_FENCE = re.compile(r"```(?:bash|sh)")
_CLOSING_FENCE = re.compile(r" {0,3}`{3,}[ \t]*$")
_COMMENT_MARK = re.compile(r"<!--|-->")
_DIRECTIVE = re.compile(r"\s*@")
_DIRECTIVES_ONLY = re.compile(r"\s*(?:<!--\s*@[^\n]*?-->\s*)+")
_INLINE = re.compile(
    r"(?P<code>(?<!`)(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`))|\\.|(?P<comment><!--.*?-->)",
    re.DOTALL,
)
_LINK_LABEL = re.compile(r"\[([^\[\]]+)\]")
_MARKUP = re.compile(r"[\\`*_<\[&!]")


class Markdown:
    """A document that is Markdown, from the line after `front_matter_lines` on.

    `functions` and `keep_mistakes` are as in `Script`.
    """

    def __init__(
        self,
        document: Document,
        front_matter_lines: int,
        functions: set[str],
        *,
        keep_mistakes: bool = False,
    ) -> None:
        self._document = document
        self._lines: Sequence[str] = [
            *[""] * front_matter_lines,
            *document.lines[front_matter_lines:],
        ]
        self._functions = functions
        self._keep_mistakes = keep_mistakes
        self._environment: dict[str, Any] = {"lines": self._lines, "references": {}}
        self._elements: list[Element] = []
        self._prose: list[tuple[int, str]] = []
        self._next_line = 0
        self._is_nested_rest = False

    def read(self) -> Sequence[Element]:
        """Return the elements of the document in their order."""
        tokens: list[Token] = []
        markdown = _markdown()
        markdown.block.parse("\n".join(self._lines), markdown, self._environment, tokens)
        end = 0
        for index, token in enumerate(tokens):
            if token.level == 0 and token.map:
                self._copy_gap(token.map[0])
                end = token.map[1]
            if token.type == "heading_open" and token.level == 0:
                self._begin_section(token, tokens[index + 1])
            elif token.type == "fence" and token.level == 0:
                self._read_fence(token)
            elif token.map and self._may_hold_comment(token):
                self._copy_until(token.map[0])
                self._read_comments(token)
            if token.level == 0 and token.nesting <= 0:
                self._copy_until(end)
        self._end_prose()
        return self._elements

    def _copy_gap(self, line: int) -> None:
        """Copy what lies between two blocks, unless no prose has begun: blank lines, links."""
        if self._prose:
            if not self._prose[-1][1]:
                self._prose.pop()
            self._copy_until(line)
        self._next_line = max(self._next_line, line)

    def _copy_until(self, line: int) -> None:
        for index in range(self._next_line, line):
            self._prose.append((index, self._lines[index]))
        self._next_line = max(self._next_line, line)

    def _begin_section(self, token: Token, inline: Token) -> None:
        self._end_prose()
        first, end = token.map or (0, 0)
        span = self._document.span(first + 1, end)
        self._elements.append(Heading(_plain_title(inline.content), int(token.tag[1:]), span))

    def _read_fence(self, token: Token) -> None:
        first, end = token.map or (0, 0)
        is_closed = end - first > 1 + token.content.count("\n")
        if not is_closed:
            self._document.report(
                self._document.span(first + 1),
                "this fence is never closed",
                "add a line of ``` where the block ends",
            )
        if _EXECUTED_FENCE.match(self._lines[first]):
            self._read_script(first + 1, end - 1 if is_closed else end)
            self._next_line = end

    def _read_script(self, first: int, end: int) -> None:
        self._end_prose()
        script = Script(
            self._document, first + 1, end, self._functions, keep_mistakes=self._keep_mistakes
        )
        self._elements.extend(script.read())

    def _may_hold_comment(self, token: Token) -> bool:
        if token.type == "comment":
            return True
        if token.type == "code_block":
            return _DIRECTIVES_ONLY.fullmatch(token.content) is not None
        return token.type in ("inline", "html_block") and "<!--" in token.content

    def _read_comments(self, token: Token) -> None:
        first, end = token.map or (0, 0)
        elements_before = len(self._elements)
        if token.type in ("comment", "code_block"):
            self._read_comment_lines(first, end)
        else:
            self._read_inline_comments(first, end)
        self._next_line = end
        if token.level > 0 and len(self._elements) > elements_before:
            self._is_nested_rest = True

    def _read_comment_lines(self, first: int, end: int) -> None:
        index = first
        is_open = False
        while index < end:
            line = self._lines[index]
            if is_open and _EXECUTED_FENCE.match(line):
                fence_end = _find_fence_end(self._lines, index)
                self._read_script(index + 1, fence_end - 1)
                index = fence_end
                continue
            is_open = self._read_comment_line(index, end, is_open=is_open, is_first=index == first)
            index += 1
        if self._prose:
            self._prose.append((end - 1, ""))

    def _read_comment_line(self, index: int, end: int, *, is_open: bool, is_first: bool) -> bool:
        """Read one line of a comment, return whether the comment goes on in the next."""
        line = self._lines[index]
        position = line.find("<!--") if is_first else 0
        for mark in _COMMENT_MARK.finditer(line):
            if mark.group() == "<!--":
                if not is_open:
                    self._add_text(index, line[position : mark.start()])
                self._read_comment(index, end, mark.end())
                is_open = True
            else:
                is_open = False
            position = mark.end()
        if not is_open:
            self._add_text(index, line[position:])
        return is_open

    def _add_text(self, index: int, text: str) -> None:
        if text.strip():
            self._prose.append((index, text.strip()))

    def _read_comment(self, index: int, end: int, start: int) -> None:
        """Read the comment whose text begins at `start` of a line; it ends before line `end`."""
        text = self._lines[index][start:].partition("-->")[0]
        at = _DIRECTIVE.match(text)
        element: Element | None
        if at is not None:
            column = start + at.end() + 1
            element = read_directive(self._document, text[at.end() :], index + 1, index + 1, column)
        else:
            if "meshpeek" in text and "-->" not in self._lines[index][start:]:
                rest = "\n".join([self._lines[index][start:], *self._lines[index + 1 : end]])
                text = rest.partition("-->")[0]
            element = read_annotation(self._document, text, index + 1, start + 1)
        if element is not None:
            self._end_prose()
            self._elements.append(element)

    def _read_inline_comments(self, first: int, end: int) -> None:
        text = "\n".join(self._lines[first:end])
        position = 0
        begin = len(self._prose)
        for match in _INLINE.finditer(text):
            if match.group("comment") is None:
                continue
            self._add_piece(first, text, position, match.start())
            position = match.end()
            line_start = text.rfind("\n", 0, match.start()) + 1
            elements_before = len(self._elements)
            self._read_comment(
                first + text.count("\n", 0, match.start()),
                end,
                match.start() - line_start + len("<!--"),
            )
            if len(self._elements) > elements_before:
                begin = 0
        self._add_piece(first, text, position, len(text))
        self._prose[begin:] = [
            (line, kept.rstrip()) for line, kept in self._prose[begin:] if kept.strip()
        ]

    def _add_piece(self, first: int, text: str, start: int, end: int) -> None:
        line = first + text.count("\n", 0, start)
        for number, piece in enumerate(text[start:end].split("\n"), line):
            if self._prose and self._prose[-1][0] == number:
                self._prose[-1] = (number, self._prose[-1][1] + piece)
            else:
                self._prose.append((number, piece))

    def _end_prose(self) -> None:
        lines = self._prose
        self._prose = []
        while lines and not lines[-1][1].strip():
            lines.pop()
        start = next((i for i, (_, line) in enumerate(lines) if line.strip()), len(lines))
        lines = lines[start:]
        is_nested_rest, self._is_nested_rest = self._is_nested_rest, False
        if not lines:
            return
        text = "\n".join(line for _, line in lines).rstrip()
        if is_nested_rest:
            text = dedent(text)
        span = self._document.span(lines[0][0] + 1, lines[-1][0] + 1)
        self._elements.append(Prose(text + self._missing_links(text, span), span))

    def _missing_links(self, text: str, span: Span) -> str:
        """Return the link definitions that a text needs and that stand elsewhere."""
        references = self._environment["references"]
        if not references:
            return ""
        from markdown_it.common.utils import normalizeReference

        missing: dict[str, None] = {}
        for label in _LINK_LABEL.findall(text):
            reference = references.get(normalizeReference(label))
            if reference and not span.line <= reference["map"][0] + 1 <= span.end_line:
                title = reference["title"].replace('"', '\\"')
                definition = f"[{label}]: <{reference['href']}>" + (title and f' "{title}"')
                missing[definition] = None
        return "\n\n" + "\n".join(missing) if missing else ""


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
        "html_block", "comment", _comment_rule, {"alt": ["paragraph", "reference", "blockquote"]}
    )
    return markdown


def _comment_rule(state: StateBlock, first: int, _end: int, silent: bool) -> bool:
    """Take an HTML comment out of the Markdown: a block rule of markdown-it-py."""
    if state.is_code_block(first):
        return False
    start = state.bMarks[first] + state.tShift[first]
    if not state.src.startswith("<!--", start):
        return False
    if not silent:
        end = _find_comment_end(state, first)
        state.line = end
        token = state.push("comment", "", 0)
        token.map = [first, end]
    return True


def _find_comment_end(state: StateBlock, first: int) -> int:
    """Return the line after the comment that begins in line `first`.

    A comment that nothing closes is that line alone, so that the rest of the text is not lost.
    """
    lines = state.env["lines"]
    if first >= state.env.get("unclosed_from", len(lines)):
        return first + 1
    index = first
    is_open = False
    while index < state.lineMax and _belongs_to_container(state, index):
        if is_open and _EXECUTED_FENCE.match(lines[index]):
            index = _find_fence_end(lines, index)
            continue
        for mark in _COMMENT_MARK.finditer(lines[index]):
            is_open = mark.group() == "<!--"
        index += 1
        if not is_open:
            return index
    if index >= len(lines):
        state.env["unclosed_from"] = first
    return first + 1


def _belongs_to_container(state: StateBlock, line: int) -> bool:
    return state.sCount[line] >= state.blkIndent or state.isEmpty(line)


def _find_fence_end(lines: Sequence[str], opening: int) -> int:
    """Return the line after the one that closes a fence; past the end if none does."""
    for index in range(opening + 1, len(lines)):
        if _CLOSING_FENCE.match(lines[index]):
            return index + 1
    return len(lines) + 1
