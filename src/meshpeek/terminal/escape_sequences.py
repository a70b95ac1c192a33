"""The grammar of escape sequences: which parts of a terminal's data are text.

It is ECMA-48's (5.3 to 5.6), in 7-bit form, read as terminals do
(https://vt100.net/emu/dec_ansi_parser): ESC begins a sequence wherever it stands, in another one,
too; CAN and SUB end one; BEL ends a string as ST does (xterm). So nothing before an ESC matters to
what follows it, and text never holds one. 8-bit controls are left alone: in UTF-8 their bytes are
parts of characters. Bytes can be read as text in Latin-1, which is one character for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_SEQUENCE = re.compile(
    "\x1b(?:"
    r"\[(?P<parameters>[0-?]*)(?P<intermediates>[ -/]*)(?P<final>[@-~])?"
    "|(?P<string>[\\]PX^_])(?P<content>[^\x07\x18\x1a\x1b]*)(?P<end>[\x07\x18\x1a]|\x1b\\\\)?"
    "|(?P<between>[ -/]*)(?P<other>[0-~])?"
    ")"
)
_MOST_DIGITS = 5
LARGEST_PARAMETER = 65_535
"""What stands for any larger number, as in xterm: an int of thousands of digits is an error."""

CSI = "["
"""The kind of control sequences: `ESC [ parameters final`."""

OSC = "]"
"""The kind of operating system commands: `ESC ] content ST`."""

ESCAPE = ""
"""The kind of all sequences with neither parameters nor content."""

ERASE_LINE = "\x1b[K"
"""From the cursor on."""

SAVE_CURSOR, RESTORE_CURSOR = "\x1b7", "\x1b8"
ERASE_LINE_END = "\x1b[0K"
CURSOR_DOWN, ERASE_BELOW = "\x1b[B", "\x1b[J"
INDEX, REVERSE_INDEX = "\x1bD", "\x1bM"
"""The cursor a line down, and up; at the screen's edge, scroll instead. Columns stay."""

RESET_STYLE, NORMAL_KEYPAD = "\x1b[0m", "\x1b>"
CURSOR_VISIBLE, ALTERNATE_SCREEN, BRACKETED_PASTE = 25, 1049, 2004
"""Private modes (xterm's ctlseqs, DECSET)."""

_ALTERNATE_SCREENS = {47, 1047, ALTERNATE_SCREEN}
"""The modes that switch to the terminal's other screen, and back (xterm's ctlseqs)."""


def move_to(row: int, column: int = 1) -> str:
    """Return the sequence that puts the cursor there; the first row and column are 1."""
    return f"\x1b[{row};{column}H"


def set_mode(number: int, *, on: bool) -> str:
    """Return the sequence that switches a private mode on or off."""
    return f"\x1b[?{number}{'h' if on else 'l'}"


class EscapeSequence(NamedTuple):
    """A sequence: its `kind` is CSI, OSC, `P` (DCS), `X` (SOS), `^` (PM), `_` (APC), or ESCAPE.

    `body` is the parameters of a control sequence, or the content of a string. `final` is the
    character that says what the sequence does, after its `intermediates`; it is empty where the
    sequence breaks off. That of a string is what ends it.
    """

    kind: str
    body: str
    intermediates: str
    final: str

    @property
    def code(self) -> str:
        """What a terminal is sent."""
        return f"\x1b{self.kind}{self.body}{self.intermediates}{self.final}"

    def parameters(self) -> list[list[int]]:
        """Return a control sequence's parameters, each with its subparameters (after colons).

        One that is missing is 0. None may be larger than LARGEST_PARAMETER; what is not a number,
        such as the `?` of private sequences, does not count.
        """
        parts = self.body.lstrip("<=>?").split(";")
        return [[_number(digits) for digits in part.split(":")] for part in parts]

    def is_private_mode(self) -> bool:
        """Tell whether it switches modes on or off: `ESC [ ? numbers h` or `l` (DECSET, DECRST)."""
        return (
            self.kind == CSI
            and self.final in ("h", "l")
            and self.body.startswith("?")
            and not self.intermediates
        )

    def switches_screen(self) -> bool | None:
        """Return whether it switches to the alternate screen (True) or back; None if neither."""
        if not self.is_private_mode():
            return None
        numbers = {number for number, *_ in self.parameters()}
        return self.final == "h" if numbers & _ALTERNATE_SCREENS else None


def takes_screen(text: str) -> bool:
    """Tell whether an output switches to the alternate screen, as full-screen programs do."""
    return "\x1b[?" in text and any(
        part.switches_screen() for part in split(text) if isinstance(part, EscapeSequence)
    )


def strip_escapes(text: str) -> str:
    """Return `text` without escape sequences and with plain line ends."""
    if "\x1b" in text:
        text = _SEQUENCE.sub("", text)
    # More than one carriage return: of a program that writes \r\n itself, to a terminal.
    return re.sub("(?<!\r)\r+\n", "\n", text) if "\r\n" in text else text


def split(text: str) -> Iterator[str | EscapeSequence]:
    """Yield the parts of `text` in their order: text, which is never empty, and sequences."""
    end = 0
    for match in _SEQUENCE.finditer(text):
        if match.start() > end:
            yield text[end : match.start()]
        yield _sequence(match)
        end = match.end()
    if end < len(text):
        yield text[end:]


def read(text: str, start: int = 0) -> tuple[EscapeSequence, int, bool]:
    """Read the sequence that begins with the ESC at `start`.

    Return it, where it ends, and whether it may go on after the end of `text`. Raises ValueError
    if there is no ESC.
    """
    match = _SEQUENCE.match(text, start)
    if match is None:
        raise ValueError(f"no escape sequence begins at {start}")
    sequence, end = _sequence(match), match.end()
    left = len(text) - end
    is_begun = left == 0 or (left == 1 and text[end] == "\x1b" and bool(match["string"]))
    return sequence, end, is_begun and not sequence.final


class ControlSequenceReader:
    """Finds control sequences in data that arrives in pieces, however cut up."""

    longest = 256
    """In characters; longer ones are passed over."""

    def __init__(self) -> None:
        self._begun = ""

    def feed(self, data: bytes) -> list[EscapeSequence]:
        """Return the control sequences that are complete now."""
        if b"\x1b" not in data and not self._begun:
            return []
        text, self._begun = self._begun + data.decode("latin-1"), ""
        found = []
        start = text.find("\x1b")
        while start >= 0:
            sequence, end, is_begun = read(text, start)
            if sequence.kind == CSI and sequence.final and end - start <= self.longest:
                found.append(sequence)
            elif is_begun and sequence.kind in (CSI, ESCAPE):
                begun = text[start:]
                # Of one that is too long, as much as still is too long.
                self._begun = begun[:2] + begun[2:][-self.longest :]
            start = text.find("\x1b", end)
        return found


def _sequence(match: re.Match[str]) -> EscapeSequence:
    if match["string"]:
        return EscapeSequence(match["string"], match["content"], "", match["end"] or "")
    if match["parameters"] is None:
        return EscapeSequence(ESCAPE, "", match["between"], match["other"] or "")
    return EscapeSequence(CSI, match["parameters"], match["intermediates"], match["final"] or "")


def _number(digits: str) -> int:
    significant = digits.lstrip("0") if digits.isdigit() else ""
    if len(significant) > _MOST_DIGITS:
        return LARGEST_PARAMETER
    return min(int(significant or 0), LARGEST_PARAMETER)
