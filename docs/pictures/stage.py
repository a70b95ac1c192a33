"""Take the pictures of a show: a terminal in tmux, drawn by rich. See `make pictures`."""

from __future__ import annotations

import io
import os
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from tests.browser import browser
from tests.tmux import Tmux

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ROWS, COLUMNS = 24, 92
TITLE = "meshpeek present --rehearse workshop.md"
THEME = TerminalTheme(
    (24, 26, 31),
    (220, 223, 228),
    [
        *((40, 44, 52), (224, 108, 117), (152, 195, 121), (229, 192, 123)),
        *((97, 175, 239), (198, 120, 221), (86, 182, 194), (220, 223, 228)),
    ],
)


def draw(screen: str) -> str:
    """Return a terminal's screen, with its escape sequences, as SVG."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), color_system="truecolor")
    console.print(Text.from_ansi(screen), soft_wrap=True)
    svg = console.export_svg(title=TITLE, theme=THEME)
    svg = re.sub(r"@font-face {.*?}", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code", "DejaVu Sans Mono")


def main() -> None:
    """Go to a section of the workshop, and take the picture of it and of the outline."""
    program = Path(sys.executable).with_name("meshpeek")
    command = [
        program,
        "present",
        "--rehearse",
        "--rest",
        "0",
        "--no-journal",
        "--typing",
        "0",
        "workshop.md",
    ]
    environment = os.environ | {"BAT_PAGER": "cat", "COLORTERM": "truecolor"}
    screens = {}
    with Tmux(command, environment, ROOT, rows=ROWS, columns=COLUMNS) as window:
        window.wait_for("Welcome")
        window.press("/")
        window.type("endpoints that")
        window.wait_for(">   Endpoints that are not there")
        window.press("Enter")
        window.wait_for("13/29")
        window.press("Enter")
        window.wait_for("14/29")
        screens["stage-command"] = window.screen
        window.press("/")
        window.wait_for("Go to:")
        screens["stage-outline"] = window.screen
        window.press("Escape")
        window.wait_for("14/29")
        window.press("Q")
    with browser() as open_page:
        page = open_page(width=1180, height=760)
        for name, screen in screens.items():
            page.set_content(f"<body style='margin: 0'>{draw(screen.rstrip())}</body>")
            picture = HERE / f"{name}.png"
            page.locator("svg").screenshot(path=picture, omit_background=True)
            print(f"{picture.relative_to(ROOT)}: {picture.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
