"""The bytes of keys, cut up in any way and mixed with anything."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meshpeek.terminal.key_decoder import NAMED_KEYS, KeyDecoder
from tests.terminal.outputs import cut

SEQUENCES = st.one_of(
    st.from_regex(rb"\x1b\[[0-?]{0,9}[ -/]{0,2}[@-LN-~]", fullmatch=True).filter(
        lambda data: not data.startswith((b"\x1b[200~", b"\x1b[["))
    ),
    st.from_regex(rb"\x1bO[A-Za-z]", fullmatch=True),
    st.from_regex(rb"\x1b\[200~[ -~\r\n]{0,20}\x1b\[201~", fullmatch=True),
    st.from_regex(rb"\x1b\][0-9;a-zA-Z:/]{0,20}(?:\x07|\x1b\\)", fullmatch=True),
    st.from_regex(rb"\x1bP[0-9;a-zA-Z+=]{0,20}\x1b\\", fullmatch=True),
)


def decode(*chunks: bytes) -> list[str]:
    decoder = KeyDecoder()
    keys = []
    for chunk in chunks:
        decoder.feed(chunk)
        while (key := decoder.next()) is not None:
            keys.append(key)
    if key := decoder.give_up():
        keys.append(key)
    return keys


@given(st.binary(max_size=60), st.lists(st.integers(0, 60)))
def test_no_bytes_are_too_much(data: bytes, places: list[int]) -> None:
    for key in decode(*cut(data, places)):
        assert key in NAMED_KEYS or len(key) == 1


@given(st.lists(st.one_of(SEQUENCES, st.sampled_from([b"x", b"Q", b"\r", "é".encode()]))))
def test_cutting_changes_nothing(parts: list[bytes]) -> None:
    data = b"".join(parts)
    assert decode(data) == decode(*(bytes([byte]) for byte in data))


@given(SEQUENCES, st.lists(st.integers(0, 60)))
def test_no_sequence_acts_as_its_letters(sequence: bytes, places: list[int]) -> None:
    keys = decode(*cut(sequence, places), b"x")
    assert keys[-1:] == ["x"]
    assert all(len(key) > 1 for key in keys[:-1])
    assert len(keys) <= 2
