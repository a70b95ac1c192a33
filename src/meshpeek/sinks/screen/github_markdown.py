"""What GitHub shows of Markdown beyond CommonMark, as Markdown tokens that rich can draw.

Task lists, alerts (`> [!NOTE]`), footnotes, the summary of details, and definition lists. Without
this, the room would see their source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from markdown_it.token import Token

_TASK = re.compile(r"\[([ xX])\] ")
_ALERT = re.compile(r"\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]$")
_NOTE = re.compile(r"\[\^([^\]\s]+)\]:?")
_SUMMARY = re.compile(r"<summary[^>]*>(.*?)</summary>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def as_github_shows(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens of a document with what GitHub adds put into words and signs."""
    return [each for index in range(len(tokens)) for each in _shown(tokens, index)]


def _shown(tokens: Sequence[Token], index: int) -> Iterator[Token]:
    token = tokens[index]
    if token.type == "html_block" and (summary := _SUMMARY.search(token.content)):
        words = " ".join(_TAG.sub("", summary[1]).split())
        yield Token("paragraph_open", "p", 1, block=True)
        yield Token("inline", "", 0, children=_strong(f"▸ {words}"), content=words, block=True)
        yield Token("paragraph_close", "p", -1, block=True)
        return
    if token.type == "inline" and token.children:
        container = tokens[index - 2].type if index >= 2 else ""
        token.children = _inline(token.children, container)
    yield token


def _inline(children: list[Token], container: str) -> list[Token]:
    first = children[0]
    if first.type == "text" and container == "list_item_open":
        first.content = _TASK.sub(lambda task: "☐ " if task[1] == " " else "☑ ", first.content, 1)
    if first.type == "text" and container == "blockquote_open":
        alert = _ALERT.match(first.content)
        if alert:
            return [*_strong(alert[1].capitalize()), *_after_break(children[1:])]
    if container not in ("list_item_open", "blockquote_open"):
        children = _definitions(children)
    for child in children:
        if child.type == "text":
            child.content = _NOTE.sub(_footnote, child.content)
    return children


def _after_break(children: list[Token]) -> list[Token]:
    """Return what follows on a line of its own."""
    if children and children[0].type == "softbreak":
        children[0].type = "hardbreak"
    return children


def _definitions(children: list[Token]) -> list[Token]:
    """Return a term and its definitions (`: …` on the lines below it) on lines of their own."""
    breaks = [index for index, child in enumerate(children) if child.type == "softbreak"]
    starts = [index + 1 for index in breaks]
    defines = [
        start
        for start in starts
        if start < len(children) and children[start].content.startswith(": ")
    ]
    if not starts or defines[:1] != starts[:1]:
        return children
    for start in defines:
        children[start - 1].type = "hardbreak"
        children[start].content = "    " + children[start].content[2:]
    return [
        Token("strong_open", "strong", 1),
        *children[: breaks[0]],
        Token("strong_close", "strong", -1),
        *children[breaks[0] :],
    ]


def _footnote(match: re.Match[str]) -> str:
    name = match[1]
    return name.translate(_SUPERSCRIPTS) if name.isdecimal() else f"[{name}]"


def _strong(text: str) -> list[Token]:
    return [
        Token("strong_open", "strong", 1),
        Token("text", "", 0, content=text),
        Token("strong_close", "strong", -1),
    ]
