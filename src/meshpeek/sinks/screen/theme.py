"""The colours of the screen, for a light background and for a dark one.

They are numbers of xterm's 256 colours above 15, which are the same on every terminal; the lower
ones are whatever the terminal's user likes. On an unknown background nothing is coloured: only the
weight differs. No text has a ground of its own but badges.
"""

from __future__ import annotations

from collections.abc import Mapping

from pygments import token
from rich.style import Style
from rich.syntax import ANSISyntaxTheme
from rich.theme import Theme

from meshpeek.terminal.background import Background

_Colours = Mapping[str, int]

COLOURS: Mapping[Background, _Colours] = {
    Background.DARK: {
        "good": 114,
        "bad": 210,
        "warn": 222,
        "rehearsal": 183,
        "code": 183,
        "comment": 247,
        "keyword": 117,
        "string": 150,
        "number": 222,
        "name": 111,
        "builtin": 183,
        "removed": 210,
        "added": 114,
    },
    Background.LIGHT: {
        "good": 22,
        "bad": 124,
        "warn": 94,
        "rehearsal": 90,
        "code": 90,
        "comment": 241,
        "keyword": 25,
        "string": 22,
        "number": 94,
        "name": 24,
        "builtin": 127,
        "removed": 124,
        "added": 22,
    },
    Background.UNKNOWN: {},
}
"""The colour of everything that has one. Tests measure each against its background."""

_TOKENS = {
    token.Comment: ("comment", "italic"),
    token.Keyword: ("keyword", "bold"),
    token.Operator.Word: ("keyword", "bold"),
    token.String: ("string", ""),
    token.Number: ("number", ""),
    token.Literal.Scalar: ("string", ""),
    token.Name.Tag: ("name", "bold"),
    token.Name.Attribute: ("name", ""),
    token.Name.Function: ("name", "bold"),
    token.Name.Class: ("name", "bold"),
    token.Name.Builtin: ("builtin", ""),
    token.Name.Variable: ("builtin", ""),
    token.Name.Decorator: ("builtin", ""),
    token.Generic.Deleted: ("removed", ""),
    token.Generic.Inserted: ("added", ""),
    token.Generic.Heading: ("", "bold"),
    token.Generic.Strong: ("", "bold"),
    token.Generic.Emph: ("", "italic"),
}

_WEIGHTS = {
    "markdown.h1": "bold",
    "markdown.h1.border": "",
    "markdown.h2": "bold underline",
    "markdown.h3": "bold",
    "markdown.item.bullet": "bold",
    "markdown.item.number": "bold",
    "markdown.block_quote": "italic",
    "markdown.hr": "dim",
    "markdown.link": "underline",
    "markdown.link_url": "underline",
    "markdown.table.border": "dim",
    "markdown.table.header": "bold",
}


def screen_theme(background: Background) -> Theme:
    """Return rich's styles, with our own: `good`, `bad`, `warn`, `rehearsal`, `prompt`."""
    colours = COLOURS[background]
    return Theme(
        {
            **_WEIGHTS,
            **{word: _style(colours, word) for word in ("good", "bad", "warn", "rehearsal")},
            "prompt": _style(colours, "good", "bold"),
            "markdown.code": _style(colours, "code", "bold"),
        }
    )


def code_theme(background: Background) -> ANSISyntaxTheme:
    """Return the styles of code in fences."""
    colours = COLOURS[background]
    return ANSISyntaxTheme(
        {kind: _style(colours, word, weight) for kind, (word, weight) in _TOKENS.items()}
    )


def _style(colours: _Colours, word: str, weight: str = "") -> Style:
    number = colours.get(word)
    return Style.parse(f"{weight} {'' if number is None else f'color({number})'}".strip() or "none")
