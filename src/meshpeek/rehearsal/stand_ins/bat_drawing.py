"""How bat's output looks: the grid, the line numbers, the header, wrapping and colours."""

from __future__ import annotations

import io
import itertools
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Token = tuple[Any, str]
"""A Pygments token type (None without highlighting), and the text."""

Line = list[Token]

_COMPONENTS = frozenset({"changes", "grid", "header", "numbers", "rule", "snip"})
_GROUPS = {
    "auto": _COMPONENTS - {"rule"},
    "default": _COMPONENTS - {"rule"},
    "full": _COMPONENTS - {"rule"},
    "header-filename": frozenset({"header"}),
    "header-filesize": frozenset({"header"}),
    "plain": frozenset(),
}
_NUMBER_WIDTH = 4
_TAB_WIDTH = 4
_SPARE_COLUMNS = 5
_RESET = "\x1b[0m"

THEMES: Mapping[str, Mapping[str, str]] = {
    "dark": {
        "Frame": "38;5;247",
        "Comment": "3;38;5;247",
        "Keyword": "1;38;5;117",
        "Literal.String": "38;5;150",
        "Literal.Scalar": "38;5;150",
        "Literal.Number": "38;5;222",
        "Name.Tag": "38;5;111",
        "Name.Attribute": "38;5;111",
        "Name.Function": "38;5;111",
        "Name.Builtin": "38;5;183",
        "Name.Variable": "38;5;183",
        "Generic.Deleted": "38;5;210",
        "Generic.Inserted": "38;5;114",
    },
    "light": {
        "Frame": "38;5;241",
        "Comment": "3;38;5;241",
        "Keyword": "1;38;5;25",
        "Literal.String": "38;5;22",
        "Literal.Scalar": "38;5;22",
        "Literal.Number": "38;5;94",
        "Name.Tag": "38;5;24",
        "Name.Attribute": "38;5;24",
        "Name.Function": "38;5;24",
        "Name.Builtin": "38;5;127",
        "Name.Variable": "38;5;127",
        "Generic.Deleted": "38;5;124",
        "Generic.Inserted": "38;5;22",
    },
}
"""Colours above 15 of xterm's 256, which are the same on every terminal; by Pygments' tokens."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """How to draw: which components, for how many columns, under which name.

    `theme` is `light` or `dark`, None without colours.
    """

    components: frozenset[str]
    width: int
    name: str
    theme: str | None

    @property
    def colours(self) -> Mapping[str, str]:
        """The SGR parameters of each kind of token, and of `Frame`."""
        return THEMES[self.theme] if self.theme else {}

    @property
    def panel(self) -> int:
        """The columns left of the grid's line: numbers, and room for marks of changes."""
        wide = (_NUMBER_WIDTH + 1) * ("numbers" in self.components)
        wide += 2 * ("changes" in self.components)
        return wide if self.width >= wide + _SPARE_COLUMNS + 2 else 0


def style_components(style: str) -> frozenset[str]:
    """Return the components that a comma-separated `--style` names; unknown ones are left out."""
    found: frozenset[str] = frozenset()
    for word in style.split(","):
        found |= _GROUPS.get(word, frozenset({word}) & _COMPONENTS)
    return found


def highlight(text: str, language: str | None, name: str, *, colored: bool) -> list[Line]:
    """Cut `text` into lines of tokens; raises LookupError if the language is not known."""
    text = text.expandtabs(_TAB_WIDTH)
    if not colored:
        return list(_lines([(None, text)]))
    from pygments.lexers import (
        TextLexer,
        get_lexer_by_name,
        get_lexer_for_filename,
    )
    from pygments.util import ClassNotFound

    options: dict[str, Any] = {"stripnl": False, "ensurenl": False}
    try:
        if language:
            lexer = get_lexer_by_name(language, **options)
        else:
            lexer = get_lexer_for_filename(name, **options)
    except ClassNotFound:
        if language:
            raise LookupError(language) from None
        lexer = TextLexer(**options)
    return list(_lines(lexer.get_tokens(text)))


def _lines(tokens: Iterable[Token]) -> Iterator[Line]:
    line: Line = []
    for kind, text in tokens:
        first, *others = text.split("\n")
        line.append((kind, first))
        for other in others:
            yield line
            line = [(kind, other)]
    if any(text for _, text in line):
        yield line


def draw(lines: Sequence[Line], drawing: Drawing) -> str:
    """Return the whole output, each line ended by a line feed."""
    grid = "grid" in drawing.components
    output = io.StringIO()
    if grid:
        output.write(_rule(drawing, "┬"))
    if "header" in drawing.components:
        output.write(_header(drawing, grid))
        if grid:
            output.write(_rule(drawing, "┼"))
    plain = drawing.panel == 0
    for number, line in enumerate(lines, 1):
        rows = [line] if plain and not grid else _wrap(line, _text_width(drawing))
        for row, part in enumerate(rows):
            output.write(_margin(drawing, str(number) if row == 0 else ""))
            output.write(f"{_paint(part, drawing.colours)}\n")
    if grid:
        output.write(_rule(drawing, "┴"))
    return output.getvalue()


def _rule(drawing: Drawing, joint: str) -> str:
    if drawing.panel == 0:
        return _dim("─" * drawing.width, drawing) + "\n"
    right = "─" * (drawing.width - drawing.panel - 1)
    return _dim("─" * drawing.panel + joint + right, drawing) + "\n"


def _header(drawing: Drawing, grid: bool) -> str:
    name = drawing.name if drawing.name == "STDIN" else f"File: {_bold(drawing.name, drawing)}"
    border = _dim("│", drawing) + " " if grid and drawing.panel else ""
    return f"{' ' * drawing.panel}{border}{name}\n"


def _margin(drawing: Drawing, number: str) -> str:
    if drawing.panel == 0:
        return ""
    margin = ""
    if "numbers" in drawing.components:
        margin = f"{number:>{_NUMBER_WIDTH}} "
    margin = margin.ljust(drawing.panel)
    if "grid" in drawing.components:
        return _dim(f"{margin}│", drawing) + " "
    return _dim(margin, drawing)


def _text_width(drawing: Drawing) -> int:
    grid = 2 if "grid" in drawing.components and drawing.panel else 0
    return max(1, drawing.width - drawing.panel - grid)


def _wrap(line: Line, width: int) -> list[Line]:
    """Cut a line into rows of at most `width` columns, wherever that falls."""
    rows: list[Line] = [[]]
    column = 0
    for kind, text in line:
        start = 0
        for position, character in enumerate(text):
            columns = _columns(character)
            if column + columns > width:
                rows[-1].append((kind, text[start:position]))
                rows.append([])
                start, column = position, 0
            column += columns
        rows[-1].append((kind, text[start:]))
    return rows


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _paint(row: Line, colours: Mapping[str, str]) -> str:
    """Return the text of a row, with the colours of its tokens."""
    painted = []
    for kind, group in itertools.groupby(row, lambda token: token[0]):
        text = "".join(text for _, text in group)
        while kind and str(kind).removeprefix("Token.") not in colours:
            kind = kind.parent
        code = colours[str(kind).removeprefix("Token.")] if kind else ""
        painted.append(f"\x1b[{code}m{text}{_RESET}" if code and text else text)
    return "".join(painted)


def _dim(text: str, drawing: Drawing) -> str:
    return f"\x1b[{drawing.colours['Frame']}m{text}{_RESET}" if drawing.theme else text


def _bold(text: str, drawing: Drawing) -> str:
    return f"\x1b[1m{text}{_RESET}" if drawing.theme else text
