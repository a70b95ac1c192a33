"""The ways in which tools write a secret: those that are hidden, and those that are not.

Each form is a function from a value to what a tool prints of it, and to the part of that which
gives the value away.
"""

from __future__ import annotations

import base64
import html
import json
import shlex
import subprocess
import textwrap
import urllib.parse
from collections.abc import Callable
from typing import NamedTuple

VALUE = "s3cr3t<Hün\"ter>'22&x $y\\z;+~/4b"
"""A value in which every way of writing has something to escape."""


class Printed(NamedTuple):
    """What is printed, and its part that tells the value, without line ends."""

    text: str
    telling: str


Form = Callable[[str], Printed]


def _whole(write: Callable[[str], str]) -> Form:
    def form(value: str) -> Printed:
        return Printed(write(value), write(value))

    return form


def _in_go(value: str, *, html_too: bool = True) -> str:
    text = json.dumps(value, ensure_ascii=False)[1:-1]
    escaped = "&<>\u2028\u2029" if html_too else "\u2028\u2029"
    return text.translate({ord(c): f"\\u{ord(c):04x}" for c in escaped})


def _in_bash(script: str, before: str = "", after: str = "") -> Form:
    def form(value: str) -> Printed:
        printed = subprocess.run(
            ["bash", "-c", script, "bash", value],
            env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
            capture_output=True,
            check=True,
        )
        text = (printed.stdout + printed.stderr).decode()
        assert text.startswith(before)
        assert text.endswith(after)
        return Printed(text, text[len(before) : len(text) - len(after)])

    return form


def _in_base64(
    before: str, after: str, wrap: Callable[[str], str] = str, write: Callable[[str], str] = str
) -> Form:
    """Encode the value between other text; what it determines is between the ragged ends."""

    def form(value: str) -> Printed:
        data = write(value).encode()
        text = base64.b64encode(before.encode() + data + after.encode()).decode()
        begin = -(-len(before.encode()) * 8 // 6)
        return Printed(wrap(text), text[begin : (len(before.encode()) + len(data)) * 8 // 6])

    return form


def _wrapped(width: int, end: str = "\n", indent: str = "") -> Callable[[str], str]:
    def wrap(text: str) -> str:
        return end.join(indent + line for line in textwrap.wrap(text, width))

    return wrap


def _docker_config(value: str) -> Printed:
    auth = base64.b64encode(f"user:{value}".encode()).decode()
    config = {"auths": {"host": {"username": "user", "password": value, "auth": auth}}}
    text = json.dumps(config, separators=(",", ":"))
    encoded = base64.b64encode(text.encode()).decode()
    begin = -(-text.index(auth) * 8 // 6) + 10  # behind `user:`
    return Printed(encoded, encoded[begin : begin + len(auth)])


_LONG = "x" * 50
HIDDEN: dict[str, Form] = {
    "as it is": _whole(str),
    "JSON: Python": _whole(lambda value: json.dumps(value)[1:-1]),
    "JSON: JavaScript": _whole(lambda value: json.dumps(value, ensure_ascii=False)[1:-1]),
    "JSON: Go, kubectl": _whole(_in_go),
    "JSON: Go without HTML": _whole(lambda value: _in_go(value, html_too=False)),
    "JSON in JSON": _whole(lambda value: json.dumps(_in_go(value), ensure_ascii=False)[1:-1]),
    "YAML in single quotes": _whole(lambda value: value.replace("'", "''")),
    "HTML: Python": _whole(html.escape),
    "HTML: Go": _whole(
        lambda value: html.escape(value).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")
    ),
    "HTML: text only": _whole(lambda value: html.escape(value, quote=False)),
    "URL: all": _whole(lambda value: urllib.parse.quote(value, safe="")),
    "URL: path": _whole(urllib.parse.quote),
    "URL: form": _whole(urllib.parse.quote_plus),
    "URL: JavaScript": _whole(lambda value: urllib.parse.quote(value, safe="!'()*")),
    "URL: lower case": _whole(
        lambda value: "".join(
            part if part[:1] != "%" else part.lower()
            for part in _split_escapes(urllib.parse.quote(value, safe=""))
        )
    ),
    "bash: printf %q": _in_bash('printf %q "$1"'),
    "bash: declare -p": _in_bash("x=$1; declare -p x", 'declare -- x="', '"\n'),
    "bash: ${x@Q}": _in_bash('x=$1; echo "${x@Q}"', "'", "'\n"),
    "bash: set -x": _in_bash('set -x; : "$1"', "+ : '", "'\n"),
    "Python's shlex": _whole(lambda value: shlex.quote(value)[1:-1]),
    "hexadecimal": _whole(lambda value: value.encode().hex()),
    "hexadecimal, upper case": _whole(lambda value: value.encode().hex().upper()),
    "hexadecimal, wrapped": lambda value: Printed(
        _wrapped(60)((_LONG[:20] + value).encode().hex()), value.encode().hex()
    ),
    "base64": _in_base64("", ""),
    "base64 of a line": _in_base64("", "\n"),
    "base64, url-safe": lambda value: Printed(
        *(part.translate(str.maketrans("+/", "-_")) for part in _in_base64("x", "y")(value))
    ),
    "base64 of more (0)": _in_base64("abc", "def"),
    "base64 of more (1)": _in_base64("pass", "\n"),
    "base64 of more (2)": _in_base64("user:", ", more"),
    "base64 of JSON": _in_base64('{"password":"', '"}', write=_in_go),
    "base64 in base64": _docker_config,
    "base64 -w 76": _in_base64(_LONG, _LONG, _wrapped(76)),
    "base64 in PEM's columns": _in_base64(_LONG, _LONG, _wrapped(64)),
    "base64, wrapped, CRLF": _in_base64(_LONG, _LONG, _wrapped(76, "\r\n")),
    "base64, wrapped, CRLF at a terminal": _in_base64(_LONG, _LONG, _wrapped(64, "\r\r\n")),
    "base64, wrapped, in YAML": _in_base64(_LONG, _LONG, _wrapped(64, "\n", "    ")),
}  # fmt: skip

SHOWN: dict[str, Form] = {
    "reversed": _whole(lambda value: value[::-1]),
    "a part of it": _whole(lambda value: value[:12]),
    "in capitals": _whole(str.upper),
    "a blank between the characters": _whole(" ".join),
    "base64 wrapped at 40 columns": _in_base64(_LONG, _LONG, _wrapped(40)),
    "base64, three times": _whole(
        lambda value: base64.b64encode(
            base64.b64encode(base64.b64encode(value.encode()))
        ).decode()
    ),
    "xxd, in groups": _whole(lambda value: value.encode().hex(" ", 2)),
    "octal": _whole(lambda value: "".join(f"\\{byte:03o}" for byte in value.encode())),
    "every character as an entity": _whole(lambda value: "".join(f"&#{ord(c)};" for c in value)),
    "every character escaped": _whole(lambda value: "".join(f"\\u{ord(c):04x}" for c in value)),
}  # fmt: skip


def _split_escapes(text: str) -> list[str]:
    head, *rest = text.split("%")
    return [head, *(part for each in rest for part in (f"%{each[:2]}", each[2:]))]


def windows(telling: str, size: int = 7) -> set[str]:
    """Return all stretches of a text, none of which may be seen."""
    return {telling[place : place + size] for place in range(len(telling) - size + 1)}
