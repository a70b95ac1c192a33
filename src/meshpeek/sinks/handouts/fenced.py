"""Fenced blocks of Markdown."""

from __future__ import annotations

import re

_TICKS = re.compile(r"^ {0,3}(`{3,})", re.MULTILINE)


def fenced(language: str, text: str) -> str:
    """Return `text` as a fenced block, whose mark is longer than any in the text."""
    longest = max((len(ticks) for ticks in _TICKS.findall(text)), default=2)
    mark = "`" * max(3, longest + 1)
    end = "" if text.endswith("\n") else "\n"
    return f"{mark}{language}\n{text}{end}{mark}\n"
