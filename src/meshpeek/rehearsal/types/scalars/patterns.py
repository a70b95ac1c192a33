"""The regular expressions of schemas: Go's syntax, run by RE2 in time linear in the text.

Go's engine is a port of RE2; only the wording of errors differs.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

_MAXIMUM_MEMORY = 64 << 20
_IN_GO = {
    "bad repetition operator": "invalid nested repetition operator",
    "invalid named capture group": "invalid named capture",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid repetition size": "invalid repeat count",
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "no argument for repetition operator": "missing argument to repetition operator",
    "trailing \\": "trailing backslash at end of expression",
}
_LOOK_BEHIND = ("(?<=", "(?<!")


class PatternError(Exception):
    """A pattern that Go does not accept; the text is that of Go's error."""


def check_pattern(pattern: str) -> None:
    """Raise PatternError for what is not a regular expression."""
    _compiled(pattern)


def matches(pattern: str, text: str) -> bool:
    """Return whether `pattern` matches anywhere in `text`; raises PatternError."""
    return _compiled(pattern).search(_encoded(text)) is not None


def find_all(pattern: str, text: str) -> Iterator[str]:
    """Yield what `pattern` matches in `text`, from left to right; raises PatternError."""
    for found in _compiled(pattern).finditer(_encoded(text)):
        yield found.group(0).decode()


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:  # noqa: ANN401 - re2 names no types
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAXIMUM_MEMORY
    try:
        return re2.compile(_encoded(pattern), options)
    except re2.error as error:
        raise PatternError(_go_message(error.args[0].decode(errors="replace"), pattern)) from None


def _go_message(message: str, pattern: str) -> str:
    if message.startswith("pattern too large"):
        return f"error parsing regexp: expression too large: `{pattern}`"
    reason, _, place = message.partition(": ")
    if place in _LOOK_BEHIND:
        place = place[:3]
    return f"error parsing regexp: {_IN_GO.get(reason, reason)}: `{place}`"


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        # Go decodes half a surrogate pair in JSON as U+FFFD.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
