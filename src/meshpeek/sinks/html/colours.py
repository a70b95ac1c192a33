"""Colours of the page: the terminal's and the contexts', and their contrast."""

from __future__ import annotations

_SIXTEEN = (
    "#3b4252", "#ff6b6b", "#8fce6a", "#e9c46a", "#7aa2f7", "#d08bf0", "#5cc8d7", "#d8dee9",
    "#8b95a7", "#ff8f8f", "#b3e28f", "#ffe08a", "#a3c0ff", "#e3b3ff", "#8fe6f2", "#ffffff",
)  # fmt: skip
_NAMED = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_LEVELS = (0, 95, 135, 175, 215, 255)
_ENOUGH = 4.5
"""The contrast that WCAG 2.1 asks of text (1.4.3)."""


def xterm_colour(number: int) -> str:
    """Return xterm's colour `number`, 0 to 255, as `#rrggbb`; the first 16 are the page's own."""
    if number < 16:
        return _SIXTEEN[number]
    if number < 232:
        cube = number - 16
        red, green, blue = (_LEVELS[cube // step % 6] for step in (36, 6, 1))
    else:
        red = green = blue = 8 + 10 * (number - 232)
    return f"#{red:02x}{green:02x}{blue:02x}"


def context_colour(name: str) -> str:
    """Return a context's colour, `cyan`, `bright_green` or `#rrggbb`, as `#rrggbb`."""
    if name.startswith("#"):
        return name.lower()
    bright = name.startswith("bright_")
    return _SIXTEEN[_NAMED.index(name.removeprefix("bright_")) + 8 * bright]


def readable_on(background: str, colour: str) -> str:
    """Return `colour`, or a lighter or darker one that has enough contrast on `background`."""
    towards = 255 if _contrast(background, "#ffffff") > _contrast(background, "#000000") else 0
    for step in range(11):
        mixed = [round(part + (towards - part) * step / 10) for part in _parts(colour)]
        candidate = "#{:02x}{:02x}{:02x}".format(*mixed)
        if _contrast(background, candidate) >= _ENOUGH:
            return candidate
    return candidate


def _parts(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return red, green, blue


def _luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.1."""
    linear = [
        part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4
        for part in _parts(colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)
