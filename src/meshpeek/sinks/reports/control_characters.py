"""Control characters, which XML and HTML do not allow, escaped or not."""

from __future__ import annotations

import re

_NOT_IN_XML = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]"
)
"""What XML 1.0 (2.2) forbids, and the control characters that it discourages."""


def without_controls(text: str) -> str:
    """Return `text` without what XML and HTML cannot hold; a carriage return becomes a line end."""
    return _NOT_IN_XML.sub("", text.replace("\r", "\n"))
