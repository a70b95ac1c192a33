"""Known secrets in the forms in which tools write them, whole and in pieces."""

from __future__ import annotations

import base64
import json
import os
import random
import re
import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meshpeek.run.masking import Masker
from meshpeek.run.masking.forms import forms_of
from tests.secret_forms import HIDDEN, SHOWN, VALUE, Form, windows
from tests.tools import find_tool

VALUES = (VALUE, "hunter2", "abcd", "correct-horse-42", "two\nlines of it\tand a \x1b, too", "~#!~")


@pytest.mark.parametrize("form", HIDDEN.values(), ids=HIDDEN)
def test_a_form_is_hidden_whole_and_in_any_pieces(form: Form) -> None:
    masker = Masker([VALUE])
    printed = form(VALUE)
    text = f"before {printed.text}\r\nafter\r\n"
    masked = masker.mask_text(text)
    assert "***" in masked
    assert masked.startswith("before ")
    assert masked.endswith("\r\nafter\r\n")
    plain = "".join(masked.split())
    assert not [window for window in windows(printed.telling) if window in masked + plain]
    data = text.encode()
    for size in (1, 2, 3, 7, 64):
        stream = masker.stream()
        pieces = [stream.feed(data[place : place + size]) for place in range(0, len(data), size)]
        assert b"".join([*pieces, stream.end()]).decode() == masked


@pytest.mark.parametrize("form", SHOWN.values(), ids=SHOWN)
def test_what_is_not_promised_is_known_not_to_be(form: Form) -> None:
    printed = form(VALUE)
    assert Masker([VALUE]).mask_text(printed.text) == printed.text


def test_bash_quotes_as_is_expected() -> None:
    script = 'for x in "$@"; do printf "%q\\0" "$x"; declare -p x; printf "\\0%s\\0" "${x@Q}"; done'
    characters = [*map(chr, range(32, 127)), *"\n\t\r\x1b\aä€"]
    rhythm = random.Random(7)
    values = ["".join(rhythm.choices(characters, k=rhythm.randint(4, 12))) for _ in range(300)]
    values += ["#abc", "~abc", "a:~b", "a=~b", "a#b", "{a,b}", "x!y^z", *VALUES]
    printed = subprocess.run(
        ["bash", "-c", script, "bash", *values],
        env={"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]},
        capture_output=True,
        check=True,
    ).stdout.split(b"\0")
    for number, value in enumerate(values):
        forms = {form.text for form in forms_of(value)}
        for written in printed[3 * number : 3 * number + 3]:
            assert any(form in written for form in forms), (value, written)


@pytest.mark.parametrize(
    ("create", "inner"),
    [
        (("generic", "s", f"--from-literal=conf=user: u, pass: {VALUE}"), VALUE),
        (
            ("docker-registry", "s", f"--docker-password={VALUE}", "--docker-username=u"),
            HIDDEN["JSON: Go, kubectl"](VALUE).text,
        ),
        (
            ("docker-registry", "s", f"--docker-password={VALUE}", "--docker-username=u"),
            base64.b64encode(f"u:{VALUE}".encode()).decode()[4:],
        ),
    ],
)
def test_no_secret_of_kubectl_shows_a_value(create: tuple[str, ...], inner: str) -> None:
    printed = kubectl("secret", *create, "--output=jsonpath={.data.*}")
    begin = -(-base64.b64decode(printed).index(inner.encode()) * 8 // 6)
    telling = printed[begin : begin + len(inner.encode()) * 8 // 6 - 1]
    masked = Masker([VALUE]).mask_text(kubectl("secret", *create, "--output=yaml"))
    assert "***" in masked
    assert not [window for window in windows(telling) if window in masked]


def test_no_config_map_of_kubectl_shows_a_value() -> None:
    create = ("configmap", "c", f"--from-literal=p={VALUE}")
    for output in ("json", "yaml"):
        masked = Masker([VALUE]).mask_text(kubectl(*create, f"--output={output}"))
        assert "***" in masked
        assert not re.search(r"s3cr|ter|22|x \$y|/4b", masked)


def kubectl(*arguments: str) -> str:
    return subprocess.run(
        [find_tool("kubectl"), "create", *arguments, "--dry-run=client"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout


def test_a_value_in_any_larger_text_is_hidden_in_base64() -> None:
    rhythm = random.Random(11)
    masker = Masker(VALUES)
    for _ in range(500):
        value = rhythm.choice(VALUES).encode()
        before, after = rhythm.randbytes(rhythm.randrange(6)), rhythm.randbytes(rhythm.randrange(6))
        text = base64.b64encode(before + value + after).decode()
        begin = -(-len(before) * 8 // 6)
        telling = text[begin : (len(before) + len(value)) * 8 // 6]
        assert telling not in masker.mask_text(text), (value, text)


def test_an_encoded_value_holds_nothing_back_that_only_begins_like_it() -> None:
    stream = Masker(["correct-horse-42"]).stream()
    digits = "".join(form.text[:1].decode() for form in forms_of("correct-horse-42"))
    typed = "".join(f"{digit} " for digit in digits if digit not in "cY6")
    assert [stream.feed(key.encode()) for key in typed] == [key.encode() for key in typed]


PIECES = st.sampled_from(
    [
        *VALUES, *(form(VALUE).text for form in HIDDEN.values()), "\n", "\r\n", "  ", "A" * 60, "=",
        base64.b64encode(b"xy" + VALUE.encode() * 3).decode(), "password: ", "token=", "\\", "%",
    ]
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=5), max_size=6), st.data())
@example(["A" * 60, "\r\n", "  "], None)
def test_a_stream_in_any_pieces_is_masked_as_the_whole(
    parts: list[str], draw: st.DataObject | None
) -> None:
    data = "".join(parts).encode(errors="surrogatepass")
    masker = Masker(VALUES)
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=6))) if draw else []
    for places in (cuts, range(len(data))):
        stream = masker.stream()
        pieces = [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]
        assert b"".join([*map(stream.feed, pieces), stream.end()]) == masker.mask(data)
    assert VALUE not in json.dumps(masker.mask(data).decode(errors="replace"))
