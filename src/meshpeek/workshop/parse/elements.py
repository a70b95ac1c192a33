"""What a file of a workshop consists of, before anything is expanded: elements in their order."""

from __future__ import annotations

from typing import Any, NamedTuple

from meshpeek.workshop.spans import Span


class Heading(NamedTuple):
    """A Markdown heading: `title` is plain text, `level` 1 to 6. Its source is prose, too."""

    title: str
    level: int
    span: Span


class Prose(NamedTuple):
    """A stretch of Markdown to show, without comments."""

    text: str
    span: Span


class ShellComment(NamedTuple):
    """Adjacent `#` lines of a script, to show as they are."""

    text: str
    span: Span


class TypedLine(NamedTuple):
    """A `#$` line of a script, to type and not to run: `text` is what follows the `#$`."""

    text: str
    span: Span


class Directive(NamedTuple):
    """`@WORD ARGUMENT`: the argument is stripped, and may hold continuation lines."""

    word: str
    argument: str
    span: Span


class Annotation(NamedTuple):
    """`meshpeek: WORD ARGUMENT`, for the next command; `value` is what the argument means."""

    word: str
    value: Any
    span: Span


class Bash(NamedTuple):
    """A complete command: its text, and the simple commands in it.

    `commands` holds the words of each simple command as they are written, quotes included, in
    the order in which the commands begin, those in `$(…)` among them. `pipeline`: its last
    statement is one of several parts.
    """

    text: str
    span: Span
    commands: tuple[tuple[str, ...], ...]
    pipeline: bool = False


Element = Heading | Prose | ShellComment | TypedLine | Directive | Annotation | Bash
