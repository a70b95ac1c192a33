"""The badges of a command: the clusters that it talks to, by colour and by name."""

from __future__ import annotations

from collections.abc import Mapping

from rich.color import Color
from rich.style import Style
from rich.text import Text

from meshpeek.workshop.model import Command

_LIGHT_ENOUGH = 0.18
"""The relative luminance (WCAG 2) above which black is easier to read on a colour than white."""


PROMPT = Text("$ ", "prompt")


def draw_badges(step: Command, colours: Mapping[str, str], *, rehearsal: bool, plain: bool) -> Text:
    """Return the line above a command, empty without clusters in a run on real ones.

    `plain`: without colours, so badges have brackets.
    """
    line = Text()
    if rehearsal:
        line.append("rehearsal", "rehearsal")
    for context in step.contexts:
        colour = colours.get(context)
        if line:
            line.append(" ")
        if plain:
            line.append(f"[{context}]", "bold")
        else:
            line.append(f" {context} ", badge_style(colour) if colour else "bold reverse")
    return line


def badge_style(colour: str) -> Style:
    """Return the style of a badge in `colour`, with the text in black or white."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in Color.parse(colour).get_truecolor().normalized
    )
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    text = "black" if luminance > _LIGHT_ENOUGH else "bright_white"
    return Style(color=text, bgcolor=colour, bold=True)
