"""Markers are found however the stream is cut, and nothing else is held back for long."""

from __future__ import annotations

import subprocess

from hypothesis import given
from hypothesis import strategies as st

from meshpeek.run.markers import SEPARATOR, MarkerScanner, command_lines, end_marker

MARKER = end_marker("token.1")
PRINTED = SEPARATOR + b"token.1:himBs:0 1 0" + SEPARATOR
OTHER = SEPARATOR + b"token.2::0" + SEPARATOR
LIKE_MARKERS = st.sampled_from([SEPARATOR, b"token.1", SEPARATOR + b"token.1", OTHER, b"x", b"\n"])


@given(st.lists(LIKE_MARKERS | st.binary(max_size=8), max_size=8), st.integers(1, 20))
def test_a_marker_is_found_wherever_the_stream_is_cut(parts: list[bytes], size: int) -> None:
    before = b"".join(parts)
    stream = before + PRINTED + b"after"
    scanner = MarkerScanner()
    passed, match = b"", None
    for start in range(0, len(stream), size):
        chunk, found = scanner.scan(stream[start : start + size], MARKER)
        if match is None:
            passed += chunk
        match = match or found
    assert passed == before
    assert match is not None
    assert match.groups() == (b"himBs", b"0 1 0")


@given(st.lists(LIKE_MARKERS, max_size=20))
def test_what_is_no_marker_is_released_at_the_end(parts: list[bytes]) -> None:
    scanner = MarkerScanner()
    passed = b"".join(scanner.scan(part, MARKER)[0] for part in parts)
    assert passed + scanner.release() == b"".join(parts)


def test_a_separator_followed_by_much_is_not_held_back() -> None:
    scanner = MarkerScanner()
    data = SEPARATOR + b"x" * 200_000
    assert scanner.scan(data, MARKER) == (data, None)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=40))
def test_any_text_reaches_eval_unchanged(text: str) -> None:
    lines = command_lines(text, "t", status=0, traced=False, stdin="/dev/null", slot=0)
    assert lines.count("\n") == 4
    quoted = lines.partition("eval ")[2].partition(" </dev/null\n")[0]
    command = ["bash", "-c", f"printf %s {quoted}"]
    printed = subprocess.run(command, capture_output=True, check=True).stdout
    assert printed.decode().startswith(text + "\n{ __meshpeek_end t ")
