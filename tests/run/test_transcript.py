"""What is kept of output, and the plain text that is judged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshpeek.run.transcript import Transcript, strip_escapes


@given(st.lists(st.binary(max_size=30), max_size=30), st.integers(1, 40))
def test_head_and_tail_are_kept_and_the_rest_is_counted(chunks: list[bytes], kept: int) -> None:
    transcript = Transcript(kept)
    for chunk in chunks:
        transcript.add(chunk)
    whole = b"".join(chunks)
    assert transcript.size == len(whole)
    assert transcript.omitted == max(0, len(whole) - 2 * kept)
    if transcript.omitted:
        head, _, tail = transcript.text().partition(f"\n[… {transcript.omitted} bytes omitted …]\n")
        assert head == whole[:kept].decode(errors="replace")
        assert tail == whole[-kept:].decode(errors="replace")
    else:
        assert transcript.text() == whole.decode(errors="replace")


def test_a_character_split_between_reads_arrives_whole() -> None:
    transcript = Transcript()
    for byte in "grüße 🙂".encode():
        transcript.add(bytes([byte]))
    assert transcript.text() == "grüße 🙂"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("plain [0m text", "plain [0m text"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b[38;5;238m 1 │\x1b[0m x", " 1 │ x"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x07 y", "link y"),
        ("\x1b(Bascii\x1b=", "ascii"),
        ("\x1b[?25lhidden\x1b[?25h", "hidden"),
        ("a\r\nb", "a\nb"),
        ("cut off \x1b]0;title", "cut off "),
    ],
)
def test_escape_sequences_are_taken_out(text: str, plain: str) -> None:
    assert strip_escapes(text) == plain
