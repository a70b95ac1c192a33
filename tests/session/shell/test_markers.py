"""Markers are found however the stream is cut, and nothing else is held back for long."""

from __future__ import annotations

import re
import subprocess

from hypothesis import assume, given
from hypothesis import strategies as st

from meshpeek.session.shell.markers import SEPARATOR, Marker, MarkerScanner, command_lines

SESSION = "token"
PRINTED = SEPARATOR + b"token.1:0 1 0" + SEPARATOR
OTHER = SEPARATOR + b"nekot.2:0" + SEPARATOR
A_MARKER = re.compile(rb"\x1etoken\.\d+(:[\d ]+)?\x1e")
LIKE_MARKERS = st.sampled_from([SEPARATOR, b"token.", b"token.x:", OTHER, b":", b"\n"])


@given(st.lists(LIKE_MARKERS | st.binary(max_size=8), max_size=8), st.integers(1, 20))
def test_a_marker_is_found_wherever_the_stream_is_cut(parts: list[bytes], size: int) -> None:
    before = b"".join(parts)
    assume(not A_MARKER.search(before + SEPARATOR))
    stream = before + PRINTED + b"after"
    scanner = MarkerScanner(SESSION)
    passed, marker = b"", None
    for start in range(0, len(stream), size):
        chunk, found = scanner.scan(stream[start : start + size])
        if marker is None:
            passed += chunk
        marker = marker or found
    assert passed == before
    assert marker == Marker(1, (0, 1, 0))


@given(st.lists(LIKE_MARKERS, max_size=20))
def test_what_is_no_marker_is_released_at_the_end(parts: list[bytes]) -> None:
    scanner = MarkerScanner(SESSION)
    passed = b"".join(scanner.scan(part)[0] for part in parts)
    assert passed + scanner.release() == b"".join(parts)


def test_both_ends_of_a_command_are_told_apart() -> None:
    scanner = MarkerScanner(SESSION)
    begin = SEPARATOR + b"token.7" + SEPARATOR
    end = SEPARATOR + b"token.7:3 3" + SEPARATOR
    assert scanner.scan(b"before" + begin + b"output" + end) == (b"before", Marker(7))
    assert scanner.scan(b"") == (b"output", Marker(7, (3, 3)))
    assert scanner.scan(b"") == (b"", None)


def test_a_separator_followed_by_much_is_not_held_back() -> None:
    scanner = MarkerScanner(SESSION)
    data = SEPARATOR + b"x" * 200_000
    assert scanner.scan(data) == (data, None)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=40))
def test_any_text_reaches_eval_unchanged(text: str) -> None:
    lines = command_lines(text, "t", statuses=(0, 0), stdin="/dev/null")
    assert lines.count("\n") == 3
    quoted = lines.partition("eval ")[2].partition(" </dev/null\n")[0]
    command = ["bash", "-c", f"printf %s {quoted}"]
    printed = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    assert printed.partition("\n")[2].startswith(text + "\n{ \\__meshpeek_end t ")
