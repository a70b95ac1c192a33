"""What is kept of output."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meshpeek.run.captured_output import CapturedOutput


@given(st.lists(st.binary(max_size=30), max_size=30), st.integers(1, 40))
def test_head_and_tail_are_kept_and_the_rest_is_counted(chunks: list[bytes], kept: int) -> None:
    captured = CapturedOutput(kept)
    for chunk in chunks:
        captured.add(chunk)
    whole = b"".join(chunks)
    assert captured.size == len(whole)
    assert captured.omitted == max(0, len(whole) - 2 * kept)
    if captured.omitted:
        head, _, tail = captured.text().partition(f"\n[… {captured.omitted} bytes omitted …]\n")
        assert head == whole[:kept].decode(errors="replace")
        assert tail == whole[-kept:].decode(errors="replace")
    else:
        assert captured.text() == whole.decode(errors="replace")


def test_a_character_split_between_reads_arrives_whole() -> None:
    captured = CapturedOutput()
    for byte in "grüße 🙂".encode():
        captured.add(bytes([byte]))
    assert captured.text() == "grüße 🙂"
