"""What has the shape of a secret: tokens by how they begin, values by the name before them.

A shape is a clue (`ghp_`, `password`), which is no secret and stays, what may come between (`: "`),
and the secret. So nothing has to be held back in a stream before a clue has been seen: a
presenter's keys are echoed at once.

The pattern of a clue begins with fixed bytes, rare ones where it can be, and looks behind them for
the rest: such a pattern reads 2 GB/s, one for all shapes 20 MB/s. It is tried where the text has
its gate, which every clue of its kind holds. Patterns are compiled when they are first needed: a
start has no time for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple, Protocol

LOOK_BEHIND = 256
"""How many bytes before a secret count at most, its clue among them."""

OPEN = -1
"""The end of a secret that depends on what comes next."""

_MOST = 4096
"""How many characters of a secret count at most."""

_LONGEST_NAME = 253
"""How many characters the name of an object in Kubernetes has at most."""

_compiled = cache(re.compile)


class Shape(Protocol):
    """A kind of secret."""

    def begin(self, data: bytes, clue_end: int) -> int | None:
        """Return where the secret begins whose clue ends at `clue_end`, None if there is none."""

    def end(self, data: bytes, begin: int, *, is_whole: bool) -> int | None:
        """Return where the secret that begins at `begin` ends, None if it is none.

        OPEN if `data` is not the whole, and what comes next decides it.
        """


class _Token(NamedTuple):
    """A secret that is known by how it begins.

    `before` matches text that ends with a clue, `lead` what comes between clue and secret, `grows`
    every beginning of a secret and of what has to follow it.
    """

    secret: bytes
    grows: bytes
    before: bytes = b""
    lead: bytes = b""

    def begin(self, data: bytes, clue_end: int) -> int | None:
        if self.before and not _ends_with(self.before, data, clue_end):
            return None
        lead = _compiled(self.lead).match(data, clue_end)
        return lead and lead.end()

    def end(self, data: bytes, begin: int, *, is_whole: bool) -> int | None:
        if not is_whole and _compiled(rb"(?:%s)\Z" % self.grows).match(data, begin):
            return OPEN
        secret = _compiled(self.secret).match(data, begin)
        return secret.end() if secret and secret[0] else None


class _Value(NamedTuple):
    """A secret that is known by the name before it, as in `NAME=…`, `NAME: …` and `--NAME …`.

    It has `least` characters or more. A placeholder is none; nor is what `shown` matches, but
    behind an `=` without a blank.
    """

    least: int
    shown: bytes = b""

    def begin(self, data: bytes, clue_end: int) -> int | None:
        lead = _compiled(_BETWEEN).match(data, clue_end)
        if lead is None and _ends_with(_OPTION, data, clue_end):
            lead = _compiled(_AFTER_OPTION).match(data, clue_end)
        return lead and lead.end()

    def end(self, data: bytes, begin: int, *, is_whole: bool) -> int | None:
        writing = _writing(data, begin)
        if not is_whole and _compiled(
            rb"%s(?:%s){0,%d}%s\Z" % (writing.first, writing.unit, _MOST, writing.open)
        ).match(data, begin):
            return OPEN
        value = _compiled(
            rb"%s(?:(?:%s){%d}|(?:%s){%d,}+%s)"
            % (writing.first, writing.unit, _MOST, writing.unit, self.least, writing.end)
        ).match(data, begin)
        return value.end() if value and self._is_secret(value[0], data, begin) else None

    def _is_secret(self, value: bytes, data: bytes, begin: int) -> bool:
        if len(value) > _LONGEST_NAME:
            return True
        before = data[max(0, begin - 2) : begin].rstrip(b"\\\"'")[-1:]
        shown = _PLACEHOLDER
        if before != b"=" and self.shown:
            shown += rb"|" + self.shown
        if before in (b" ", b"\t") and _ends_with(_OPTION + _AFTER_OPTION, data, begin):
            shown += rb"|[a-z]+"  # `use --password with it`
        return not _compiled(shown).fullmatch(value)


class _Writing(NamedTuple):
    """How a value is written: its characters, what it begins with, and what is to follow.

    `open` matches what may turn out to be one more character, or what is to follow.
    """

    unit: bytes
    first: bytes = b""
    end: bytes = b""
    open: bytes = b""


_CONTROL = rb"\x00-\x1f"
# `read -p "Password: " x`: that quote is a closing one.
_OPENED = rb"(?![\x00-\x20;&|,)\]}])"
_DOUBLE_QUOTED = _Writing(rb"[^\"\\%s]|\\[^%s]" % ((_CONTROL,) * 2), first=_OPENED, open=rb"\\?")
_SINGLE_QUOTED = _Writing(rb"[^'%s]|''" % _CONTROL, first=_OPENED, open=rb"'?")
# JSON in JSON: `\"password\": \"…\"`.
_ESCAPED_QUOTED = _Writing(
    rb"[^\"\\%s]|\\\\(?:\\[\"\\]|[^\"\\%s])" % ((_CONTROL,) * 2),
    first=_OPENED,
    open=rb"\\{0,3}",
)
# In a shell's command or a URL: `password=…&`, `--token …`.
_ASSIGNED = _Writing(rb"[^\x00-\x20\"'`$<>&;|*{}()]")
_ARGUMENT = _ASSIGNED._replace(first=rb"(?!-)")
# In YAML, in an INI file, in a sentence: it is one word, and the last one of its line.
_WORD = _Writing(
    rb"[^\x00-\x20\"'`{}()\[\]<>,;]|[,;](?=[^\x00-\x20])",
    first=rb"(?![$&|*#,;.])",
    end=rb"(?=[ \t]{0,64}(?:[\r\n\x1b#,;\"'`)\]}<]|\Z))",
    open=rb"[,;]?[ \t]{0,64}",
)


def _writing(data: bytes, begin: int) -> _Writing:
    """Return how the value at `begin` is written, by what stands before it."""
    match data[begin - 1 : begin]:
        case b'"':
            return _ESCAPED_QUOTED if data[begin - 2 : begin - 1] == b"\\" else _DOUBLE_QUOTED
        case b"'":
            return _SINGLE_QUOTED
        case b"=":
            return _ASSIGNED
    return _ARGUMENT if _ends_with(_OPTION + _AFTER_OPTION, data, begin) else _WORD


def _ends_with(pattern: bytes, data: bytes, end: int) -> bool:
    begin = max(0, end - LOOK_BEHIND)
    return _compiled(rb"(?:%s)\Z" % pattern).search(data, begin, end) is not None


# Blanks and colours, as jq writes them.
_BLANKS = rb"(?:[ \t]{0,24}+(?:\x1b\[[0-9;]{0,8}m){0,2}+){0,2}+[ \t]{0,4}+"
_BETWEEN = rb"(?:\\?[\"'])?%s(?::=|=[=>]?|:)%s(?:\\?[\"'])?" % (_BLANKS, _BLANKS)
_OPTION = rb"--[A-Za-z0-9_-]{0,64}"
_AFTER_OPTION = rb"[ \t]{1,4}[\"']?"

_PLACEHOLDER = (
    rb"(?:\$\w+|\$\{[^}]*\}|[-+.,:/@])+|\$\(.*|`.*|<[^<>]*>|\{.*\}|%\w|[*.]+|[A-Z_]+|[xX]+"
    rb"|(?i:null|none|nil|true|false|string|strings|file|stdin|redacted|hidden|required|optional"
    rb"|missing|invalid|incorrect|wrong|expired|unset)"
)
_WORDS = rb"[A-Za-z][a-z]{1,15}(?:[A-Z][a-z]{1,15})*"
_NAME = rb"%s(?:[-._/:](?:%s|[a-z0-9]{1,10}))*" % (_WORDS, _WORDS)
_PATH = rb"(?:~|\.{0,2})(?:/[a-z0-9._-]{1,64})+/?"

_PASSWORD = _Value(4)
# What is called a token or a secret in Kubernetes is often the name of an object, or a path.
_OTHER = _Value(6, rb"%s|%s|[a-z]{2,10}://.*|.* .*" % (_NAME, _PATH))

_BASE64 = rb"[A-Za-z0-9+/]"
_KEY_LINES = rb"(?:[A-Za-z0-9+/=\s\\:,]|-(?!----(?:BEGIN|END))){0,16384}"
_ENCODED_KEY = rb"(?:%s|(?<=%s{60})\r{0,2}\n[ \t]{0,64}(?=%s)){0,32768}" % ((_BASE64,) * 3)

_SHAPES: tuple[tuple[bytes, bytes, Shape], ...] = (
    # https://github.blog/engineering/behind-githubs-new-authentication-token-formats/,
    # npm, Hugging Face.
    (
        b"_",
        rb"_(?:(?<=gh[pousr]_)|(?<=github_pat_)|(?<=npm_)|(?<=hf_))",
        _Token(
            rb"(?<=npm_)[A-Za-z0-9]{36}|(?<=hf_)[A-Za-z0-9]{20,255}"
            rb"|(?:(?<=gh[pousr]_)|(?<=_pat_))\w{22,255}",
            rb"\w{0,255}",
        ),
    ),
    # The identifiers of AWS access keys, lasting (AKIA) and temporary (ASIA); Google's keys.
    (
        b"A",
        rb"A(?:KIA|SIA|Iza)",
        _Token(rb"(?<=IA)[A-Z0-9]{16}|(?<=za)[\w-]{35}", rb"[\w-]{0,35}"),
    ),
    # RFC 7519: JSON objects (`{"` is `eyJ` in base64) with dots between them. And private keys, see
    # below, in base64, as a kubeconfig has them (`client-key-data`).
    (
        b"J",
        rb"J(?:(?<=eyJ)|(?<=LS0tLS1CRUdJ)TiB(?:SU0EgUFJJVkFURSBL|FQyBQUklWQVRFIE"
        rb"|PUEVOU1NIIFBSSVZBVE|QUklWQVRFIE|FTkNSWVBURUQgUFJJVkFURSBL))",
        _Token(
            rb"(?<=eyJ)[\w-]{8,2000}\.eyJ[\w-]{8,6000}\.[\w-]{16,2000}|(?<!eyJ)%s={0,2}"
            % _ENCODED_KEY,
            rb"(?<=eyJ)[\w-]{0,2000}(?:\.(?:ey?|eyJ[\w-]{0,6000}(?:\.[\w-]{0,2000})?)?)?"
            rb"|(?<!eyJ)%s(?:={0,2}|\r{0,2}\n?[ \t]{0,64})" % _ENCODED_KEY,
        ),
    ),
    # Slack; GitLab; OpenAI, Anthropic and others who write keys like them, but not `task-…`.
    (
        b"-",
        rb"-(?:(?<=sk-)(?<![\w-]sk-)|(?<=glpat-)|(?<=xox[abeoprs]-))",
        _Token(
            rb"(?<=sk-)(?=[\w-]{0,255}[0-9])(?=[\w-]{0,255}[A-Z])[\w-]{20,255}"
            rb"|(?<=t-)[\w.-]{20,255}|(?<=xox.-)[A-Za-z0-9-]{10,255}",
            rb"[\w.-]{0,255}",
        ),
    ),
    # RFC 3986, 3.2.1: the password in `https://user:password@host`.
    (
        b":",
        rb"://",
        _Token(
            rb"(?![$<{*])[^\s/@\"'`<>{}?#\\]{1,256}(?=@)",
            rb"[^\s/@\"'`<>{}?#\\]{0,256}",
            lead=rb"[\w.~%!$&'()*+,;=-]{0,128}:",
        ),
    ),
    # RFC 7468, but the end is not waited for: `head` shows half a key.
    (
        b"-",
        rb"K(?<=PRIVATE K)EY-----",
        _Token(
            rb"%s(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----)?" % _KEY_LINES,
            rb"%s(?:-----END[A-Z0-9 -]{0,60})?" % _KEY_LINES,
            before=rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----",
        ),
    ),
)
_IN_LOWER_CASE: tuple[tuple[bytes, bytes, Shape], ...] = (
    # RFC 6750, 2.1, and RFC 7617: the latter only in its header, since it is a word, too.
    (
        b"b",
        rb"b(?:earer|asic) ",
        _Token(
            rb"(?i:(?<=bearer ))[\w.~+/=-]{20,4096}"
            rb"|(?i:(?<=basic ))%s{6,4096}={0,2}" % _BASE64,
            rb"[\w.~+/=-]{0,4096}",
            before=rb"(?i:bearer |authorization[\"']?%s:%s[\"']?basic )" % (_BLANKS, _BLANKS),
        ),
    ),
    (b"w", rb"w(?<=passw)(?:or)?d", _PASSWORD),
    (
        b"k",
        rb"ke(?:n(?<=token)|y(?:(?<=api[_-]key)|(?<=apikey)|(?<=access[_-]key)|(?<=accesskey)))",
        _OTHER,
    ),
    (b"c", rb"c(?<=sec)ret", _OTHER),
)


def find_clues(data: bytes) -> Iterator[tuple[Shape, int]]:
    """Yield each clue in `data`: its shape, and where it ends."""
    folded = data.lower()
    for text, shapes in ((data, _SHAPES), (folded, _IN_LOWER_CASE)):
        for gate, clue, shape in shapes:
            if gate in text:
                for found in _compiled(clue).finditer(text):
                    yield shape, found.end()
