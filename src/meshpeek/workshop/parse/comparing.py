"""Which commands end with 1 where what they compare differs, which is no failure of theirs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from meshpeek.workshop.bash import unquote

_COMPARE = frozenset({"diff", "cmp", "colordiff", "sdiff"})
_COMPARE_BY_SUBCOMMAND = frozenset({"kubectl", "oc"})
_ASSIGNMENT = re.compile(r"\w+\+?=")
_SUBSTITUTION = re.compile(r"[<$]\(|`")
_BEFORE_A_COMMAND = frozenset({"command", "sudo", "time"})


def find_comparing(text: str, commands: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """Return the places of the commands that compare, counted from the end: -1 is the last.

    `commands` are the simple commands of `text`, in the order in which they begin. One that has
    others in it, `diff <(sort a) <(sort b)`, counts as the last.
    """
    count = len(commands)
    places = tuple(n - count for n, words in enumerate(commands) if _compares(words))
    return (-1,) if places and _SUBSTITUTION.search(text) else places


def _compares(written: Sequence[str]) -> bool:
    words = [word for word in map(unquote, written) if word]
    while words and (_ASSIGNMENT.match(words[0]) or words[0] in _BEFORE_A_COMMAND):
        words.pop(0)
    if not words:
        return False
    name = words[0].rpartition("/")[2]
    return name in _COMPARE or (name in _COMPARE_BY_SUBCOMMAND and "diff" in words[1:])
