"""What is seen in front of everything else: the keys, the outline, the room's page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from meshpeek.run.presenting.bindings import Binding, label
from meshpeek.run.presenting.outline import Outline, Place
from meshpeek.sinks.screen.qr_code import draw_qr_code

_MARKS = {"passed": ("✓", "good"), "failed": ("✗", "bad"), "interrupted": ("✗", "bad")}


MORE_HELP = Text("↑ ↓ scroll · any other key closes this.", "dim")
"""The last line of help that has more lines than the window."""


def draw_help(bindings: Iterable[Binding]) -> Table:
    """Return a table of the keys and what they do."""
    table = Table(
        box=None, title="Keys", title_style="bold", title_justify="left", show_header=False
    )
    table.add_column("", style="bold", no_wrap=True)
    table.add_column("")
    for binding in bindings:
        keys = "  ".join(label(key) for key in binding.keys)
        table.add_row(Text(keys or "(no key)"), Text(binding.meaning))
    table.caption = Text("Any key closes this.", "dim")
    table.caption_justify = "left"
    return table


def draw_addresses(addresses: Sequence[str]) -> Iterator[RenderableType]:
    """Yield the addresses of the page for the room, and a code of the first for phones."""
    yield Text.assemble(("Follow on ", "bold"), (" or ".join(addresses), "bold underline"))
    yield Text()
    yield draw_qr_code(addresses[0])
    yield Text("Any key closes this.", "dim")


def draw_outline(
    outline: Outline, outcomes: Mapping[int, str], console: Console
) -> Iterator[RenderableType]:
    """Yield as many lines of the outline as fit; `outcomes` are by the commands' indexes."""
    rows = max(console.height - 4, 1)
    found = outline.found
    first = min(max(outline.selected - rows // 2, 0), max(len(found) - rows, 0))
    yield Text.assemble(("Go to: ", "bold"), outline.query, ("▏", "bold"))
    yield Text()
    if not found:
        yield Text("No match.", "dim")
    for number, place in enumerate(found[first : first + rows], first):
        yield _draw_place(place, outcomes, console.width, chosen=number == outline.selected)
    yield Text(
        "\nType to search · ↑ ↓ select · RETURN goes there, runs nothing · ESC closes", "dim"
    )


def _draw_place(place: Place, outcomes: Mapping[int, str], width: int, *, chosen: bool) -> Text:
    if place.command is None:
        text = Text(f"{'  ' * (place.level - 1)}{place.text}", "bold")
    else:
        mark, style = _MARKS.get(outcomes.get(place.command, ""), (" ", ""))
        text = Text.assemble("  ", (mark, "" if chosen else style), f" $ {place.text}")
    line = Text.assemble("> " if chosen else "  ", text)
    line.truncate(max(width - 1, 1), overflow="ellipsis", pad=chosen)
    if chosen:
        line.stylize("reverse")
    return line
