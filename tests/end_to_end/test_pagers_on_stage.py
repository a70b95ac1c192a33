"""Steps whose program asks the presenter for something, with the pager that people have."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import PROGRAM
from tests.tmux import Tmux
from tests.tools import find_tool

SHOW = """\
<!-- @SHOW -->

```bash
## meshpeek: until 30s
## meshpeek: expect 99
seq 1 100 | less
## meshpeek: until 30s
## meshpeek: expect 99
seq 1 100 | less -X
## meshpeek: until 30s
read -rp 'name? ' name; [ "$name" = Ada ]
## meshpeek: expect kind: Last
{ seq 1 90; echo "kind: Last"; } | less
## meshpeek: reject SECRET
{ seq 1 90; echo SECRET; } | less
seq 1 200 | less
## meshpeek: expect nothing like it
seq 1 3 | less -FX
```
"""


def test_pagers_and_prompts_are_seen_and_left_early(
    clean_environment: dict[str, str], tmp_path: Path
) -> None:
    for tool in ("tmux", "less"):
        find_tool(tool)
    (tmp_path / "w.md").write_text(SHOW)
    show = [PROGRAM, "present", "--rest", "0", "--typing", "0", "--events", "events", "w.md"]
    command = ["sh", "-c", '"$@"; echo "over: $?"; read _', "sh", *show]
    environment = clean_environment | {"TERM": "screen-256color"}
    with Tmux(command, environment, tmp_path, rows=24, columns=80) as window:
        for number, (seen, keys) in enumerate(
            [
                ("\n23\n:", "q"),
                ("\n23\n:", "q"),
                ("name?", "Eve\r"),
                ("\n23\n:", "q"),
                ("\n23\n:", "q"),
                ("\n23\n:", "\x1a"),
            ],
            1,
        ):
            window.wait_for(f"{number}/7")
            window.press("Enter")
            window.wait_for(seen)
            window.type(keys)
            if number == 3:
                window.look_until(lambda: window.text.count("name?") == 2, "not asked again")
                window.type("Ada\r")
        window.wait_for("7/7")
        window.press("Enter")
        window.wait_for("✗ the output lacks")
        window.press("Enter")
        window.wait_for("over: 1")
    events = [json.loads(line) for line in (tmp_path / "events").read_text().splitlines()]
    ended = [each for each in events if each["event"] == "command"]
    assert [each["verdict"] for each in ended] == [
        *["passed"] * 2,
        *["failed", "passed"],
        *["passed"] * 2,
        "failed",
        "failed",
    ]
