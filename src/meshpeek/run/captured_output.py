"""What a command wrote, kept within bounds."""

from __future__ import annotations

KEPT_BYTES = 1024 * 1024
"""How much of a command's output is kept at each end, in bytes."""


class CapturedOutput:
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

        Bytes that are not UTF-8 become U+FFFD.
        """
        head = self._head.decode(errors="replace")
        tail = self._tail[-self._kept :].decode(errors="replace")
        if not self.omitted:
            return (bytes(self._head) + bytes(self._tail)).decode(errors="replace")
        return head + omission(self.omitted) + tail


def omission(size: int) -> str:
    """Return what stands in an output in the place of so many bytes that were not kept."""
    return f"\n[… {size} bytes omitted …]\n"
