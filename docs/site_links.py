"""A hook of MkDocs: links out of the documents lead to the repository's files."""

from __future__ import annotations

import re
from typing import Any

_OUTSIDE = re.compile(r"\]\(\.\./(?P<path>[^)#\s]+)")


def on_page_markdown(markdown: str, *, config: Any, **_: object) -> str:  # noqa: ANN401  # MkDocs'
    """Return a page's Markdown with absolute links where they leave the documents' folder."""
    files = config["repo_url"].rstrip("/") + "/blob/main/"
    return _OUTSIDE.sub(lambda link: f"]({files}{link['path']}", markdown)
