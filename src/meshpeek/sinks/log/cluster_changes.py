"""Changes in rehearsal clusters, a line for each, in its cluster's colour."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.text import Text

from meshpeek.workshop.model import Context

_SIGNS = {"added": ("+", "green"), "changed": ("~", "yellow"), "deleted": ("-", "red")}


def show_changes(changes: Iterable[bytes], contexts: Iterable[Context]) -> None:
    """Write a line to standard error for each of `changes`, as they come.

    `changes` are JSON lines, as the clusters' process writes them. There are no colours if NO_COLOR
    is set or standard error is not a terminal.
    """
    console = Console(stderr=True, highlight=False)
    colours = {context.name: context.colour for context in contexts}
    width = max(map(len, colours))
    for line in changes:
        console.print(_render(json.loads(line), colours, width), soft_wrap=True)


def _render(change: Mapping[str, str], colours: Mapping[str, str], width: int) -> Text:
    if "missed" in change:
        return Text(f"({change['missed']} more changes, too many to show)", style="dim")
    sign, style = _SIGNS[change["change"]]
    place = f"{change['namespace']}/{change['name']}".lstrip("/")
    text = Text.assemble(
        (change["cluster"].ljust(width), colours.get(change["cluster"], "")),
        " ",
        (sign, style),
        f" {change['kind']} {place}",
    )
    if change["detail"]:
        text.append(f": {change['detail']}", style="dim")
    return text
