"""Markdown on the screen, drawn by rich with nothing cut off."""

from __future__ import annotations

from typing import ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import Markdown, MarkdownElement, TableElement
from rich.syntax import SyntaxTheme
from rich.table import Table

from meshpeek.sinks.screen.github_markdown import as_github_shows


class _WrappingTable(TableElement):
    """A table that wraps long words; rich would cut them off with `…`."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for part in super().__rich_console__(console, options):
            if isinstance(part, Table):
                for column in part.columns:
                    column.overflow = "fold"
            yield part


class _Markdown(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "table_open": _WrappingTable,
    }


def draw_markdown(text: str, code_theme: SyntaxTheme) -> Markdown:
    """Return the renderable of the Markdown `text`, with code in the colours of `code_theme`."""
    markdown = _Markdown(text, hyperlinks=True)
    markdown.parsed = as_github_shows(markdown.parsed)
    markdown.code_theme = code_theme  # type: ignore[assignment]  # rich hands it on to Syntax
    return markdown
