"""Decoding the bytes of a terminal into names of keys."""

from __future__ import annotations

from meshpeek.terminal.escape_sequences import CSI, ESCAPE, EscapeSequence, read

_CONTROL_NAMES = {
    0x00: "ctrl-space",
    0x08: "backspace",
    0x09: "tab",
    0x0A: "enter",
    0x0D: "enter",
    0x1C: "ctrl-\\",
    0x1D: "ctrl-]",
    0x1E: "ctrl-^",
    0x1F: "ctrl-_",
    0x20: "space",
    0x7F: "backspace",
} | {code: f"ctrl-{chr(code + 0x60)}" for code in range(1, 27) if code not in (8, 9, 10, 13)}

_BY_LETTER = {
    "A": "up",
    "B": "down",
    "C": "right",
    "D": "left",
    "F": "end",
    "H": "home",
    "P": "f1",
    "Q": "f2",
    "S": "f4",
    "Z": "shift-ta",
}
_SINGLE = {**_BY_LETTER, "M": "enter", "R": "f3"}
"""After ESC O; after ESC [ the last two are a mouse's button and the cursor's position."""

_BY_NUMBER = {
    1: "home",
    2: "insert",
    3: "delete",
    4: "end",
    5: "page-up",
    6: "page-down",
    7: "home",
    8: "end",
    **{11 + n: f"f{1 + n}" for n in range(5)},
    **{17 + n: f"f{6 + n}" for n in range(5)},
    **{23 + n: f"f{11 + n}" for n in range(2)},
}
_MODIFIERS = {2: "shift-", 3: "alt-", 5: "ctrl-"}
"""xterm's modifier parameters (ctlseqs, "PC-Style Function Keys"), less combinations of them."""

NAMED_KEYS = frozenset(
    {
        *_CONTROL_NAMES.values(),
        *_SINGLE.values(),
        *_BY_NUMBER.values(),
        *(
            modifier + name
            for modifier in _MODIFIERS.values()
            for name in {*_BY_LETTER.values(), *_BY_NUMBER.values()} - {"shift-tab"}
        ),
        *(f"alt-{chr(code)}" for code in range(0x21, 0x7F)),
        "escape",
    }
)
"""The keys that have names; the name of any other is the character that it types."""

_PASTE_BEGINS, _PASTE_ENDS = b"\x1b[200~", b"\x1b[201~"
_MOUSE, _MOUSE_BYTES = b"\x1b[M", 6
"""A mouse's button, of a program that left the mouse on (X10's protocol)."""

_LINUX_CONSOLE = b"\x1b[["
"""With a letter from A to E behind it: F1 to F5 of the Linux console."""

_SINGLE_SHIFT = b"\x1bO"


class KeyDecoder:
    """Takes bytes as they arrive, however cut up, and returns one key after the other.

    An escape sequence is one key, with a name or without; a paste is no key. No part of either
    counts as the letters in it. Bytes that are not UTF-8 are dropped.
    """

    def __init__(self) -> None:
        self._data = b""

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        self._data += data

    def take_rest(self) -> bytes:
        """Return, once, the bytes behind the last key."""
        rest, self._data = self._data, b""
        return rest

    @property
    def is_inside_key(self) -> bool:
        """Whether the bytes so far may be the beginning of a key."""
        return bool(self._data)

    @property
    def is_on_its_way(self) -> bool:
        """Whether they are the beginning of a paste or of a sequence, which no key is alone."""
        return self._data.startswith((_PASTE_BEGINS, b"\x1b["))

    def next(self) -> str | None:
        """Return the next key's name, None if no complete key with a name has arrived."""
        while self._data:
            size, name = self._first()
            if not size:
                return None
            self._data = self._data[size:]
            if name:
                return name
        return None

    def give_up(self) -> str | None:
        """Return the key that the bytes so far are if no more come: ESC alone, else None."""
        return "escape" if self.take_rest() == b"\x1b" else None

    def _first(self) -> tuple[int, str | None]:
        """Return how many bytes the first key has, 0 if it is not complete, and its name."""
        code = self._data[0]
        if code == 0x1B:
            return self._first_sequence()
        if code in _CONTROL_NAMES:
            return 1, _CONTROL_NAMES[code]
        return self._first_character()

    def _first_character(self, start: int = 0) -> tuple[int, str | None]:
        lead = self._data[start]
        size = 1 if lead < 0xC2 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
        character = self._data[start : start + size]
        for end in range(start + 1, start + size):
            if end >= len(self._data):
                return 0, None
            if not 0x80 <= self._data[end] < 0xC0:
                return end, None
        try:
            return start + size, character.decode()
        except UnicodeDecodeError:
            return start + size, None

    def _first_sequence(self) -> tuple[int, str | None]:
        if self._data.startswith(_PASTE_BEGINS):
            end = self._data.find(_PASTE_ENDS)
            return (0 if end < 0 else end + len(_PASTE_ENDS)), None
        if self._data in (b"\x1b", _SINGLE_SHIFT, _LINUX_CONSOLE):
            return 0, None
        if self._data.startswith(_MOUSE):
            return (_MOUSE_BYTES if len(self._data) >= _MOUSE_BYTES else 0), None
        if self._data.startswith(_LINUX_CONSOLE) and self._data[3] in b"ABCDE":
            return 4, None
        if self._data.startswith(_SINGLE_SHIFT) and 0x20 <= self._data[2] < 0x7F:
            return 3, _SINGLE.get(chr(self._data[2]))
        sequence, size, is_begun = read(self._data.decode("latin-1"))
        if sequence.kind != ESCAPE:
            return (0 if is_begun else size), _name_sequence(sequence)
        if self._data[1] == 0x1B:
            return 1, "escape"
        size, character = self._first_character(1)
        name = f"alt-{character}"
        return size, name if name in NAMED_KEYS else None


def _name_sequence(sequence: EscapeSequence) -> str | None:
    if sequence.kind != CSI or sequence.body.strip("0123456789;"):
        return None  # a string, or private: a report, not a key
    numbers = [number for number, *_ in sequence.parameters()]
    final = sequence.final
    name = _BY_NUMBER.get(numbers[0]) if final == "~" else _BY_LETTER.get(final)
    if name is None or len(numbers) < 2 or numbers[1] < 2:
        return name
    modifier = _MODIFIERS.get(numbers[1])
    return None if modifier is None else modifier + name
