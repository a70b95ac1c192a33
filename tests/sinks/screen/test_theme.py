"""Whether everything that is coloured can be read: WCAG 2's contrast, 4.5 to 1."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from rich.color import Color
from rich.console import Console

from meshpeek.rehearsal.stand_ins.bat_drawing import THEMES
from meshpeek.sinks.screen.rich_markdown import draw_markdown
from meshpeek.sinks.screen.theme import COLOURS, code_theme, screen_theme
from meshpeek.terminal.background import Background

READABLE = 4.5
GROUNDS = {
    # xterm and Terminal.app, Solarized, GNOME, One, Dracula
    Background.DARK: ["#000000", "#002b36", "#171421", "#282c34", "#282a36"],
    Background.LIGHT: ["#ffffff", "#fdf6e3", "#fafafa"],
}
LANGUAGES = {
    "yaml": "# why\napiVersion: v1\nkind: Service\nreplicas: 3\nready: true\nname: 'x'\n- &a *a\n",
    "bash": "# why\nfor x in 1 2; do echo \"$x\" | grep -v 'y' >&2; done && kubectl get pods\n",
    "python": "@d\nclass A(B):\n    '''Doc.'''\n    def f(self): return 1.5 or None  # why\n",
    "diff": "--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new\n",
    "json": '{"a": [1, true, null, "x"]}\n',
    "console": "$ echo hi\nhi\n",
    "go": "// why\nfunc main() { var x string = `a` }\n",
}


def luminance(colour: tuple[int, int, int]) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (part / 255 for part in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(colour: Color, ground: str) -> float:
    one, other = luminance(colour.get_truecolor()), luminance(Color.parse(ground).get_truecolor())
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def numbers(drawn: str) -> Iterator[int]:
    """Yield the colours of a drawing, which has none of its own ground and none below 16."""
    for codes in re.findall(r"\x1b\[([0-9;]*)m", drawn):
        rest = re.sub(r"38;5;\d+", "", codes)
        assert not re.search(r"\b(3[0-8]|4[0-8]|9\d|10\d)\b", rest), codes
        yield from map(int, re.findall(r"38;5;(\d+)", codes))


@pytest.mark.parametrize("background", list(GROUNDS))
def test_every_colour_can_be_read(background: Background) -> None:
    colours = {
        **COLOURS[background],
        **{f"bat's {kind}": code for kind, code in THEMES[background.value].items()},
    }
    too_weak = {
        (name, ground): round(contrast(Color.from_ansi(number), ground), 1)
        for name, code in colours.items()
        for number in [int(str(code).rpartition(";")[2])]
        for ground in GROUNDS[background]
        if contrast(Color.from_ansi(number), ground) < READABLE
    }
    assert not too_weak


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("background", list(Background))
def test_every_token_of_code_can_be_read(background: Background, language: str) -> None:
    console = Console(
        file=io.StringIO(), force_terminal=True, color_system="truecolor", width=80, _environ={}
    )
    console.push_theme(screen_theme(background))
    fence = f"Some `code`:\n\n```{language}\n{LANGUAGES[language]}```\n"
    console.print(draw_markdown(fence, code_theme(background)))
    assert isinstance(console.file, io.StringIO)
    used = set(numbers(console.file.getvalue()))
    assert used <= set(COLOURS[background].values())
    if language not in ("console",):
        assert bool(used) is (background is not Background.UNKNOWN)
