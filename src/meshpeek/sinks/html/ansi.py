"""Terminal output as HTML: runs of text, each in a span with its style."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from markupsafe import Markup

from meshpeek.sinks.html.colours import readable_on, xterm_colour
from meshpeek.sinks.html.templating import render
from meshpeek.terminal.escape_sequences import split
from meshpeek.terminal.settled_text import styled_runs
from meshpeek.terminal.styled_text import PLAIN, Colour, Rendition

BACKGROUND = "#1b1f27"
"""The page's terminal, in both themes: programs choose colours for a dark background."""

_CLASSES = {
    "bold": "a-b",
    "dim": "a-d",
    "italic": "a-i",
    "reverse": "a-r",
    "strike": "a-s",
    "underline": "a-u",
    "underline2": "a-u",
}


class StyledSpan(NamedTuple):
    """Text of one style, and the attributes of its element."""

    text: str
    classes: str
    style: str


def to_html(output: str, before: Rendition = PLAIN) -> Markup:
    """Return `output` as the content of a `pre` element, with classes `a-…` for styles.

    `before` is the rendition that precedes it.
    """
    runs = groupby(styled_runs(split(output), before), lambda run: run.rendition)
    spans = (_span("".join(run.text for run in group), rendition) for rendition, group in runs)
    return render("output.html", spans=spans)


def style_sheet() -> str:
    """Return the style rules of the 16 colours, with enough contrast to read each."""
    rules = []
    for number in range(16):
        colour = xterm_colour(number)
        rules.append(f".a-fg{number} {{ color: {readable_on(BACKGROUND, colour)}; }}")
        rules.append(f".a-bg{number} {{ background: {colour}; }}")
    return "\n".join(rules)


def _span(text: str, rendition: Rendition) -> StyledSpan:
    classes = sorted({_CLASSES[name] for name in rendition.attributes if name in _CLASSES})
    declared = []
    foreground, background = rendition.foreground, rendition.background
    ground = BACKGROUND if background is None else _hexadecimal(background)
    if isinstance(background, int) and background < 16:
        classes.append(f"a-bg{background}")
    elif background is not None:
        declared.append(f"background:{ground}")
    if isinstance(foreground, int) and foreground < 16 and background is None:
        classes.append(f"a-fg{foreground}")
    elif foreground is not None or background is not None:
        wanted = _hexadecimal(15 if foreground is None else foreground)
        declared.append(f"color:{readable_on(ground, wanted)}")
    return StyledSpan(text, " ".join(classes), ";".join(declared))


def _hexadecimal(colour: Colour) -> str:
    return (
        xterm_colour(colour) if isinstance(colour, int) else "#{:02x}{:02x}{:02x}".format(*colour)
    )
