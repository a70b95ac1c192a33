"""The ways in which tools write a value that they were given: quoted, escaped, encoded.

Each form is text that stands for the whole value, or for a line of it. What base64 makes of a
value depends on what stands before and after it, so a form of that kind is what the value alone
determines. The digit that it shares with what stands before it is no part of it, and one of a few:
so a stream need not hold back whatever looks like the first digit of a form.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from itertools import chain, product
from typing import NamedTuple

_SHORTEST_LINE = 8
_UNRESERVED = "-._~"  # RFC 3986, 2.3; letters and digits besides
_LEFT_IN_URLS = (
    "",  # Python's `quote(safe='')`, Go's QueryEscape, jq's @uri, curl
    "/",  # Python's `quote`
    "!'()*",  # JavaScript's encodeURIComponent
    "!'()*;,/?:@&=+$#",  # JavaScript's encodeURI
    "$&+=:@",  # Go's PathEscape
    "$&+,;=",  # Go's URL.User
    "*",  # Java's and browsers' forms
)
_QUOTES_IN_HTML = ('"', "&quot;", "&#34;")
_APOSTROPHES_IN_HTML = ("'", "&#39;", "&#x27;", "&apos;")
_WITHOUT_QUOTES = str.maketrans({c: f"\\{c}" for c in " \t!\"$&'()*,;<>?[\\]^`{|}"})
_TILDE_OR_HASH = re.compile(r"(?:^|(?<=[:=]))~|^#")
_IN_DOUBLE_QUOTES = str.maketrans({c: f"\\{c}" for c in '"\\$`'})
_DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_IN_ANSI_QUOTES = str.maketrans(
    {
        "\\": "\\\\",
        "'": "\\'",
        "\x1b": "\\E",
        **{chr(7 + number): f"\\{letter}" for number, letter in enumerate("abtnvfr")},
    }
)


class Form(NamedTuple):
    """A form of a value: what it looks like, and the bytes it comes after (empty: after any)."""

    text: bytes
    after: bytes = b""


def forms_of(value: str) -> Iterator[Form]:
    """Yield the forms of `value`, the value itself among them; some more than once."""
    data = _encode(value)
    yield from map(Form, _written(value, data))
    for text in (data, *map(_encode, set(_in_json(value)))):
        yield from _in_base64(text)
    # A Secret of the type dockerconfigjson is base64 of JSON that holds base64. What its first
    # digit tells is next to nothing.
    for digits in _fragments(data):
        for form in _fragments(digits.text):
            yield form if form.after else Form(form.text[1:], form.text[:1])


def _written(value: str, data: bytes) -> Iterator[bytes]:
    yield data
    for text in _in_json(value):
        yield from map(_encode, (text, *_in_json(text)))
    yield _encode(value.replace("'", "''"))  # YAML
    yield from map(_encode, _in_html(value))
    yield from map(_encode, _in_shells(value))
    yield from _in_urls(data)
    yield from (data.hex().encode(), data.hex().upper().encode())
    lines = data.split(b"\n")
    if lines[1:]:
        yield data.replace(b"\n", b"\r\n")
        yield from (line for line in lines if len(line.strip()) >= _SHORTEST_LINE)


def _encode(text: str) -> bytes:
    return text.encode(errors="surrogateescape")


def _in_json(text: str) -> Iterator[str]:
    """Yield the text as JSON strings have it: Python's, JavaScript's and Go's, without quotes."""
    yield json.dumps(text)[1:-1]
    plain = json.dumps(text, ensure_ascii=False)[1:-1]
    yield plain
    for character in "\u2028\u2029":  # Go, with and without SetEscapeHTML
        plain = plain.replace(character, f"\\u{ord(character):04x}")
    yield plain
    for character in "&<>":
        plain = plain.replace(character, f"\\u{ord(character):04x}")
    yield plain


def _in_html(text: str) -> Iterator[str]:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for quote, apostrophe in product(_QUOTES_IN_HTML, _APOSTROPHES_IN_HTML):
        yield text.replace('"', quote).replace("'", apostrophe)


def _in_urls(data: bytes) -> Iterator[bytes]:
    text = data.decode("latin-1")
    special = {c for c in text if not (c.isascii() and c.isalnum()) and c not in _UNRESERVED}
    escaped_sets = {frozenset(special.difference(left)) for left in _LEFT_IN_URLS}
    for escaped, form, blank in product(escaped_sets, ("%{:02X}", "%{:02x}"), ("%20", "+")):
        written = {ord(c): form.format(ord(c)) for c in escaped} | {ord(" "): blank}
        yield text.translate(written).encode("latin-1")


def _in_shells(text: str) -> Iterator[str]:
    """Yield the text as bash's `printf %q`, `declare -p`, `set -x` and Python's shlex quote it."""
    yield text.replace("'", "'\\''")
    yield text.replace("'", "'\"'\"'")
    yield text.translate(_IN_DOUBLE_QUOTES)
    words = text.translate(_WITHOUT_QUOTES)
    yield _TILDE_OR_HASH.sub(r"\\\g<0>", words)
    yield text.translate(_IN_ANSI_QUOTES)


def _in_base64(data: bytes) -> Iterator[Form]:
    """Yield what base64 has of the data: within a larger text, at its end, before a line's end."""
    for form in chain(_fragments(data), _ends(data), _ends(data + b"\n")):
        yield form
        yield Form(*(part.translate(_URL_SAFE) for part in form))


def _fragments(data: bytes) -> Iterator[Form]:
    """Yield the digits that the data determines, whatever stands around it."""
    for before, form in enumerate(_encodings(data)):
        yield form._replace(text=form.text[: (before + len(data)) * 8 // 6 - _shared(before)])


def _ends(data: bytes) -> Iterator[Form]:
    """Yield the digits of data that nothing comes after."""
    for form in _encodings(data):
        yield form._replace(text=form.text.rstrip(b"="))


def _encodings(data: bytes) -> Iterator[Form]:
    """Yield the data in base64 after none, one and two bytes of a group: RFC 4648, 4."""
    for before in range(3):
        text = b64encode(bytes(before) + data)
        if before:
            # The digit before has the last bits of another byte, and the first of the data.
            first = _DIGITS.index(text[before])
            shared = bytes(_DIGITS[first | bits << (6 - 2 * before)] for bits in range(4**before))
        yield Form(text[_shared(before) :], shared if before else b"")


def _shared(before: int) -> int:
    """Return how many digits have bits of so many bytes that stand before."""
    return before + 1 if before else 0
