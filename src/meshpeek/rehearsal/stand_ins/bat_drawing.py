"""How bat's output looks: the grid, the line numbers, the header, wrapping and colours."""

from __future__ import annotations

import io
import itertools
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
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
_DIM, _BOLD, _RESET = "\x1b[38;5;238m", "\x1b[1m", "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Drawing:
    """How to draw: which components, for how many columns, under which name, in colour or not."""

    components: frozenset[str]
    width: int
    name: str
    colored: bool

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
    paint = _Painter(drawing.colored)
    for number, line in enumerate(lines, 1):
        rows = [line] if plain and not grid else _wrap(line, _text_width(drawing))
        for row, part in enumerate(rows):
            output.write(_margin(drawing, str(number) if row == 0 else ""))
            output.write(f"{paint(part)}\n")
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


class _Painter:
    """Turns the tokens of a row into text, with colours where wanted."""

    def __init__(self, colored: bool) -> None:
        self._formatter: Any = None
        if colored:
            from pygments.formatters import (
                Terminal256Formatter,
            )

            self._formatter = Terminal256Formatter(style="monokai")

    def __call__(self, row: Line) -> str:
        if self._formatter is None:
            return "".join(text for _, text in row)
        painted = io.StringIO()
        merged = (
            (kind, "".join(text for _, text in group))
            for kind, group in itertools.groupby(row, lambda token: token[0])
        )
        self._formatter.format(merged, painted)
        return painted.getvalue()


def _dim(text: str, drawing: Drawing) -> str:
    return f"{_DIM}{text}{_RESET}" if drawing.colored else text


def _bold(text: str, drawing: Drawing) -> str:
    return f"{_BOLD}{text}{_RESET}" if drawing.colored else text
