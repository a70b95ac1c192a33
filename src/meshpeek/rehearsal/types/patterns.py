"""The regular expressions of schemas: Go's syntax (RE2), run by Python's engine.

Python's engine goes back and tries again where Go's takes time linear in the text: a pattern made
to make it do so, such as `^(a+)+$`, can keep it busy for ever.
"""

from __future__ import annotations

import re
from functools import lru_cache

# What differs: escapes, classes, the end of a text; groups and repetitions that Go has not.
_TOKEN = re.compile(
    r"\\."
    r"|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]"
    r"|\$"
    r"|\(\?(?:[=!>(#]|<[=!]|P=)"
    r"|[*+?]\+",
    re.DOTALL,
)
_NAMED_CLASS = re.compile(r"\[:(\w+):\]")
_NAMED_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}


class PatternError(Exception):
    """A pattern that Go does not accept; the text is that of Go's error where it is known."""


@lru_cache(maxsize=256)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern compiled, to be searched for in a text; raises PatternError.

    Unlike in Python, `$` matches nowhere but at the very end.
    """
    try:
        return re.compile(_TOKEN.sub(_in_python, pattern))
    except re.error as error:
        raise PatternError(f"error parsing regexp: {error.msg}") from None
    except (OverflowError, RecursionError):
        raise PatternError("error parsing regexp: expression is too large") from None


def _in_python(found: re.Match[str]) -> str:
    token = found[0]
    if token in ("$", r"\z"):
        return r"\Z"
    if token.startswith("(?"):
        raise PatternError(
            f"error parsing regexp: invalid or unsupported Perl syntax: `{token[:3]}`"
        )
    if token in ("*+", "++", "?+"):
        raise PatternError(f"error parsing regexp: invalid nested repetition operator: `{token}`")
    if re.fullmatch(r"\\[1-9]", token):
        raise PatternError(f"error parsing regexp: invalid escape sequence: `{token}`")
    if token.startswith("["):
        return _NAMED_CLASS.sub(_named_class, token)
    return token


def _named_class(found: re.Match[str]) -> str:
    if found[1] not in _NAMED_CLASSES:
        raise PatternError(f"error parsing regexp: invalid character class range: `{found[0]}`")
    return _NAMED_CLASSES[found[1]]
