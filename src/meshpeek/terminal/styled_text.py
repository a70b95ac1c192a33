"""What a program's output looks like: the visible text and its style."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from meshpeek.terminal.escape_sequences import CSI, OSC, EscapeSequence

Colour = int | tuple[int, int, int]
"""A number of xterm's 256 colours, or red, green and blue, each from 0 to 255."""

_CONTROLS = dict.fromkeys({*range(0x20), *range(0x7F, 0xA0)} - {0x09, 0x0A})
_ATTRIBUTES = {
    1: "bold",
    2: "dim",
    3: "italic",
    4: "underline",
    5: "blink",
    7: "reverse",
    8: "conceal",
    9: "strike",
    21: "underline2",
    53: "overline",
}
_ENDS = {
    22: {"bold", "dim"},
    23: {"italic"},
    24: {"underline", "underline2"},
    25: {"blink"},
    27: {"reverse"},
    28: {"conceal"},
    29: {"strike"},
    55: {"overline"},
}


class Rendition(NamedTuple):
    """How characters look, as control sequences select it (SGR, ECMA-48, 8.3.117).

    `attributes` are of `bold`, `dim`, `italic`, `underline`, `underline2` (double), `blink`,
    `reverse`, `conceal`, `strike` and `overline`. `link` is the address that they lead to (OSC 8).
    """

    attributes: frozenset[str] = frozenset()
    foreground: Colour | None = None
    background: Colour | None = None
    link: str = ""

    def after(self, sequence: EscapeSequence) -> Rendition:
        """Return the rendition that `sequence` leaves; most sequences change nothing."""
        if sequence.kind == OSC and sequence.body.startswith("8;"):
            return self._replace(link=sequence.body[2:].partition(";")[2])
        if sequence.kind == CSI and sequence.final == "m" and not sequence.intermediates:
            return self if sequence.body[:1] in ("<", "=", ">", "?") else self._select(sequence)
        return self

    def _select(self, sequence: EscapeSequence) -> Rendition:
        changed = self
        parameters = iter(sequence.parameters())
        for number, *more in parameters:
            if number == 0:
                changed = Rendition(link=self.link)
            elif number == 4 and more:  # the shape of an underline
                attributes = changed.attributes - _ENDS[24]
                shape = {0: set(), 2: {"underline2"}}.get(more[0], {"underline"})
                changed = changed._replace(attributes=attributes | shape)
            elif number in _ATTRIBUTES:
                changed = changed._replace(attributes=changed.attributes | {_ATTRIBUTES[number]})
            elif number in _ENDS:
                changed = changed._replace(attributes=changed.attributes - _ENDS[number])
            elif number in (38, 48):
                colour = _with_subparameters(more) if more else _with_parameters(parameters)
                if colour is not None and number == 38:
                    changed = changed._replace(foreground=colour)
                elif colour is not None:
                    changed = changed._replace(background=colour)
            elif 30 <= number <= 37 or 90 <= number <= 97:
                changed = changed._replace(foreground=number - (30 if number < 90 else 82))
            elif 40 <= number <= 47 or 100 <= number <= 107:
                changed = changed._replace(background=number - (40 if number < 100 else 92))
            elif number == 39:
                changed = changed._replace(foreground=None)
            elif number == 49:
                changed = changed._replace(background=None)
        return changed


PLAIN = Rendition()


class Run(NamedTuple):
    """Text of one style, with line ends and tabs and no other control characters."""

    text: str
    rendition: Rendition


def styled_runs(parts: Iterable[str | EscapeSequence]) -> Iterator[Run]:
    """Yield what the parts of an output show, in their order.

    Text that is overwritten after a carriage return is left out: progress, mostly.
    """
    rendition = PLAIN
    line: list[Run] = []  # the current line, which may still be overwritten
    is_returned = False
    for part in parts:
        if is_returned and (isinstance(part, EscapeSequence) or part[0] not in "\r\n"):
            line.clear()
        if isinstance(part, EscapeSequence):
            rendition = rendition.after(part)
            is_returned = False
            continue
        text = part.replace("\r\n", "\n")
        if "\r" in text.partition("\n")[0].rstrip("\r"):
            line.clear()
        is_returned = text.endswith("\r")
        if "\r" in text:
            text = "\n".join(map(_left_of_line, text.split("\n")))
        text = text.translate(_CONTROLS)
        whole, newline, begun = text.rpartition("\n")
        if newline:
            yield from line
            line.clear()
            yield Run(f"{whole}\n", rendition)
        if begun:
            line.append(Run(begun, rendition))
    yield from line


def _left_of_line(line: str) -> str:
    """Return what is left of a line after its carriage returns."""
    return line.rstrip("\r").rpartition("\r")[2]


def _with_parameters(parameters: Iterator[list[int]]) -> Colour | None:
    """Return the colour that the parameters after 38 or 48 name: `5;N`, or `2;R;G;B`."""
    kind = next(parameters, [0])[0]
    count = {5: 1, 2: 3}.get(kind, 0)
    return _colour(kind, [number for number, *_ in (next(parameters, [-1]) for _ in range(count))])


def _with_subparameters(numbers: list[int]) -> Colour | None:
    """Return the colour of `38:5:N`, `38:2:R:G:B` or, with a colour space, `38:2::R:G:B`."""
    kind, *values = numbers
    if kind == 2 and len(values) > 3:
        values = values[1:4]
    return _colour(kind, values)


def _colour(kind: int, values: list[int]) -> Colour | None:
    if kind == 5 and values and values[0] >= 0:
        return min(values[0], 255)
    if kind == 2 and len(values) == 3 and min(values) >= 0:
        red, green, blue = (min(value, 255) for value in values)
        return red, green, blue
    return None
