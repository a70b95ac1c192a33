"""The rich console that a screen is drawn with."""

from __future__ import annotations

from rich.console import Console
from rich.theme import Theme

_THEME = Theme(
    {
        "markdown.h1": "bold",
        "markdown.h1.border": "",
        "markdown.h2": "bold underline",
        "markdown.h3": "bold",
        "markdown.code": "bold magenta",
        "markdown.item.bullet": "bold",
        "markdown.item.number": "bold",
        "markdown.block_quote": "italic",
        "markdown.hr": "dim",
        "markdown.link": "underline",
        "markdown.link_url": "underline",
        "markdown.table.border": "dim",
        "markdown.table.header": "bold",
    }
)
"""Colours that can be read on a light background and on a dark one."""


class ScreenConsole(Console):
    """Standard output. Raises BrokenPipeError, once, when its reader has gone."""

    def __init__(self) -> None:
        super().__init__(theme=_THEME)

    def on_broken_pipe(self) -> None:
        """Draw nothing more; rich would end the process, and with it the run."""
        self.quiet = True
        raise  # rich calls this while it handles the error
