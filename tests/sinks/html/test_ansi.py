"""Terminal output on the page: its colours, what may be read, and nothing that is markup."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from meshpeek.sinks.html import colours
from meshpeek.sinks.html.ansi import BACKGROUND, to_html


@pytest.mark.parametrize(
    ("output", "html"),
    [
        ("a < b", "a &lt; b"),
        ("\x1b[31mred\x1b[0m plain", '<span class="a-fg1">red</span> plain'),
        ("\x1b[1;4;92mx", '<span class="a-b a-u a-fg10">x</span>'),
        ("\x1b[1mx\x1b[22my", '<span class="a-b">x</span>y'),
        ("\x1b[38;5;208mx", '<span style="color:#ff8700">x</span>'),
        ("\x1b[38;2;1;2;250mx", '<span style="color:#8080fc">x</span>'),
        ("\x1b[38;5;15;48;5;15mx", '<span class="a-bg15" style="color:#666666">x</span>'),
        ("\x1b[48;5;16mx", '<span style="background:#000000;color:#ffffff">x</span>'),
        ("\x1b[38;5;16mx", '<span style="color:#999999">x</span>'),
        ("\x1b[30;42mx", '<span class="a-bg2" style="color:#3b4252">x</span>'),
        ("\x1b[31m\x1b[39mx", "x"),
        ("10%\r20%\r\ndone\r\n", "20%\ndone\n"),
        ("\x1b]0;title\x07a\x1b[2Kb\x1b[Hc\x08", "cb"),
        ("\x1b[31m", ""),
    ],
)
def test_output_as_html(output: str, html: str) -> None:
    assert to_html(output) == html


@given(st.text(st.sampled_from("\x1b[]m;:0123456789<>&\r\n ax\x07\\\x00"), max_size=40))
def test_any_output_is_well_formed(output: str) -> None:
    etree.fromstring(f"<pre>{to_html(output)}</pre>")


@given(*[st.integers(0, 255)] * 2)
def test_every_colour_can_be_read_on_every_other(one: int, other: int) -> None:
    background = colours.xterm_colour(one)
    for ground in (background, BACKGROUND):
        readable = colours.readable_on(ground, colours.xterm_colour(other))
        assert colours._contrast(ground, readable) >= 4.5
