"""Hiding secrets in what a run writes: values that are known, and what has a token's shape.

Of a known value nothing may be seen, so what may be its beginning is held back in a stream.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from meshpeek.run.masking.secret_shapes import LOOK_BEHIND, OPEN, Shape, find_clues

MASK = b"***"
"""What stands in a secret's place."""


_FIRST_WORD = re.compile(rb"\S{1,4096}")


class _Candidate(NamedTuple):
    """Where a secret may begin, and its shape.

    The shape is None for a known value, which ends at `end`; for one that the data break off, that
    is OPEN.
    """

    begin: int
    shape: Shape | None
    end: int = OPEN


class Masker:
    """Replaces secrets. `values` are those that are known, as the run's environment has them."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._known = _KnownValues(known) if (known := set(values)) else None

    def stream(self) -> MaskedStream:
        """Return what masks bytes that arrive in pieces."""
        return MaskedStream(self)

    def mask(self, data: bytes) -> bytes:
        """Return `data` without secrets."""
        secrets, _ = self.find(data, is_whole=True)
        return _without(secrets, data, 0, len(data)) if secrets else data

    def mask_text(self, text: str) -> str:
        """Return `text` without secrets."""
        data = text.encode(errors="surrogatepass")
        masked = self.mask(data)
        return text if masked is data else masked.decode(errors="surrogatepass")

    def mask_cut(self, head: str, tail: str) -> tuple[str, str]:
        """Return two pieces of a text without secrets, those among them that it was cut in.

        Where the tail begins within a token, nothing tells; so its first word goes.
        """
        before, after = (text.encode(errors="surrogatepass") for text in (head, tail))
        _, settled = self.find(before, is_whole=False)
        rest = _FIRST_WORD.match(after)
        begin = max(rest.end() if rest else 0, self._known.find_end(after) if self._known else 0)
        return (
            self.mask(before[:settled]).decode(errors="ignore"),
            self.mask(after[begin:]).decode(errors="ignore"),
        )

    def find(
        self, data: bytes, settled: int = 0, *, is_whole: bool
    ) -> tuple[list[tuple[int, int]], int]:
        """Return the secrets in `data`, and from where on what comes next may change them.

        Up to `settled` it has been said already; nothing is open where `data` is the whole.
        """
        candidates = [
            _Candidate(begin, shape)
            for shape, clue_end in find_clues(data)
            if (begin := shape.begin(data, clue_end)) is not None
        ]
        if self._known:
            candidates += self._known.find(data, is_whole=is_whole)
        if not candidates:
            return [], len(data)
        return _settle(data, sorted(candidates, key=_order), settled, is_whole=is_whole)


class MaskedStream:
    """Bytes that arrive in pieces, masked as all of them at once would be."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._seen = b""
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Return what may be seen now that `data` has come."""
        seen = len(self._seen)
        buffer = b"".join((self._seen, self._held, data))
        secrets, settled = self._masker.find(buffer, seen, is_whole=False)
        is_plain = not secrets and not self._held and settled == len(buffer)
        self._held = buffer[settled:]
        self._seen = buffer[max(0, settled - LOOK_BEHIND) : settled]
        return data if is_plain else _without(secrets, buffer, seen, settled)

    def end(self) -> bytes:
        """Return what was held back, and begin anew."""
        buffer, seen = self._seen + self._held, len(self._seen)
        self._seen = self._held = b""
        secrets, _ = self._masker.find(buffer, seen, is_whole=True) if buffer[seen:] else ([], 0)
        return _without(secrets, buffer, seen, len(buffer))


class _KnownValues:
    """The places of values that are known, in all their forms, wrapped ones too."""

    def __init__(self, values: Iterable[str]) -> None:
        from meshpeek.run.masking.forms import forms_of
        from meshpeek.run.masking.substrings import Substrings

        self._after: dict[bytes, bytes] = {}
        for text, after in (form for value in values for form in forms_of(value)):
            others = self._after.get(text, after)
            self._after[text] = others + after if others and after else b""
        self._forms = Substrings(self._after)

    def find(self, data: bytes, *, is_whole: bool) -> Iterator[_Candidate]:
        """Yield the places in `data`, and where it breaks one off if it is not the whole."""
        from meshpeek.run.masking.line_wraps import unwrap

        yield from self._find(data, int, is_whole=is_whole)
        unwrapped = unwrap(data)
        if unwrapped:
            yield from self._find(unwrapped.data, unwrapped.origin, is_whole=is_whole)

    def find_end(self, data: bytes) -> int:
        """Return where the rest of a value ends that `data` may begin with."""
        from meshpeek.run.masking.substrings import Substrings

        backwards = Substrings(form[::-1] for form in self._after)
        longest = max(map(len, self._after))
        starts = [start for start, _ in backwards.find_broken_off(data[longest - 1 :: -1])]
        return min(longest, len(data)) - min(starts) if starts else 0

    def _find(
        self, data: bytes, origin: Callable[[int], int], *, is_whole: bool
    ) -> Iterator[_Candidate]:
        for start, form in self._forms.find(data):
            if self._may_begin(form, data, start):
                yield _Candidate(origin(start), None, origin(start + len(form) - 1) + 1)
        if not is_whole:
            for start, form in self._forms.find_broken_off(data):
                if self._may_begin(form, data, start):
                    yield _Candidate(origin(start), None)

    def _may_begin(self, form: bytes, data: bytes, start: int) -> bool:
        after = self._after[form]
        return not after or (start > 0 and data[start - 1] in after)


def _order(candidate: _Candidate) -> tuple[int, bool, int]:
    """Put a known value first where two begin, and one that is open before all others."""
    return candidate.begin, candidate.shape is not None, candidate.end


def _settle(
    data: bytes, candidates: Sequence[_Candidate], settled: int, *, is_whole: bool
) -> tuple[list[tuple[int, int]], int]:
    """Decide which candidates, given in order, are secrets; see `Masker.find`.

    A known value that begins in a secret and goes on behind it makes it longer.
    """
    secrets: list[tuple[int, int]] = []
    for begin, shape, end in candidates:
        is_within = bool(secrets) and begin < secrets[-1][1]
        if begin < settled or (is_within and shape):
            continue
        place = secrets[-1][0] if is_within else begin
        found = shape.end(data, begin, is_whole=is_whole) if shape else end
        if found == OPEN:
            return secrets[: len(secrets) - is_within], place
        if found is None:
            continue
        if is_within:
            secrets[-1] = (place, max(found, secrets[-1][1]))
        else:
            secrets.append((place, found))
    return secrets, len(data)


def _without(secrets: Iterable[tuple[int, int]], data: bytes, start: int, end: int) -> bytes:
    """Return the part of `data` from `start` to `end` without the secrets, which lie in it."""
    pieces: list[bytes] = []
    for begin, finish in secrets:
        pieces += (data[start:begin], MASK)
        start = finish
    return b"".join((*pieces, data[start:end]))
