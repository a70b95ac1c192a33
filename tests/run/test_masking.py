"""Secrets hidden in what a run writes, in whatever pieces it arrives."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meshpeek.run.masking import Masker

JWT = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0."
    "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
)
KEY = (
    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIEow/IBA+AKCAQEA\n"
    "q83bFw==\n-----END RSA PRIVATE KEY-----"
)
GITHUB = "ghp_" + "0aB" * 12


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"a {GITHUB} b", "a ghp_*** b"),
        (f"https://x:{GITHUB}@github.com", "https://x:ghp_***@github.com"),
        ("github_pat_11ABCDEFG0aBcDeFgHiJkL_xyz.", "github_pat_***."),
        ("id AKIAIOSFODNN7EXAMPLE\n", "id AKIA***\n"),
        (f"{JWT} rest", "eyJ*** rest"),
        ("xoxb-123456789012-abcdef", "xox***"),
        ("Authorization: Bearer abcdefghijklmnopqrstuvwxyz==\r\n", "Authorization: Bearer ***\r\n"),
        (f"{KEY}\nafter", "-----BEGIN RSA PRIVATE KEY-----***\nafter"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEow\n", "-----BEGIN PRIVATE KEY-----***"),
        ("--token=abcdef.0123456789 next", "--token=*** next"),
        ("DB_PASSWORD='hunter2!' x", "DB_PASSWORD=***' x"),
        ("?access_token=abcdefgh&page=2", "?access_token=***&page=2"),
    ],
)
def test_common_tokens(text: str, masked: str) -> None:
    assert Masker().mask_text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "through high_and low_, xox, eyJustNot.so",
        "--token=$TOKEN --password=<password> token=short",
        "the bearer of good news; bearer responsibilities",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "AKIA is a prefix, and key=value is a pair",
        "mirror.linkerd.io/exported=remote-discovery",
    ],
)
def test_what_only_looks_a_bit_like_one_stays(text: str) -> None:
    assert Masker().mask_text(text) is text


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


VALUES = ["zebra", "token=zebra crossing", "a", "zz", "line one of it\nline two of it"]
PIECES = st.sampled_from(
    [
        *VALUES, GITHUB, JWT, KEY, "AKIAIOSFODNN7EXAMPLE", "xoxb-123456789012", "Bearer ",
        "token=", "password=", "gh", "p_", "_", "-----BEGIN ", "PRIVATE KEY-----", "-----END ",
        "MIIE", "\n", " ", "=", "'", "eyJ", ".", "abcdefghijklmnopqrstuvwxyz", "zeb", "crossing",
        "\x1b[1m", "é",
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
