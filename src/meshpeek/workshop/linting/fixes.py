"""Applying the fixes of findings to a file's text."""

from __future__ import annotations

from collections.abc import Iterable

from meshpeek.workshop.problems import Problem


def apply_fixes(text: str, path: str, problems: Iterable[Problem]) -> tuple[str, int]:
    """Return the `text` of the file `path` with what is safe to mend mended, and how much it was.

    Of two fixes for the same line, the first is applied; lint again for the other.
    """
    lines = text.split("\n")
    fixes = [p.fix for p in problems if p.fix is not None and p.fix.path == path]
    applied = 0
    above = len(lines) + 1
    for fix in sorted(fixes, key=lambda fix: fix.first, reverse=True):
        if fix.last >= above:
            continue
        ending = "\r" if lines[fix.last - 1].endswith("\r") else ""
        lines[fix.first - 1 : fix.last] = [line + ending for line in fix.lines]
        above = fix.first
        applied += 1
    return "\n".join(lines), applied
