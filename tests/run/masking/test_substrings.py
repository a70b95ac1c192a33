"""Many fixed strings, found at once as one by one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meshpeek.run.masking.substrings import Substrings

STRING = st.lists(st.sampled_from(b"abc"), max_size=40).map(bytes)


@given(st.sets(STRING, max_size=12), STRING, st.integers(1, 200))
def test_they_are_found_where_they_are(strings: set[bytes], data: bytes, times: int) -> None:
    found = Substrings(strings)
    data *= times
    strings.discard(b"")
    assert set(found.find(data)) == {
        (start, string)
        for string in strings
        for start in range(len(data))
        if data.startswith(string, start)
    }
    assert sorted(found.find_broken_off(data)) == sorted(
        (len(data) - length, string)
        for string in strings
        for length in range(1, min(len(string), len(data) + 1))
        if data.endswith(string[:length])
    )
