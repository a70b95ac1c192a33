"""Placeholders in commands, such as `<pod-name>`: what authors write for readers to fill in."""

from __future__ import annotations

import re
from collections.abc import Iterator

_QUOTED = re.compile(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|\\.|(?<!\S)#.*")
_PLACEHOLDER = re.compile(r"(?<![<\w$&\d])<(?P<name>[A-Za-z][\w .-]*\w)>(?![&>(])")


def find_placeholders_in(text: str) -> Iterator[re.Match[str]]:
    """Yield the placeholders in a command, with their `name`; none within quotes.

    A command with a here-document has none: that may hold anything.
    """
    if "<<" not in text:
        bare = _QUOTED.sub(lambda quoted: " " * len(quoted.group()), text)
        yield from _PLACEHOLDER.finditer(bare)


def describe_placeholder(found: re.Match[str]) -> tuple[str, str]:
    """Return what is wrong with a placeholder, and what to do."""
    variable = re.sub(r"[^A-Za-z0-9]+", "_", found.group("name")).upper()
    return (
        f"`{found.group()}` is a placeholder, and bash reads it as redirections",
        f"write what it stands for, or a variable: `${variable}`",
    )
