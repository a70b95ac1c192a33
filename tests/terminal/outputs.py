"""Data of terminals for property tests: sequences, whole and broken, among text."""

from __future__ import annotations

from hypothesis import strategies as st

_WHOLE = [
    st.from_regex(r"\x1b\[[0-?]{0,9}[ -/]{0,2}[@-~]", fullmatch=True),
    st.from_regex(r"\x1b\[(?:[0-9]{0,3}[;:]){0,6}[0-9]{0,3}m", fullmatch=True),
    st.from_regex(r"\x1b\[\?(?:25|47|1049|2004)(?:;[0-9]{1,4})?[hl]", fullmatch=True),
    st.from_regex(r"\x1b[\]PX^_][0-9;:/a-z\n]{0,12}(?:\x07|\x18|\x1b\\)", fullmatch=True),
    st.from_regex(r"\x1b[ -/]{0,2}[0-OQ-WYZ\\`-~]", fullmatch=True),
]
_BITS = st.sampled_from(
    ["\x1b", "\x1b[", "\x1b]", "[", "m", ";", "?", "1", "\x07", "\x18", "\\", "\r", "\n", "\r\n"]
)
_TEXT = st.text(st.sampled_from("ab 0;[m<&\té\x9b"), min_size=1, max_size=5)

outputs = st.lists(st.one_of(*_WHOLE, _BITS, _TEXT), max_size=12).map("".join)
"""What a program may write. All characters are of Latin-1, to be encoded in it."""


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Return `data` in pieces that end at `places`, as far as there are any."""
    ends = sorted({place % (len(data) + 1) for place in places} | {len(data)})
    return [data[a:b] for a, b in zip([0, *ends], ends, strict=False)]
