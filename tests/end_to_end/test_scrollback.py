"""What is left in the scrollback of a terminal that keeps what is cleared there: tmux."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import PROGRAM
from tests.tmux import Tmux
from tests.tools import find_tool

SHOW = """\
<!-- @SHOW -->

# The page

Words on it.

```bash
echo first
seq 101 130
```

<!-- @wait_clear -->

# The second page
"""


def test_redraws_leave_no_copies_in_the_scrollback(
    clean_environment: dict[str, str], tmp_path: Path
) -> None:
    find_tool("tmux")
    (tmp_path / "w.md").write_text(SHOW)
    show = [PROGRAM, "present", "--rest", "0", "--typing", "0", "w.md"]
    command = ["sh", "-c", '"$@"; echo over; read _', "sh", *show]
    environment = clean_environment | {"TERM": "screen-256color"}
    with Tmux(command, environment, tmp_path, rows=20, columns=60) as window:
        window.wait_for("1/2 ")
        for key, seen in (
            ("C-l", "1/2 "),
            ("n", "$ echo first"),
            ("n", "Words on it."),
            ("s", "$ echo first"),
            ("s", "1/2 "),
            ("?", "Keys"),
            ("x", "1/2 "),
            ("o", "Go to:"),
            ("Escape", "1/2 "),
            ("b", ""),
            ("b", "1/2 "),
        ):
            window.press(key)
            window.wait_for(seen)
        assert window.history.count("Words on it.") == 1  # below it, the page is drawn again
        window.press("Enter")
        window.wait_for("2/2 ")
        window.press("Enter")
        window.wait_for("waiting")
        window.press("S-Up")
        window.wait_for("109\n110")
        for _ in range(3):
            window.press("S-Up")
        window.wait_for("\n101\n")
        window.press("Enter")
        window.wait_for("The second page")
        history = window.history
        assert "130" not in window.text
        window.press("Enter")
        window.wait_for("over")
    for line in ("$ seq 101 130", "\n101\n", "\n130\n"):
        assert history.count(line) <= 2
        assert line in history
    for line in ("1/2", "2/2", "Keys", "Go to:", "help"):
        assert line not in history
