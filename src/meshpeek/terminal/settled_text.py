"""What stays on a screen of what a program writes: the one answer to what a person sees.

Progress that is drawn over itself, by carriage returns, backspaces or cursor movements, is its last
state. Colours stay. The screen is as wide as its longest line, and lines that scroll off its top
stay: a person can scroll back. What a program draws on the alternate screen, which a person sees
while it runs, stays as it was last. (ECMA-48, 8.3; xterm's ctlseqs for private sequences.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from meshpeek.terminal.escape_sequences import (
    ALTERNATE_SCREEN,
    CSI,
    ESCAPE,
    EscapeSequence,
    split,
    strip_escapes,
)
from meshpeek.terminal.styled_text import PLAIN, Rendition

_ESCAPES = frozenset("78DEMc")
_CONTROL_FINALS = frozenset("ABCDEFGHJKLMPXdfsu@`")
_PRIVATE = ("<", "=", ">", "?")
_MOVES = re.compile(
    "\r(?!\r*\n)|\x08"
    "|\x1b(?:[78DEMc]|\\[[0-9:;]*[A-HJ-MPXdfsu@`]|\\[\\?[0-9:;]*(?:47|1049)[0-9:;]*[hl])"
)
"""What makes a text differ from what stays of it; `\\r\\n` is how a line ends at a terminal."""

_ROWS = 24
"""How far up the cursor can get from the last line."""

_LONGEST_LINE = 10_000
"""A cursor that is moved further to the right stays there."""

_CONTROLS = dict.fromkeys({*range(0x20), *range(0x7F, 0xA0)} - {0x09, 0x0A})
_Cell = tuple[str, Rendition]
_BLANK: _Cell = (" ", PLAIN)


class Run(NamedTuple):
    """Text of one style, with line ends and tabs and no other control characters."""

    text: str
    rendition: Rendition


def styled_runs(
    parts: Iterable[str | EscapeSequence], rendition: Rendition = PLAIN
) -> Iterator[Run]:
    """Yield what stays of the parts of an output, in order; `rendition` is what precedes them."""
    parts = list(parts)
    if any(map(_is_move, parts)):
        screen = _Canvas(rendition)
        for part in parts:
            screen.take(part)
        yield from screen.runs()
        return
    for part in parts:
        if isinstance(part, EscapeSequence):
            rendition = rendition.after(part)
        elif text := part.translate(_CONTROLS):
            yield Run(text, rendition)


def is_drawn_over(text: str) -> bool:
    """Return whether something in `text` may be drawn over something else."""
    return _MOVES.search(text) is not None


def settle(text: str) -> str:
    """Return what stays of `text`, with its colours and without cursor movements."""
    if not is_drawn_over(text):
        return text
    pieces = []
    style = PLAIN
    for run in styled_runs(split(text)):
        if run.rendition != style:
            pieces.append(run.rendition.sequences(style))
            style = run.rendition
        pieces.append(run.text)
    if style != PLAIN:
        pieces.append(PLAIN.sequences(style))
    return "".join(pieces)


def visible_text(text: str) -> str:
    """Return what stays of `text` as plain text, with plain line ends."""
    if not is_drawn_over(text):
        return strip_escapes(text)
    return "".join(run.text for run in styled_runs(split(text)))


def _is_move(part: str | EscapeSequence) -> bool:
    if isinstance(part, str):
        return is_drawn_over(part)
    if part.intermediates:
        return False
    if part.is_private_mode():
        return _switches_screen(part)
    if part.kind == ESCAPE:
        return part.final in _ESCAPES
    return part.kind == CSI and part.final in _CONTROL_FINALS and not part.body.startswith(_PRIVATE)


def _switches_screen(part: EscapeSequence) -> bool:
    return bool({number for number, *_ in part.parameters()} & {47, 1047, ALTERNATE_SCREEN})


class _Canvas:
    """A screen and the lines above it; the first row and column are 0."""

    def __init__(self, rendition: Rendition) -> None:
        self._rows: list[list[_Cell]] = [[]]
        self._row = self._column = 0
        self._top = 0  # the first row that the cursor can get to
        self._style = rendition
        self._saved = (0, 0)

    def runs(self) -> Iterator[Run]:
        """Yield the rows."""
        for number, row in enumerate(self._rows):
            if number:
                yield Run("\n", PLAIN)
            for rendition, cells in groupby(row, key=lambda cell: cell[1]):
                yield Run("".join(character for character, _ in cells), rendition)

    def take(self, part: str | EscapeSequence) -> None:
        """Write a text, or obey a sequence."""
        if isinstance(part, str):
            self._write(part)
        else:
            self._obey(part)
            self._style = self._style.after(part)

    def _write(self, text: str) -> None:
        for part in re.split("([\r\n\b])", text):
            match part:
                case "\n":
                    self._go(self._row + 1, 0)
                case "\r":
                    self._column = 0
                case "\b":
                    self._column = max(0, self._column - 1)
                case _:
                    self._put(part.translate(_CONTROLS))

    def _put(self, text: str) -> None:
        row, start = self._rows[self._row], self._column
        if not text:
            return
        if len(row) < start:
            row += [_BLANK] * (start - len(row))
        row[start : start + len(text)] = [(character, self._style) for character in text]
        self._column += len(text)

    def _go(self, row: int, column: int) -> None:
        self._row = max(self._top, row)
        self._column = min(max(0, column), _LONGEST_LINE)
        while len(self._rows) <= self._row:
            self._rows.append([])
        self._top = max(self._top, len(self._rows) - _ROWS)

    def _obey(self, sequence: EscapeSequence) -> None:
        if not _is_move(sequence):
            return
        if sequence.kind == ESCAPE:
            self._obey_escape(sequence.final)
        elif sequence.is_private_mode():
            self._begin_page()
        else:
            first, *more = (number for number, *_ in sequence.parameters())
            self._obey_control(sequence.final, first, more[0] if more else 0)

    def _begin_page(self) -> None:
        """Begin a new row, above which the cursor does not get any more."""
        self._drop_empty_rows(0)
        self._go(len(self._rows) if self._rows[-1] else len(self._rows) - 1, 0)
        self._top = self._row

    def _drop_empty_rows(self, row: int) -> None:
        """Drop the empty rows at the end that come after `row`."""
        while len(self._rows) > row + 1 and not self._rows[-1]:
            self._rows.pop()

    def _obey_escape(self, final: str) -> None:
        match final:
            case "7":
                self._saved = (self._row, self._column)
            case "8":
                self._go(*self._saved)
            case "D":
                self._go(self._row + 1, self._column)
            case "E":
                self._go(self._row + 1, 0)
            case "M":
                self._go(self._row - 1, self._column)
            case "c":
                self._go(self._top, 0)
                self._erase_display(0)

    def _obey_control(self, final: str, first: int, second: int) -> None:
        count = max(1, first)
        match final:
            case "A" | "F":
                self._go(self._row - count, self._column if final == "A" else 0)
            case "B" | "E":
                row = min(self._row + count, self._top + _ROWS - 1)
                self._go(row, self._column if final == "B" else 0)
            case "C":
                self._go(self._row, self._column + count)
            case "D":
                self._go(self._row, self._column - count)
            case "G" | "`":
                self._go(self._row, count - 1)
            case "d":
                self._go(self._top + min(count, _ROWS) - 1, self._column)
            case "H" | "f":
                self._go(self._top + min(count, _ROWS) - 1, max(1, second) - 1)
            case "s":
                self._saved = (self._row, self._column)
            case "u":
                self._go(*self._saved)
            case "J":
                self._erase_display(first)
            case "K":
                self._erase_line(first)
            case "P" | "X" | "@":
                self._change_line(final, count)
            case "L" | "M":
                self._change_rows(final, count)

    def _erase_display(self, which: int) -> None:
        if which == 0:
            self._erase_line(0)
            del self._rows[self._row + 1 :]
        elif which in (1, 2):
            for row in self._rows[self._top : self._row if which == 1 else None]:
                row.clear()
            if which == 1:
                self._erase_line(1)
            self._drop_empty_rows(self._row)

    def _erase_line(self, which: int) -> None:
        row = self._rows[self._row]
        if which == 0:
            del row[self._column :]
        elif which == 1:
            row[: self._column + 1] = [_BLANK] * min(len(row), self._column + 1)
        elif which == 2:
            row.clear()

    def _change_line(self, how: str, count: int) -> None:
        row, start = self._rows[self._row], self._column
        if how == "P":
            del row[start : start + count]
        elif how == "X":
            end = min(len(row), start + count)
            row[start:end] = [_BLANK] * max(0, end - start)
        elif start < len(row):
            row[start:start] = [_BLANK] * min(count, _LONGEST_LINE)

    def _change_rows(self, how: str, count: int) -> None:
        count = min(count, _ROWS)
        if how == "M":
            del self._rows[self._row : self._row + count]
            self._go(self._row, self._column)
        else:
            self._rows[self._row : self._row] = [[] for _ in range(count)]
