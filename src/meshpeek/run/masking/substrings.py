"""Finding many fixed strings in bytes at once, at a cost that does not grow with their number.

Where a string of at least `stride + 3` bytes lies, it covers four bytes that begin at a multiple
of `stride`. So these are looked up, all of a block in one call; a string is searched for only
where four of its bytes have been met.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from struct import Struct

_GRAM = 4
_LEAST_STRIDE, _MOST_STRIDE = 4, 16
_BLOCK_GRAMS = 512


class Substrings:
    """The places in bytes where any of `strings` is, and where the bytes break one off."""

    def __init__(self, strings: Iterable[bytes]) -> None:
        found = {string for string in strings if string}
        shortest_long = _LEAST_STRIDE + _GRAM - 1
        self._short = [string for string in found if len(string) < shortest_long]
        long = [string for string in found if len(string) >= shortest_long]
        self._longest = max(map(len, found), default=0)
        self._stride = min(_MOST_STRIDE, min(map(len, long), default=0) - _GRAM + 1)
        self._by_gram: dict[bytes, set[bytes]] = {}
        for string in long:
            for start in range(self._stride):
                self._by_gram.setdefault(string[start : start + _GRAM], set()).add(string)
        self._grams = frozenset(self._by_gram)
        self._by_head: dict[bytes, list[bytes]] = {}
        for string in found:
            self._by_head.setdefault(string[:_GRAM], []).append(string)
        self._heads = frozenset(self._by_head)
        self._by_beginning: dict[bytes, list[bytes]] = {}
        for string in found:
            for length in range(1, min(_GRAM, len(string))):
                self._by_beginning.setdefault(string[:length], []).append(string)

    def find(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield each string in `data`, and where it begins, in no order."""
        for string in (*self._short, *self._suspects(data)):
            start = data.find(string)
            while start >= 0:
                yield start, string
                start = data.find(string, start + 1)

    def find_broken_off(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield each string that `data` breaks off, and where it begins, in no order."""
        for length in range(1, min(_GRAM, len(data) + 1)):
            for string in self._by_beginning.get(data[-length:], ()):
                yield len(data) - length, string
        window = data[max(0, len(data) - self._longest + 1) :]
        offset = len(data) - len(window)
        for shift in range(_GRAM):
            for number, grams in enumerate(_grams(window, shift, _GRAM)):
                if self._heads.isdisjoint(grams):
                    continue
                for place, gram in enumerate(grams, number * _BLOCK_GRAMS):
                    start = shift + place * _GRAM
                    rest = len(window) - start
                    for string in self._by_head.get(gram, ()):
                        if len(string) > rest and window.endswith(string[:rest]):
                            yield offset + start, string

    def _suspects(self, data: bytes) -> set[bytes]:
        """Return the long strings that `data` may hold."""
        found: set[bytes] = set()
        if self._by_gram:
            for grams in _grams(data, 0, self._stride):
                if not self._grams.isdisjoint(grams):
                    for gram in self._grams.intersection(grams):
                        found |= self._by_gram[gram]
        return found


def _grams(data: bytes, start: int, stride: int) -> Iterator[tuple[bytes, ...]]:
    """Yield the four bytes that begin at `start`, and at each `stride` after it, by the block."""
    block = _BLOCK_GRAMS * stride
    while len(data) - start >= block:
        yield _reader(_BLOCK_GRAMS, stride).unpack_from(data, start)
        start += block
    count = (len(data) - start - _GRAM) // stride + 1
    if count > 0:
        yield _reader(count, stride).unpack_from(data, start)


@cache
def _reader(count: int, stride: int) -> Struct:
    each = f"{_GRAM}s"
    return Struct(f"{stride - _GRAM}x".join([each] * count))
