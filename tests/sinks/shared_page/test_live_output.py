"""Output that is followed while a command writes it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from meshpeek.sinks.html import ansi
from meshpeek.sinks.html.parts import KEPT_CHARACTERS
from meshpeek.sinks.shared_page.live_output import PIECE_CHARACTERS, LiveOutput

LINES = [
    "plain\r\n",
    "\x1b[31mred\n",
    "\x1b[0;1;48;5;22mbold é\n",
    "10%\r20%\r\n",
    "x" * 900 + "\n",
]
OUTPUT = "".join(LINES * 12)


def words(markup: str) -> list[tuple[str, str]]:
    """Return the characters that are seen, each with its style."""
    found = []
    for text in html.fromstring(f"<pre>{markup}</pre>").xpath("//text()"):
        parent = text.getparent()
        style = parent.get("class", "") + parent.get("style", "")
        found += [(letter, style) for letter in text]
    return found


@settings(max_examples=25)
@given(st.lists(st.integers(0, len(OUTPUT.encode())), max_size=30).map(sorted))
def test_pieces_are_what_the_whole_is_whatever_the_cuts(cuts: list[int]) -> None:
    data = OUTPUT.encode()
    live = LiveOutput("o")
    pieces: dict[str, str] = {}
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        live.add(data[start:end])
        pieces |= live.changed_pieces()
    assert live.text == OUTPUT
    assert words("".join(pieces.values())) == words(ansi.to_html(OUTPUT))


@pytest.mark.parametrize(
    ("before", "drawn", "exact"),
    [(0, "10%\r20%\r\n", True), (0, "a\n\x1b[Ab", True), (3000, "10%\r20%\r\n", False)],
)
def test_what_is_drawn_over_is_one_piece(before: int, drawn: str, *, exact: bool) -> None:
    live = LiveOutput("o")
    live.add(b"line\n" * before)
    pieces = live.changed_pieces()
    live.add(drawn.encode() * 500)
    pieces |= live.changed_pieces()
    assert live.is_exact == exact
    if exact:
        assert words("".join(pieces.values())) == words(ansi.to_html(drawn * 500))


def test_what_was_sent_is_not_sent_again() -> None:
    live = LiveOutput("o")
    sent = 0
    for _ in range(200):
        live.add(b"a line of output\n" * 10)
        sent += sum(len(html) for html in live.changed_pieces().values())
        assert not live.changed_pieces()
    written = 200 * 10 * len("a line of output\n")
    assert sent < written * (PIECE_CHARACTERS / 170)


def test_only_the_beginning_of_a_flood_is_followed() -> None:
    live = LiveOutput("o")
    for _ in range(100):
        live.add(b"x" * 10_000 + b"\n")
    assert len(live.text) == KEPT_CHARACTERS
