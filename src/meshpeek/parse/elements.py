"""What a file of a workshop consists of, before anything is expanded: elements in their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from meshpeek.source import Span


@dataclass(frozen=True, slots=True)
class Heading:
    """A Markdown heading: `title` is plain text, `level` 1 to 6. Its source is prose, too."""

    title: str
    level: int
    span: Span


@dataclass(frozen=True, slots=True)
class Prose:
    """A stretch of Markdown to show, without comments."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Remark:
    """Adjacent `#` lines of a script, to show as they are."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Line:
    """A `#$` line of a script, to type and not to run: `text` is what follows the `#$`."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Directive:
    """`@WORD ARGUMENT`: the argument is stripped, and may hold continuation lines."""

    word: str
    argument: str
    span: Span


@dataclass(frozen=True, slots=True)
class Annotation:
    """`meshpeek: WORD ARGUMENT`, for the next command; `value` is what the argument means."""

    word: str
    value: Any
    span: Span


@dataclass(frozen=True, slots=True)
class Bash:
    """A complete command: its text, and the simple commands in it.

    `commands` holds the words of each simple command as they are written, quotes included, in
    the order in which the commands begin, those in `$(…)` among them. `pipeline`: its last
    statement is one of several parts.
    """

    text: str
    span: Span
    commands: tuple[tuple[str, ...], ...]
    pipeline: bool = False


Element = Heading | Prose | Remark | Line | Directive | Annotation | Bash
