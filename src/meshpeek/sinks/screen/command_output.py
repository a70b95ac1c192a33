"""What a command has written, as far as it is still on the screen when the command has ended."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from rich.color import Color
from rich.style import Style
from rich.text import Text

from meshpeek.terminal.escape_sequences import CSI, ESCAPE, OSC, EscapeSequence, split
from meshpeek.terminal.settled_text import styled_runs
from meshpeek.terminal.styled_text import Colour, Rendition

_KEPT_BYTES = 128 * 1024
_KEPT_LINES = 500
_MOVES = re.compile("\r(?!\r*\n)|[\b\v\f\x84\x85\x8d]")
"""Control characters that move the cursor to where something may be, other than by line ends."""

_LOOKS = ("m", "K", "h", "l")
"""The final characters of control sequences that move nothing: SGR, EL, modes."""

Parts = Sequence[str | EscapeSequence]


class CommandOutput:
    """The end of what a command has written, for a redraw."""

    def __init__(self) -> None:
        self._data = bytearray()
        self.is_cut = False
        """Whether its beginning is not kept."""

        self.lines: deque[Text] = deque(maxlen=_KEPT_LINES)
        """What is still on the screen, once the command has ended; the last line has no end."""

    def add(self, data: bytes) -> None:
        """Take the next bytes."""
        self._data += data
        if len(self._data) > 2 * _KEPT_BYTES:
            del self._data[:-_KEPT_BYTES]
            self.is_cut = True

    def take_parts(self) -> Parts:
        """Return, once, the text and the sequences that went to the ordinary screen."""
        self.is_cut = self.is_cut or len(self._data) > _KEPT_BYTES
        text = self._data[-_KEPT_BYTES:].decode(errors="replace")
        self._data.clear()
        return _without_alternate_screen(split(text))

    def finish(self, parts: Parts) -> None:
        """Keep the lines of `parts`, which must be plain."""
        self.lines.append(Text())
        for run in styled_runs(parts):
            style = rich_style(run.rendition)
            begun, *lines = run.text.split("\n")
            self.lines[-1].append(begun, style)
            self.lines.extend(Text().append(line, style) for line in lines)

    @property
    def ends_line(self) -> bool:
        """Whether the cursor is at the beginning of a line after this."""
        return not self.lines or not self.lines[-1]

    def __bool__(self) -> bool:
        """Return whether any of it is visible."""
        return len(self.lines) > 1 or any(self.lines)


def is_plain(parts: Parts) -> bool:
    """Tell whether an output is lines, one below the other: nothing moves the cursor back."""
    return not any(
        _MOVES.search(part) if isinstance(part, str) else _moves_cursor(part) for part in parts
    )


def _moves_cursor(sequence: EscapeSequence) -> bool:
    if sequence.kind == CSI:
        return sequence.final not in _LOOKS or sequence.body in ("1", "2")
    if sequence.kind == ESCAPE:
        return sequence.final not in ("=", ">") and sequence.intermediates + sequence.final != "(B"
    return sequence.kind != OSC


def _without_alternate_screen(
    parts: Iterable[str | EscapeSequence],
) -> list[str | EscapeSequence]:
    """Return what went to the ordinary screen: the other is gone when it is left."""
    left: list[str | EscapeSequence] = []
    is_alternate = False
    for part in parts:
        switched = None if isinstance(part, str) else part.switches_screen()
        if switched is False and not is_alternate:
            left.clear()  # it was switched on before what is kept
        if switched is not None:
            is_alternate = switched
        elif not is_alternate:
            left.append(part)
    return left


@lru_cache(maxsize=256)
def rich_style(rendition: Rendition) -> Style:
    """Return how rich says it."""
    attributes: dict[str, Any] = dict.fromkeys(rendition.attributes, True)
    return Style(
        color=_color(rendition.foreground),
        bgcolor=_color(rendition.background),
        link=rendition.link or None,
        **attributes,
    )


def _color(colour: Colour | None) -> Color | None:
    if colour is None:
        return None
    return Color.from_ansi(colour) if isinstance(colour, int) else Color.from_rgb(*colour)
