"""What the room sees of the Markdown that GitHub adds."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from meshpeek.sinks.screen.rich_markdown import draw_markdown
from meshpeek.sinks.screen.theme import code_theme
from meshpeek.terminal.background import Background


def drawn(text: str) -> list[str]:
    file = io.StringIO()
    console = Console(file=file, width=60, force_terminal=False, _environ={})
    console.print(draw_markdown(text, code_theme(Background.UNKNOWN)))
    return [line.strip() for line in file.getvalue().splitlines() if line.strip()]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("- [ ] to do\n- [x] done\n- [link](x)\n", ["• ☐ to do", "• ☑ done", "• link"]),
        ("1. [X] done", ["1 ☑ done"]),
        ("> [!WARNING]\n> Take care.\n", ["▌ Warning", "▌ Take care."]),
        ("> [!NOTE] not one", ["▌ [!NOTE] not one"]),
        ("> quoted", ["▌ quoted"]),
        ("Words.[^1] More.[^b]\n\n[^1]: The note.", ["Words.¹ More.[b]", "¹ The note."]),
        (
            "<details>\n<summary>Why <b>so</b></summary>\n\nBecause.\n\n</details>\n",
            ["▸ Why so", "Because."],
        ),
        ("Term\n: what it is\n: and more\n", ["Term", "what it is", "and more"]),
        ("a line\nanother: line\n", ["a line another: line"]),
        ("`[ ] code` [x] text", ["[ ] code [x] text"]),
        ("```\n- [ ] code[^1]\n```", ["- [ ] code[^1]"]),
    ],
)
def test_the_room_sees_no_source(text: str, lines: list[str]) -> None:
    assert drawn(text) == lines
