"""Where a document's front matter stands; and settings that stand where they would not be read.

Whoever writes `contexts` and `secrets` relies on them. So what is meant as settings, in a form that
is not front matter, is a mistake and never "no settings".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from meshpeek.workshop.parse.setting_blocks.settings_comment import (
    KEY,
    Misplaced,
    SettingsBlock,
    find_misplaced_comment,
    find_settings_comment,
)
from meshpeek.workshop.parse.text_document import TextDocument

_FENCE = re.compile(r"---[ \t]*$")
_END = re.compile(r"(?:---|\.\.\.)[ \t]*$")
# What people and editors write in place of `---`: blanks before it, a comment after it, too few
# dashes or too many, a dash of typography, TOML's `+++`.
_LIKE_FENCE = re.compile(r"[^\w#`~<>|*]*[-+\u2010-\u2015\u2212][^\w#`~<>|*]*(?:#.*)?$")
_LIKE_SETTINGS = re.compile(rf"""[\s\-?{{\[&*!]*["']?{KEY}["']?\s*[:=.\]]""", re.IGNORECASE)
_FIRST_LINE = re.compile(r"""[\w"'.-]+[ \t]*:(?:[ \t]|$)|\{""")
_CODE = re.compile(r"[ \t]*(?:```|~~~)")
_MOST_CHARACTERS = 100_000
_MOST_COLLECTIONS = 1000


class DocumentTop(NamedTuple):
    """What stands at the top of a document: front matter, and a comment with settings.

    `misplaced` are settings that are not read, in a document that has neither.
    """

    front_matter: SettingsBlock | None = None
    comment: SettingsBlock | None = None
    misplaced: Misplaced | None = None

    @property
    def settings(self) -> SettingsBlock | None:
        """Where settings stand, if the document has any."""
        return self.comment or self.front_matter

    @property
    def lines(self) -> Iterator[int]:
        """The indexes of the lines that are not text."""
        for block in (self.front_matter, self.comment):
            yield from block.lines if block else ()
        yield from self.misplaced.comment if self.misplaced else ()


def read_top(document: TextDocument) -> DocumentTop:
    """Return what stands at the top of a Markdown document.

    Front matter is what stands between a first line of `---` and another one, if that is a mapping
    of YAML. Elsewhere the two lines are rules. YAML that is wrong counts where it looks like a
    mapping.
    """
    end = _find_end(document.lines)
    has_front_matter = bool(end) and _is_mapping(document.lines[1 : end - 1])
    front_matter = SettingsBlock(1, end - 1) if has_front_matter else None
    start = end if has_front_matter else 0
    comment = find_settings_comment(document.lines, start)
    if comment is not None:
        return DocumentTop(front_matter, comment)
    misplaced = find_misplaced_comment(document.lines, start)
    if misplaced is None and front_matter is None:
        misplaced = _find_misplaced(document)
    return DocumentTop(front_matter, None, misplaced)


def _find_misplaced(document: TextDocument) -> Misplaced | None:
    """Return the settings outside comments in a document without front matter, None without any."""
    lines = document.lines
    top = next(_text_lines(lines), None)
    if top is None:
        return None
    if looks_like_settings(lines[top]):
        return Misplaced(
            top + 1,
            "these settings are not read: they are not front matter",
            "write a line of `---` above them, as the first line of the file, and one below",
        )
    settings = _find_settings(lines, top + 1) if _LIKE_FENCE.match(lines[top]) else None
    if settings is None:
        return _find_further_down(lines)
    if not _FENCE.match(lines[top]):
        return Misplaced(
            top + 1,
            f"the settings in line {settings + 1} are not read: "
            "front matter begins with a line of exactly `---`",
            "write `---` here, with nothing before or after it",
        )
    if top:
        return Misplaced(
            top + 1,
            f"the settings in line {settings + 1} are not read: "
            "front matter begins in the first line of the file",
            "move what stands above this line below the front matter",
        )
    end = _find_end(lines)
    if end:
        return Misplaced(
            settings + 1,
            "these settings are not read: what stands between the two lines of `---` "
            "is not a mapping",
            f"write `{KEY}:` at the beginning of a line, and the settings below it, indented",
        )
    closing = next(
        (n for n in range(settings + 1, len(lines)) if _LIKE_FENCE.match(lines[n])), None
    )
    return Misplaced(
        1 if closing is None else closing + 1,
        f"the settings in line {settings + 1} are not read: front matter ends with a line of "
        "exactly `---`, and there is none",
        "add a line of `---` below the settings" if closing is None else "write `---` here",
    )


def looks_like_settings(line: str) -> bool:
    """Tell whether a line of text is meant as the key of our settings."""
    return _LIKE_SETTINGS.match(line) is not None


def may_be_too_large(text: str) -> bool:
    """Tell whether YAML is too long to be settings, or so deep that libyaml, which recurses, fails.

    That is more than 100,000 characters, or more than 1,000 collections.
    """
    in_flow = text.count("[") + text.count("{")
    in_line = max(line.count("- ") + line.count("? ") for line in text.split("\n"))
    return len(text) > _MOST_CHARACTERS or max(in_flow, in_line) > _MOST_COLLECTIONS


def _find_end(lines: Sequence[str]) -> int:
    """Return the number of the line that closes a block which the first line opens, 0 if none."""
    if not _FENCE.match(lines[0]):
        return 0
    return next((n for n, line in enumerate(lines[1:], 2) if _END.match(line)), 0)


def _is_mapping(lines: Sequence[str]) -> bool:
    import yaml

    text = "\n".join(lines)
    if not may_be_too_large(text):
        try:
            loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
            return isinstance(yaml.compose(text, loader), yaml.MappingNode)
        except yaml.YAMLError:
            pass
    return bool(_FIRST_LINE.match(lines[0])) or any(map(looks_like_settings, lines))


def _text_lines(lines: Sequence[str]) -> Iterator[int]:
    """Yield the indexes of the lines that are neither empty nor within an HTML comment."""
    in_comment = False
    for index, line in enumerate(lines):
        rest = line.strip()
        while rest:
            if in_comment:
                _, closed, rest = rest.partition("-->")
                in_comment, rest = not closed, rest.strip()
            elif rest.startswith("<!--"):
                in_comment, rest = True, rest[len("<!--") :]
            else:
                yield index
                break


def _find_further_down(lines: Sequence[str]) -> Misplaced | None:
    """Return what looks like front matter below the first text, below a title, say."""
    in_code = False
    for index, following in pairwise(_text_lines(lines)):
        in_code ^= _CODE.match(lines[index]) is not None
        if in_code or following != index + 1:
            continue
        if _LIKE_FENCE.match(lines[index]) and looks_like_settings(lines[following]):
            return Misplaced(
                index + 1,
                "these settings are not read: front matter begins in the first line of the file",
                "move them to the top",
            )
    return None


def _find_settings(lines: Sequence[str], start: int) -> int | None:
    """Return the index of the first line from `start` on that is meant as settings.

    Code, which may show settings, is not looked at, nor what comes after it.
    """
    for index in range(start, len(lines)):
        if _CODE.match(lines[index]):
            return None
        if looks_like_settings(lines[index]):
            return index
    return None
