"""Durations as Go writes them (`1h30m`, `300ms`, `0`): time.ParseDuration, as of Go 1.20."""

from __future__ import annotations

import re

NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
"""The units of durations; the micro sign (U+00B5) and the Greek mu (U+03BC) are both `µ`."""

_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?([^0-9.]*)")
_LIMIT = 1 << 63


class InvalidDurationError(ValueError):
    """A text that Go does not read as a duration; the message is Go's."""


def parse(text: str) -> int:
    """Return the nanoseconds of a duration; raises InvalidDurationError."""
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0
    total, position = 0, 0
    while position < len(rest) or not rest:
        part = _PART.match(rest, position)
        if part is None or not (part[1] or part[2]):
            raise _invalid(text)
        if not part[3]:
            raise InvalidDurationError(f"time: missing unit in duration {_quoted(text)}")
        unit = NANOSECONDS.get(part[3])
        if unit is None:
            unknown = _quoted(part[3])
            raise InvalidDurationError(f"time: unknown unit {unknown} in duration {_quoted(text)}")
        fraction = part[2] or ""
        total += int(part[1] or 0) * unit + int(fraction or 0) * unit // 10 ** len(fraction)
        if total > _LIMIT:
            raise _invalid(text)
        position = part.end()
    if text.startswith("-"):
        return -total
    if total == _LIMIT:
        raise _invalid(text)
    return total


def _invalid(text: str) -> InvalidDurationError:
    return InvalidDurationError(f"time: invalid duration {_quoted(text)}")


def _quoted(text: str) -> str:
    """Quote a text as Go's package time does: all but printable ASCII as hexadecimal bytes."""
    shown = [
        "".join(f"\\x{byte:02x}" for byte in sign.encode())
        if sign >= "\x80" or sign < " "
        else f"\\{sign}"
        if sign in '"\\'
        else sign
        for sign in text
    ]
    return f'"{"".join(shown)}"'
