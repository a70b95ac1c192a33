"""Terminal output as HTML: colours and styles by escape sequences (ECMA-48, 8.3.117) as spans."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from meshpeek.run.transcript import strip_escapes
from meshpeek.sinks.html.colours import readable_on, xterm_colour
from meshpeek.sinks.reports.escaping import escape

_SGR = re.compile(r"\x1b\[([0-9;:]*)m")
_OVERWRITTEN = re.compile(r"[^\n]*\r(?=[^\n])")
"""What a carriage return in the middle of a line lets be written over: progress, mostly."""

_FLAGS = {1: "b", 2: "d", 3: "i", 4: "u", 7: "r", 9: "s"}
_ENDS = {22: "bd", 23: "i", 24: "u", 27: "r", 29: "s"}
BACKGROUND = "#1b1f27"
"""The page's terminal, in the light as in the dark: programs choose colours for a dark one."""


class _Style(NamedTuple):
    """`foreground` and `background` are a number of the 16 colours, or `#rrggbb`."""

    flags: frozenset[str] = frozenset()
    foreground: int | str | None = None
    background: int | str | None = None


def to_html(output: str) -> str:
    """Return `output` as the content of a `pre` element, with classes `a-…` for styles."""
    text = _OVERWRITTEN.sub("", output.replace("\r\n", "\n"))
    if "\x1b" not in text:
        return escape(text)
    parts = _SGR.split(text)
    style = _Style()
    pieces = [escape(strip_escapes(parts[0]))]
    for codes, words in zip(parts[1::2], parts[2::2], strict=True):
        style = _apply(style, codes)
        shown = escape(strip_escapes(words))
        pieces.append(_span(style, shown) if shown and style != _Style() else shown)
    return "".join(pieces)


def style_sheet() -> str:
    """Return the style rules of the 16 colours, each so that it can be read."""
    rules = []
    for number in range(16):
        colour = xterm_colour(number)
        rules.append(f".a-fg{number} {{ color: {readable_on(BACKGROUND, colour)}; }}")
        rules.append(f".a-bg{number} {{ background: {colour}; }}")
    return "\n".join(rules)


def _span(style: _Style, shown: str) -> str:
    classes = sorted(f"a-{flag}" for flag in style.flags)
    declared = []
    background = style.background
    if isinstance(background, int):
        classes.append(f"a-bg{background}")
        background = xterm_colour(background)
    elif background:
        declared.append(f"background:{background}")
    if isinstance(style.foreground, int) and background is None:
        classes.append(f"a-fg{style.foreground}")
    elif style.foreground is not None or background is not None:
        wanted = style.foreground if style.foreground is not None else 15
        colour = xterm_colour(wanted) if isinstance(wanted, int) else wanted
        declared.append(f"color:{readable_on(background or BACKGROUND, colour)}")
    attributes = f' class="{" ".join(classes)}"' if classes else ""
    attributes += f' style="{";".join(declared)}"' if declared else ""
    return f"<span{attributes}>{shown}</span>"


def _apply(style: _Style, codes: str) -> _Style:
    numbers = iter([int(code or 0) for code in re.split("[;:]", codes)])
    for number in numbers:
        if number == 0:
            style = _Style()
        elif number in _FLAGS:
            style = style._replace(flags=style.flags | {_FLAGS[number]})
        elif number in _ENDS:
            style = style._replace(flags=style.flags - set(_ENDS[number]))
        elif number in (38, 48):
            colour = _extended(numbers)
            if number == 38:
                style = style._replace(foreground=colour)
            else:
                style = style._replace(background=colour)
        elif 30 <= number <= 37 or 90 <= number <= 97:
            style = style._replace(foreground=number - 30 if number < 90 else number - 82)
        elif 40 <= number <= 47 or 100 <= number <= 107:
            style = style._replace(background=number - 40 if number < 100 else number - 92)
        elif number == 39:
            style = style._replace(foreground=None)
        elif number == 49:
            style = style._replace(background=None)
    return style


def _extended(numbers: Iterator[int]) -> int | str | None:
    """Return the colour that follows 38 or 48: `5;N` of xterm's 256, or `2;R;G;B`."""
    kind = next(numbers, 0)
    if kind == 5:
        number = next(numbers, 0)
        return number if number < 16 else xterm_colour(min(number, 255))
    if kind == 2:
        red, green, blue = (min(next(numbers, 0), 255) for _ in range(3))
        return f"#{red:02x}{green:02x}{blue:02x}"
    return None
