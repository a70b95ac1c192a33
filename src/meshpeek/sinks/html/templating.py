"""The Jinja environment of the report, which escapes everything that is not HTML already.

Control characters that HTML forbids are left out, which escaping does not do.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from meshpeek.sinks.reports.control_characters import without_controls
from meshpeek.sinks.reports.incremental.document import Chunk, Placeholder

_TEMPLATES = Path(__file__).with_name("templates")
# No text has these: both are control characters.
_PLACE, _CONTENT = Markup("\x00"), Markup("\x01")


class Frame(NamedTuple):
    """A rendered template without its `content`: what is before that, and after it."""

    head: list[Chunk]
    tail: str


def render(template: str, **values: object) -> Markup:
    """Return the HTML that a template makes of `values`."""
    html = _environment().get_template(template).render(values)
    return Markup(html)  # noqa: S704  # the template escapes its values


def render_frame(template: str, **values: object) -> Frame:
    """Return the HTML around the `content` of a template; `place(…)` in it puts a placeholder."""
    placeholders: list[Placeholder] = []

    def place(placeholder: Placeholder) -> Markup:
        placeholders.append(placeholder)
        return _PLACE

    html = _environment().get_template(template).render(values, place=place, content=_CONTENT)
    head, _, tail = html.partition(_CONTENT)
    first, *texts = head.split(_PLACE)
    chunks: list[Chunk] = [first]
    for placeholder, text in zip(placeholders, texts, strict=True):
        chunks += (placeholder, text)
    return Frame(chunks, tail.removeprefix("\n") + "\n")


def _finalize(value: object) -> object:
    return without_controls(value) if type(value) is str else value


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
