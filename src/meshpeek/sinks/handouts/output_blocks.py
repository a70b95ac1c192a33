"""Blocks of commands in a document, and the blocks of their output that were written below them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from meshpeek.workshop.model import AnyStep, Command, Workshop
from meshpeek.workshop.parse.markdown import find_fences
from meshpeek.workshop.parse.setting_blocks.front_matter_block import read_top
from meshpeek.workshop.parse.text_document import TextDocument

OUTPUT_MARK = "<!-- @# meshpeek: output -->"
"""What stands before a block of output that meshpeek has written."""

_MARK = re.compile(r"\s*<!--\s*(?:@#)?\s*meshpeek\s*:\s*output\s*-->\s*")


class CommandBlock(NamedTuple):
    """A block of commands, from the line `first` to the line `last`, its marks, counted from 1.

    `output` is what the block of output below it holds, None without one; `end` is that block's
    last line, or else `last`.
    """

    first: int
    last: int
    output: str | None
    end: int

    def has(self, step: Command) -> bool:
        """Tell whether a command of the document is in this block."""
        return self.first < step.span.line < self.last


def find_command_blocks(text: str, path: str) -> list[CommandBlock]:
    """Return the blocks of commands of a Markdown document that its readers see, in order."""
    document = TextDocument(path, text, [])
    fences = list(find_fences(document, frozenset(read_top(document).lines)))
    openings = {fence.span.line: fence for fence in fences}
    blocks = []
    for fence in fences:
        if not fence.is_run:
            continue
        last = end = _last_line(fence.span.line, fence.text)
        output = None
        mark = _next_line(document.lines, last)
        if mark is not None and _MARK.fullmatch(document.lines[mark - 1]):
            opening = _next_line(document.lines, mark)
            written = openings.get(opening or 0)
            if written is not None and not written.is_run:
                output, end = written.text, _last_line(written.span.line, written.text)
        blocks.append(CommandBlock(fence.span.line, last, output, end))
    return blocks


def shown_steps(text: str, workshop: Workshop) -> list[AnyStep]:
    """Return the steps that a reader of the document `text` gets: those that are shown.

    A document without a `@SHOW` is an ordinary one, of which everything is shown that its readers
    see: not what is in its comments.
    """
    shown = [step for step in workshop.steps if step.shown]
    if shown:
        return shown
    blocks = find_command_blocks(text, workshop.path)
    return [
        step
        for step in workshop.steps
        if not isinstance(step, Command)
        or any(step.span.path == workshop.path and block.has(step) for block in blocks)
    ]


def _last_line(first: int, content: str) -> int:
    return first + content.count("\n") + 1


def _next_line(lines: Sequence[str], after: int) -> int | None:
    """Return the number of the next line with anything in it."""
    return next((n for n in range(after + 1, len(lines) + 1) if lines[n - 1].strip()), None)
