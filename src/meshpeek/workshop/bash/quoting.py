"""What bash's words stand for, as far as their quotes decide that."""

from __future__ import annotations

import re

_QUOTED_OR_PLAIN = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^'"\\]+)""", re.DOTALL)
_EXPANDED = re.compile(r"(?:[^\\$`]|\\.)*[$`]", re.DOTALL)
_QUOTING = re.compile(r"['\"\\$`]")


def unquote(word: str) -> str | None:
    """Return what a word of bash code stands for, None if only the shell can tell."""
    if not _QUOTING.search(word):
        return word
    parts = []
    for match in _QUOTED_OR_PLAIN.finditer(word):
        single, double, escaped, plain = match.groups()
        if single is not None:
            parts.append(single)
            continue
        text = plain if double is None else double
        if text is not None and _EXPANDED.match(text):
            return None
        if escaped is not None:
            parts.append("" if escaped == "\n" else escaped)
        elif double is not None:
            parts.append(re.sub(r"\\([\"\\$`])", r"\1", double))
        else:
            parts.append(plain)
    return "".join(parts)
