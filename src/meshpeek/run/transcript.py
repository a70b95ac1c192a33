"""What a command wrote, kept within bounds, and as the plain text that is judged."""

from __future__ import annotations

import re

KEPT_BYTES = 1024 * 1024
"""How much of a command's output is kept at each end, in bytes."""

_ESCAPE_SEQUENCES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movement (ECMA-48, 5.4)
    r"|[\]PX^_].*?(?:\x07|\x1b\\|\Z)"  # OSC, DCS and other strings, up to their terminator
    r"|[ -/]*[0-~])",  # all others: character sets, keypad modes
    re.DOTALL,
)


class Transcript:
    """The head and the tail of a stream of bytes, and a count of what lies between."""

    def __init__(self, kept: int = KEPT_BYTES) -> None:
        self._kept = kept
        self._head = bytearray()
        self._tail = bytearray()
        self.size = 0

    def add(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        self.size += len(data)
        room = self._kept - len(self._head)
        if room:
            self._head += data[:room]
            data = data[room:]
        self._tail += data
        # Cutting once per `kept` bytes rather than at every call keeps this linear.
        if len(self._tail) > 2 * self._kept:
            del self._tail[: -self._kept]

    @property
    def omitted(self) -> int:
        """How many bytes between head and tail were not kept."""
        return self.size - len(self._head) - min(len(self._tail), self._kept)

    def text(self) -> str:
        """Return what was kept as text, saying how much is missing where some is.

        Bytes that are no UTF-8 become U+FFFD.
        """
        head = self._head.decode(errors="replace")
        tail = self._tail[-self._kept :].decode(errors="replace")
        if not self.omitted:
            return (bytes(self._head) + bytes(self._tail)).decode(errors="replace")
        return f"{head}\n[… {self.omitted} bytes omitted …]\n{tail}"


def strip_escapes(text: str) -> str:
    """Return `text` without terminal escape sequences and with plain line ends."""
    if "\x1b" in text:
        text = _ESCAPE_SEQUENCES.sub("", text)
    return text.replace("\r\n", "\n")
