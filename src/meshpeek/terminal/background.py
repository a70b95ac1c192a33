"""Whether a terminal's background is light or dark: what it answers, or its environment says."""

from __future__ import annotations

import re
from enum import StrEnum

QUERY = b"\x1b]11;?\x1b\\\x1b[c"
"""Asks for the background (xterm's ctlseqs, OSC 11), and then what every terminal answers (DA1)."""

_COLOUR = re.compile(rb"\x1b\]11;(?:rgba?:|#)([0-9A-Fa-f/]+)")
_ATTRIBUTES = re.compile(rb"\x1b\[\?[0-9;]*c")
_LIGHT_FROM = 0.5
_DARK_NUMBERS = frozenset({0, 1, 2, 3, 4, 5, 6, 8})
"""The backgrounds of the sixteen colours that COLORFGBG may name that are dark."""

COLORFGBG = "COLORFGBG"
"""The variable that some terminals set, and programs read: numbers of their sixteen colours."""


class Background(StrEnum):
    """What text must be readable on."""

    LIGHT = "light"
    DARK = "dark"
    UNKNOWN = "unknown"


def is_answered(reply: bytes) -> bool:
    """Tell whether a terminal has answered all of QUERY."""
    return _ATTRIBUTES.search(reply) is not None


def answered_background(reply: bytes) -> Background:
    """Return what a terminal has answered to QUERY: `rgb:RR/GG/BB`, of 1 to 4 digits each."""
    match = _COLOUR.search(reply)
    if match is None:
        return Background.UNKNOWN
    digits = match[1].decode()
    size = len(digits) // 3
    parts = (
        digits.split("/") if "/" in digits else [digits[:size], digits[size:-size], digits[-size:]]
    )
    if len(parts) < 3 or not all(parts):
        return Background.UNKNOWN
    red, green, blue = (int(part, 16) / (16 ** len(part) - 1) for part in parts[:3])
    lightness = 0.299 * red + 0.587 * green + 0.114 * blue
    return Background.LIGHT if lightness >= _LIGHT_FROM else Background.DARK


def colour_numbers(background: Background) -> dict[str, str]:
    """Return the variable that says so to programs, none for an unknown background."""
    numbers = {Background.LIGHT: "0;15", Background.DARK: "15;0"}
    return {COLORFGBG: numbers[background]} if background in numbers else {}


def background_of(colorfgbg: str) -> Background:
    """Return what the variable COLORFGBG says, as `15;0`: the last number is the background's."""
    number = colorfgbg.rpartition(";")[2]
    if not number.isdecimal() or int(number) > 15:
        return Background.UNKNOWN
    return Background.DARK if int(number) in _DARK_NUMBERS else Background.LIGHT
