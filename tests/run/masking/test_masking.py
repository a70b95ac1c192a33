"""Secrets hidden in what a run writes, in whatever pieces it arrives."""

from __future__ import annotations

import base64
import json

from hypothesis import example, given
from hypothesis import strategies as st

from meshpeek.run.masking import Masker
from tests.run.masking.test_shapes import GITHUB, JWT, KEY


def test_known_values_are_hidden_in_every_form_they_are_shown_in() -> None:
    value = 'correct "horse"\nbattery staple'
    masker = Masker([value])
    for form in (
        value,
        value.replace("\n", "\r\n"),
        json.dumps(value),
        base64.b64encode(value.encode()).decode(),
        base64.b64encode(value.encode() + b"\n").decode(),
        "only battery staple",
    ):
        masked = masker.mask_text(f"<{form}>")
        assert "***" in masked
        assert not any(part in masked for part in ("horse", "staple", "Y29ycmVjdC", "N0YXBsZ"))


def test_the_longest_of_known_values_counts() -> None:
    assert Masker(["secret", "secret-and-more"]).mask_text("a secret-and-more") == "a ***"


def test_values_that_overlap_are_hidden_to_the_last_of_them() -> None:
    masker = Masker(["abcdef", "defghi", "p$word:1", "ghi jkl"])
    assert masker.mask_text("x abcdefghi jkl y") == "x *** y"
    assert masker.mask_text("token=admin:p$word:1 next") == "token=*** next"


def test_nothing_is_held_back_before_a_clue_is_complete() -> None:
    stream = Masker(["zebra"]).stream()
    assert [stream.feed(bytes([byte])) for byte in b"gh ghp_0a"] == [
        b"g", b"h", b" ", b"g", b"h", b"p", b"_", b"", b"",
    ]  # fmt: skip
    assert stream.feed(b" ") == b"0a "
    assert stream.feed(b"ze") == b""
    assert stream.feed(b"ro") == b"zero"
    assert stream.feed(b"zeb") == b""
    assert stream.end() == b"zeb"


VALUES = [
    "zebra",
    "bra cross",
    "crossing$1",
    "token=zebra crossing",
    "a",
    "zz",
    "line one of it\nline two of it",
]
PIECES = st.sampled_from(
    [
        *VALUES, GITHUB, JWT, KEY, "AKIAIOSFODNN7EXAMPLE", "xoxb-123456789012", "Bearer ",
        "token=", "password=", "gh", "p_", "_", "-----BEGIN ", "PRIVATE KEY-----", "-----END ",
        "MIIE", "\n", " ", "=", "'", "eyJ", ".", "abcdefghijklmnopqrstuvwxyz", "zeb", "crossing",
        "$1", "bra", " cross", "\x1b[1m", "é",
    ]
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=5), max_size=12).map("".join), st.data())
@example("token=zebra crossing" * 3, None)
def test_a_stream_in_any_pieces_is_masked_as_the_whole(text: str, draw: st.DataObject) -> None:
    masker = Masker(value for value in VALUES if len(value) > 1)
    data = text.encode()
    whole = masker.mask(data)
    single = masker.stream()
    assert b"".join([*(single.feed(data[i : i + 1]) for i in range(len(data))), single.end()]) == (
        whole
    )
    if draw is not None:
        cuts = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=4)))
        stream = masker.stream()
        pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
        assert b"".join([*map(stream.feed, pieces), stream.end()]) == whole


@given(st.binary(max_size=200))
def test_what_holds_no_secret_is_passed_on_as_it_is(data: bytes) -> None:
    stream = Masker().stream()
    assert stream.feed(data) + stream.end() == data
