"""Narration as HTML for a page that must neither run nor load what a workshop has written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

from meshpeek.sinks.reports.control_characters import without_controls

_TAG = re.compile(r"<[^<>]*>")


class _Renderer(RendererHTML):
    """Leaves out raw HTML's tags, links to images instead of loading them, opens links apart."""

    def html_block(self, tokens: Sequence[Token], index: int, *_: object) -> str:
        words = _TAG.sub("", tokens[index].content).strip()
        return Markup("<p>{}</p>\n").format(words) if words else ""

    def html_inline(self, *_: object) -> str:
        return ""

    def image(self, tokens: Sequence[Token], index: int, *_: object) -> str:
        token = tokens[index]
        link = Markup('<a href="{}">{}</a>')
        return link.format(token.attrs["src"], token.content or "image")

    def link_open(
        self,
        tokens: Sequence[Token],
        index: int,
        options: Mapping[str, Any],
        env: Any,  # noqa: ANN401
    ) -> str:
        tokens[index].attrSet("rel", "noopener noreferrer")
        return self.renderToken(tokens, index, options, env)  # type: ignore[arg-type]


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", renderer_cls=_Renderer).enable(["table", "strikethrough"])


def to_html(text: str, title: str) -> Markup:
    """Return Markdown as HTML, without the heading `title`, which stands above it already."""
    tokens = _markdown().parse(without_controls(text))
    if len(tokens) > 1 and tokens[0].type == "heading_open" and _plain(tokens[1]) == title:
        del tokens[:3]
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):  # below the section's own
            token.tag = "h4"
    # markdown-it escapes what it renders.
    return Markup(_markdown().renderer.render(tokens, _markdown().options, {}))  # noqa: S704


def _plain(token: Token) -> str:
    shown = (child.content for child in token.children or () if child.type != "html_inline")
    return "".join(shown).strip()
