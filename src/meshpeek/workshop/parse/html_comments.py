"""Where HTML comments begin and end in Markdown, for markdown-it-py.

CommonMark ends a comment at the first line that holds `-->`, even inside a fence. The dialect
runs fences inside comments, so a fence in a comment is passed over as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.rules_block import StateBlock

EXECUTED_FENCE = re.compile(r"```(?:bash|sh)")
"""The start of a line that begins a block of bash: `bash`, `sh`, `shell`, `bash,run` …"""

COMMENT_MARK = re.compile(r"<!---?>|<!--|-->")
"""Where a comment is empty (CommonMark 0.31 has `<!-->`, too), begins, or ends."""

_CLOSING_FENCE = re.compile(r" {0,3}`{3,}[ \t]*$")


def comment_rule(state: StateBlock, first: int, _end: int, silent: bool) -> bool:
    """Take the comment that begins in the line `first` as a block: a rule of markdown-it-py.

    Expects the lines of the source in the environment, under `lines`.
    """
    if state.is_code_block(first):
        return False
    if not state.src.startswith("<!--", state.bMarks[first] + state.tShift[first]):
        return False
    if not silent:
        state.line = _find_comment_end(state, first)
        comment = state.push("comment", "", 0)
        comment.map = [first, state.line]
    return True


def html_rule(state: StateBlock, first: int, end: int, silent: bool) -> bool:
    """Take a block of HTML, as CommonMark does, up to a fence that runs in it.

    demosh goes by lines, so `<details>` right before a fence does not keep it from running. A rule
    of markdown-it-py, as `comment_rule`.
    """
    from markdown_it.rules_block.html_block import html_block

    if not html_block(state, first, end, silent):
        return False
    if not silent:
        lines = state.env["lines"]
        fences = (n for n in range(first + 1, state.line) if EXECUTED_FENCE.match(lines[n]))
        fence = next(fences, None)
        if fence is not None:
            token = state.tokens[-1]
            token.map = [first, fence]
            token.content = "\n".join(lines[first:fence]) + "\n"
            state.line = fence
    return True


def find_fence_end(lines: Sequence[str], opening: int) -> int:
    """Return the line after the one that closes a fence; past the end if none does."""
    for index in range(opening + 1, len(lines)):
        if _CLOSING_FENCE.match(lines[index]):
            return index + 1
    return len(lines) + 1


def _find_comment_end(state: StateBlock, first: int) -> int:
    """Return the line after the comment that begins in line `first`.

    A comment that nothing closes is that line alone, so that the rest of the text is not lost;
    so is one whose author wrote `>` for `-->`, if another comment begins before it is closed.
    """
    lines = state.env["lines"]
    if first in state.env.get("unclosed", ()):
        return first + 1
    index = first
    is_open = False
    while index < state.lineMax and _belongs_to_container(state, index):
        if is_open and EXECUTED_FENCE.match(lines[index]):
            index = find_fence_end(lines, index)
            continue
        for mark in COMMENT_MARK.finditer(lines[index]):
            if is_open and mark.group() == "<!--" and lines[first].rstrip().endswith(">"):
                return first + 1
            is_open = mark.group() == "<!--"
        index += 1
        if not is_open:
            return index
    # A comment that begins further down in there is not closed either: do not look again.
    state.env["unclosed"] = range(first, index)
    return first + 1


def _belongs_to_container(state: StateBlock, line: int) -> bool:
    return state.sCount[line] >= state.blkIndent or state.isEmpty(line)
