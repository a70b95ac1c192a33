"""Text for XML and HTML: what would be markup is escaped, what may not be there is left out."""

from __future__ import annotations

import re

_NOT_IN_XML = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]"
)
"""What XML 1.0 (2.2) forbids, and the control characters that it discourages."""

_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_IN_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\t": "&#9;"}
)


def escape(text: str) -> str:
    """Return `text` as the content of an element. With `>` escaped, no `]]>` can be in it."""
    return _NOT_IN_XML.sub("", text.replace("\r", "\n")).translate(_MARKUP)


def attribute(text: str) -> str:
    """Return `text` as the value of an attribute in double quotes, its lines kept."""
    return _NOT_IN_XML.sub("", text.replace("\r", "\n")).translate(_IN_ATTRIBUTE)
