"""Settings in a comment at the top of a document, which neither GitHub nor demosh shows.

The comment begins with a line `<!-- meshpeek:`, ends with a line `-->`, and holds YAML. What is
meant as one and has another form or place is a mistake, and never "no settings".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from meshpeek.workshop.parse.suggestions import find_closest
from meshpeek.workshop.parse.vocabulary import ANNOTATIONS

KEY = "meshpeek"
"""The key of front matter below which settings stand, and the word that begins their comment."""

SAFETY_KEYS = ("contexts", "secrets", "rehearsal", "stand-ins", "normalise")
"""Settings that nobody else's front matter has."""

_BEGIN = re.compile(rf"<!--[ \t]*{KEY}[ \t]*:[ \t]*$")
_END = re.compile(r"[ \t]*-->[ \t]*$")
_DIRECTIVE = re.compile(r"<!--\s*@(?!#)")
_HEAD = re.compile(
    r"""["']?(?P<word>[A-Za-z-]+)["']?[ \t]*(?P<mark>[:=]?)(?P<rest>.*)""", re.DOTALL
)
_YAML_KEY = re.compile(r"""(?P<brace>\{\s*)?["']?(?P<key>[\w-]+)["']?\s*:(?:\s|$)""")
_CODE = re.compile(r"[ \t]*(?:```|~~~)")
_SIMILAR = 0.75
_LONGEST = 1000


class Misplaced(NamedTuple):
    """Settings that would not be read: the 1-based `line` that is wrong, why, and what to do.

    `comment` are the indexes of the lines of the comment that they stand in, if they do.
    """

    line: int
    message: str
    hint: str
    comment: range = range(0)


class SettingsBlock(NamedTuple):
    """Where settings, or somebody else's front matter, stand: indexes of the lines of YAML.

    `end` is the index of the line that closes them. Settings in a comment need no key `meshpeek`.
    """

    first: int
    end: int
    is_comment: bool = False

    @property
    def lines(self) -> range:
        """The indexes of its lines, with those before and after the YAML."""
        return range(self.first - 1, self.end + 1)

    @property
    def name(self) -> str:
        """What messages call it."""
        return "settings" if self.is_comment else "front matter"


class _Comment(NamedTuple):
    lines: range
    text: str
    is_first: bool
    """Whether nothing but other comments and empty lines stands before it."""


def find_settings_comment(lines: Sequence[str], start: int) -> SettingsBlock | None:
    """Return the comment with settings that is the first text from the line `start` on, or None.

    Empty lines and other comments may stand before it, and directives may not.
    """
    for comment in _comments(lines, start):
        first, last = comment.lines[0], comment.lines[-1]
        if not comment.is_first or _DIRECTIVE.match(comment.text):
            return None
        if _BEGIN.match(lines[first]):
            is_closed = last > first and _END.match(lines[last])
            return SettingsBlock(first + 1, last, is_comment=True) if is_closed else None
    return None


def find_misplaced_comment(lines: Sequence[str], start: int) -> Misplaced | None:
    """Return the first comment from the line `start` on that is meant as settings, or None.

    The document is one in which `find_settings_comment` finds none.
    """
    after_directive = False
    for comment in _comments(lines, start):
        if _is_meant_as_settings(comment):
            line, message, hint = _mistake(lines, comment, after_directive=after_directive)
            return Misplaced(line, f"these settings are not read: {message}", hint, comment.lines)
        after_directive = after_directive or _DIRECTIVE.match(comment.text) is not None
    return None


def begins_settings(line: str) -> bool:
    """Tell whether a line of text begins a comment that is meant as settings."""
    head = _HEAD.match(_inside(line)) if line.lstrip().startswith("<!--") else None
    return head is not None and _is_ours(head)


def _mistake(
    lines: Sequence[str], comment: _Comment, *, after_directive: bool
) -> tuple[int, str, str]:
    first, last = comment.lines[0], comment.lines[-1]
    if not _BEGIN.match(lines[first]):
        return (
            first + 1,
            f"they begin with a line of exactly `<!-- {KEY}:`",
            f"write `<!-- {KEY}:` here, YAML in the lines below, and a line of `-->`",
        )
    if "-->" not in lines[last]:
        return first + 1, "their comment is never closed", "add a line of `-->` below them"
    if not _END.match(lines[last]):
        return (
            last + 1,
            "they end with a line of exactly `-->`",
            "write `-->` on a line of its own, and nowhere before it",
        )
    if comment.is_first and after_directive:
        return first + 1, "they stand below a directive", "move them to the top of the file"
    return first + 1, "they stand below the first text", "move them to the top of the file"


def _is_meant_as_settings(comment: _Comment) -> bool:
    text = _inside(comment.text)
    head = _HEAD.match(text)
    if head is None:
        return False
    if not _is_ours(head):
        is_on_own_line = comment.text.lstrip().removeprefix("<!--").lstrip(" \t").startswith("\n")
        is_key = head.group("word") in SAFETY_KEYS and head.group("mark") == ":"
        return comment.is_first and is_on_own_line and is_key
    rest = head.group("rest")
    key = _YAML_KEY.match(rest.lstrip())
    if key is None:
        return False
    is_below = "\n" in rest[: len(rest) - len(rest.lstrip())]
    return is_below or bool(key.group("brace")) or key.group("key") not in ANNOTATIONS


def _is_ours(head: re.Match[str]) -> bool:
    word = head.group("word").lower()
    if word == KEY:
        return True
    return bool(head.group("mark")) and find_closest(word, [KEY], similarity=_SIMILAR) is not None


def _inside(text: str) -> str:
    return text.lstrip().removeprefix("<!--").lstrip("-").lstrip().removeprefix("@#").lstrip()


def _comments(lines: Sequence[str], start: int) -> Iterator[_Comment]:
    """Yield the comments that begin a line outside code, from the line `start` on."""
    index, is_first, in_code = start, True, False
    while index < len(lines):
        line = lines[index]
        in_code ^= _CODE.match(line) is not None
        if in_code or not line.lstrip().startswith("<!--"):
            is_first = is_first and not line.strip()
            index += 1
            continue
        end = index
        opening = line.index("<!--") + len("<!--")
        most = min(len(lines), index + _LONGEST)
        while "-->" not in lines[end][opening if end == index else 0 :]:
            end += 1
            if end == most:
                end = index  # never closed: that line alone, as for the parser
                break
        text = "\n".join(lines[index : end + 1])
        if end == index and "-->" not in line[opening:]:
            text = "\n".join(lines[index : min(index + 3, len(lines))])
        yield _Comment(range(index, end + 1), text, is_first)
        rest = lines[end].rpartition("-->")[2] if "-->" in lines[end] else ""
        is_first = is_first and not rest.strip()
        index = end + 1
