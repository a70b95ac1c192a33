"""The style of a program's output: colours, attributes and links."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from meshpeek.terminal.escape_sequences import CSI, OSC, EscapeSequence

Colour = int | tuple[int, int, int]
"""A number of xterm's 256 colours, or red, green and blue, each from 0 to 255."""

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
_NUMBERS = {name: number for number, name in _ATTRIBUTES.items()}
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

    def sequences(self, before: Rendition) -> str:
        """Return what selects this rendition after `before`."""
        numbers = [0, *sorted(_NUMBERS[name] for name in self.attributes)]
        selected = [
            *map(str, numbers),
            *_colour_numbers(self.foreground, 30),
            *_colour_numbers(self.background, 40),
        ]
        link = "" if self.link == before.link else f"\x1b]8;;{self.link}\x1b\\"
        return f"\x1b[{';'.join(selected)}m{link}"

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


def rendition_after(
    parts: Iterable[str | EscapeSequence], rendition: Rendition = PLAIN
) -> Rendition:
    """Return the rendition that the parts of an output leave, where it was `rendition` before."""
    for part in parts:
        if isinstance(part, EscapeSequence):
            rendition = rendition.after(part)
    return rendition


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


def _colour_numbers(colour: Colour | None, first: int) -> list[str]:
    """Return the parameters that select a colour; `first` is that of black."""
    if colour is None:
        return []
    if isinstance(colour, tuple):
        return [str(first + 8), "2", *map(str, colour)]
    if colour < 16:
        return [str(first + colour if colour < 8 else first + 52 + colour)]
    return [str(first + 8), "5", str(colour)]
