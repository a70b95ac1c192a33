"""The page for the room as it is served, and as it is given away."""

from __future__ import annotations

from markupsafe import Markup

from meshpeek import __version__
from meshpeek.sinks.html.parts import script, source_hash, style_sheet
from meshpeek.sinks.html.templating import render
from meshpeek.sinks.shared_page.shared_document import SharedDocument


def live_page(document: SharedDocument, reached: str) -> Markup:
    """Return the page so far, which its script keeps up to date from the state `reached` on."""
    return render(
        "shared.html",
        title=f"{document.title or 'meshpeek'} – live",
        status=document.status,
        now=document.now,
        reached=reached,
        content=document.html(),
        version=__version__,
    )


def frozen_page(document: SharedDocument) -> Markup:
    """Return the page so far as a file that loads nothing: a report of what the room has seen."""
    return render(
        "report.html",
        title=document.title or document.name,
        place=str,
        style_sheet=style_sheet(),
        style_hash=source_hash(style_sheet()),
        script=script(),
        script_hash=source_hash(script()),
        content=document.html(),
        version=__version__,
    )
