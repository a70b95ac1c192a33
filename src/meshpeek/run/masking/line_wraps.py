"""Text without the line ends that an encoder has put into it, and the way back.

base64 is wrapped at 76 columns (coreutils, MIME), at 64 (PEM, openssl) or at 60 (Ruby), hexadecimal
digits at 60 (`xxd -p`). So a line's end belongs to the text where so many digits stand before it.
What is in YAML is indented.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

_DIGIT = rb"[A-Za-z0-9+/_-]"
# At a terminal, a line's end has one `\r` more than in the file.
_WRAP = re.compile(rb"\n(?<=%s{58}[A-Za-z0-9+/_\r-]{2}\n)[ \t]{0,64}" % _DIGIT)
_BROKEN_OFF = re.compile(rb"(?<=%s{58})\r{1,2}\Z" % _DIGIT)


class Unwrapped(NamedTuple):
    """Text without wraps: `starts` are where its lines begin in it, `origins` where in the text."""

    data: bytes
    starts: list[int]
    origins: list[int]

    def origin(self, place: int) -> int:
        """Return where in the wrapped text the byte at `place` is."""
        line = bisect_right(self.starts, place) - 1
        return self.origins[line] + place - self.starts[line]


def unwrap(data: bytes) -> Unwrapped | None:
    """Return `data` without wraps, one that breaks off at its end included; None if it has none."""
    if b"\n" not in data and not data.endswith(b"\r"):
        return None
    lines: list[bytes] = []
    starts, origins = [0], [0]
    for wrap in (*_WRAP.finditer(data), *_BROKEN_OFF.finditer(data, max(0, len(data) - 2))):
        line = data[origins[-1] : wrap.start()].rstrip(b"\r")
        lines.append(line)
        starts.append(starts[-1] + len(line))
        origins.append(wrap.end())
    if not lines:
        return None
    return Unwrapped(b"".join((*lines, data[origins[-1] :])), starts, origins)
