"""A terminal's screen in memory: what is on it after output that moves the cursor.

pyte moves the cursor. It gets only the sequences that it knows: others it takes for what they are
not, or fails at (0.8.2: `ESC [ > 4 ; 2 m` is underlined, a private SGR an error). Of styles it
knows fewer than we do, so a cell has our Rendition in the place of its colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyte
import pyte.screens
from rich.text import Text

from meshpeek.sinks.screen.command_output import rich_style
from meshpeek.terminal.escape_sequences import CSI, ESCAPE, EscapeSequence
from meshpeek.terminal.styled_text import PLAIN, Rendition

_KNOWN_CONTROLS = frozenset("@ABCDEFGHLMPXadefgr")
_WITH_TWO = ("H", "f", "r")
"""The controls that have two parameters; the others have one."""

_MODES = ("?6", "?7", "4", "20")
_BODIES = {
    "J": ("", "0", "1", "2", "3"),
    "K": ("", "0", "1", "2"),
    "h": _MODES,
    "l": _MODES,
}
"""What may stand before these final characters; pyte fails at more."""

_FINALS_OF_ESCAPES = {"": "78DEHMc", "(": "0B", ")": "0B"}

_Row = Mapping[int, pyte.screens.Char]


class ScreenModel:
    """A screen of `columns` and `rows`, and what has been scrolled off its top."""

    def __init__(self, columns: int, rows: int) -> None:
        self._screen = _Screen(columns, rows)
        self._stream = pyte.Stream(self._screen)
        self._stream.use_utf8 = False  # or it takes no line-drawing characters

    def feed(self, parts: Iterable[str | EscapeSequence]) -> None:
        """Take the next parts of an output; a line end also returns, as terminals have it."""
        screen = self._screen
        for part in parts:
            if isinstance(part, str):
                self._stream.feed(part.replace("\n", "\r\n"))
                continue
            rendition = _rendition(screen.cursor.attrs)
            changed = rendition.after(part)
            if changed is not rendition:
                attributes = screen.cursor.attrs._replace(fg=changed)  # type: ignore[arg-type]
                screen.cursor.attrs = attributes
            elif known := _for_pyte(part):
                self._stream.feed(known)

    @property
    def cursor_line(self) -> int:
        """The index of the cursor's line in `lines`."""
        return len(self._screen.above) + self._screen.cursor.y

    def lines(self) -> list[Text]:
        """Return all lines, from the first that was scrolled off to the screen's last."""
        screen = self._screen
        rows = [*screen.above, *(screen.buffer[row] for row in range(screen.lines))]
        return [_text(row, screen.columns) for row in rows]


class _Screen(pyte.Screen):
    def __init__(self, columns: int, rows: int) -> None:
        self.above: list[_Row] = []
        super().__init__(columns, rows)

    def index(self) -> None:
        """Go down a line; keep the one that scrolls off the top."""
        margins = self.margins or pyte.screens.Margins(0, self.lines - 1)
        if margins.top == 0 and self.cursor.y == margins.bottom:
            self.above.append(self.buffer[0])
        super().index()

    def erase_in_display(self, how: int = 0, *_: object, **__: object) -> None:
        """Erase; 3 stands for what has been scrolled off (xterm)."""
        if how == 3:
            self.above.clear()
        else:
            super().erase_in_display(how)

    def reset(self) -> None:
        """Begin anew, with nothing above."""
        self.above.clear()
        super().reset()


def _for_pyte(sequence: EscapeSequence) -> str:
    """Return a sequence as pyte can read it, empty if it changes nothing that is seen here."""
    if sequence.kind == ESCAPE:
        known = sequence.final in _FINALS_OF_ESCAPES.get(sequence.intermediates, ())
        return sequence.code if known else ""
    if sequence.kind != CSI or sequence.intermediates or not _is_known(sequence):
        return ""
    if sequence.final in ("h", "l"):
        return sequence.code
    count = 2 if sequence.final in _WITH_TWO else 1
    numbers = [str(number) for number, *_ in sequence.parameters()][:count]
    return sequence._replace(body=";".join(numbers)).code


def _is_known(control: EscapeSequence) -> bool:
    """Tell whether pyte knows what a control sequence does, with these parameters."""
    if control.final in _BODIES:
        return control.body in _BODIES[control.final]
    return control.final in _KNOWN_CONTROLS and not control.body.startswith(("<", "=", ">", "?"))


def _rendition(char: pyte.screens.Char) -> Rendition:
    return char.fg if isinstance(char.fg, Rendition) else PLAIN


def _text(row: _Row, columns: int) -> Text:
    end = 1 + max((column for column, char in row.items() if _is_seen(char)), default=-1)
    text = Text()
    for column in range(min(end, columns)):
        text.append(row[column].data, rich_style(_rendition(row[column])))
    return text


def _is_seen(char: pyte.screens.Char) -> bool:
    rendition = _rendition(char)
    return char.data.strip() != "" or bool(rendition.background or rendition.attributes)
