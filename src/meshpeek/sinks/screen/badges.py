"""The badges of a command: the clusters that it talks to, by colour and by name."""

from __future__ import annotations

from collections.abc import Mapping

from rich.color import Color
from rich.style import Style
from rich.text import Text

from meshpeek.workshop.model import Command

_LIGHT_ENOUGH = 0.18
"""The relative luminance (WCAG 2) above which black is easier to read on a colour than white."""


def draw_prompt(step: Command, colours: Mapping[str, str], *, rehearsal: bool, plain: bool) -> Text:
    """Return the prompt of a command. `plain`: without colours, so badges have brackets."""
    prompt = Text()
    if rehearsal:
        prompt.append("rehearsal ", "magenta")
    for context in step.contexts:
        colour = colours.get(context)
        if plain:
            prompt.append(f"[{context}]", "bold")
        else:
            prompt.append(f" {context} ", badge_style(colour) if colour else "bold reverse")
        prompt.append(" ")
    return prompt.append("$ ", "bold green")


def badge_style(colour: str) -> Style:
    """Return the style of a badge in `colour`, with the text in black or white."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in Color.parse(colour).get_truecolor().normalized
    )
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    text = "black" if luminance > _LIGHT_ENOUGH else "bright_white"
    return Style(color=text, bgcolor=colour, bold=True)
