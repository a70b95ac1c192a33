"""`meshpeek preview`: pages as the room will see them, followed as the file is saved."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshpeek.sinks.screen.preview_pages import COLUMNS, ROWS, PreviewPage, describe, draw_pages
from meshpeek.terminal.background import Background
from meshpeek.workshop.parse import parse
from meshpeek.workshop.problems import Problem
from meshpeek.workshop.spans import Span
from tests.conftest import ROOT, RunProgram
from tests.pty_terminal import Terminal

PROGRAM = Path(sys.executable).parent / "meshpeek"
TEXT = """\
<!-- meshpeek:
contexts: {north: red}
-->
# Hidden

<!-- @SHOW -->

## One

Some text.

<!-- @# meshpeek: note Breathe. -->

```bash
kubectl --context north get ns
```

<!-- @wait_clear -->

## Two

<!-- @# A remark. -->

```bash
#@immed
echo not shown
```

The end.
"""


def pages(text: str, *problems: Problem) -> list[PreviewPage]:
    return draw_pages(parse(text, "w.md", str), problems, Background.DARK)


def lines_of(page: PreviewPage) -> list[str]:
    return ["".join(part.text for part in line).rstrip() for line in page.lines]


def test_a_page_is_what_is_shown_until_the_screen_is_cleared() -> None:
    first, second = pages(TEXT)
    assert (first.title, second.title) == ("One", "Two")
    assert [line for line in lines_of(first) if line] == [
        "One",
        "Some text.",
        " north",
        "$ kubectl --context north get ns",
    ]
    assert [line for line in lines_of(second) if line] == ["Two", "The end."]
    assert first.notes == ["line 15: Breathe."]
    assert second.notes == ["line 22: A remark."]


def test_findings_stand_below_their_page() -> None:
    problem = Problem("something", Span("w.md", 15, 15), is_warning=True)
    first, second = pages(TEXT, problem)
    assert first.findings == ["line 15: something"]
    assert second.findings == []


@pytest.mark.parametrize(("count", "too_tall"), [(11, False), (12, True)])
def test_a_page_that_is_taller_than_the_screen_says_so(count: int, too_tall: bool) -> None:
    text = "<!-- @SHOW -->\n" + "\n\n".join(["A line."] * count) + "\n\nThe last line.\n"
    (page,) = pages(text)
    assert page.is_too_tall is too_tall is (len(page.lines) > ROWS)


def test_no_line_is_wider_than_the_screen() -> None:
    drawn = pages((ROOT / "workshop.md").read_text().replace("@import", "@# import"))
    assert len(drawn) > 15
    assert max(len(line) for page in drawn for line in lines_of(page)) <= COLUMNS
    assert all(json.dumps(describe(page)) for page in drawn)


def environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}


def test_in_the_terminal_it_turns_pages_and_follows_the_file(tmp_path: Path) -> None:
    file = tmp_path / "w.md"
    file.write_text(TEXT)
    with Terminal([PROGRAM, "preview", "w.md"], environment(tmp_path), tmp_path) as terminal:
        terminal.wait_for("page 1 of 2")
        assert "note, line 15: Breathe." in terminal.text
        terminal.press("\r")
        terminal.wait_for("page 2 of 2")
        assert "The end." in terminal.text
        file.write_text(TEXT.replace("The end.", "A new end."))
        terminal.wait_for("A new end.")
        file.write_text(TEXT.replace("@wait_clear", "@wait_claer"))
        terminal.wait_for("did you mean `@wait_clear`?")
        file.write_text(TEXT)
        terminal.wait_for("page 2 of 2")
        terminal.resize(40, 100)
        terminal.press("p")
        terminal.wait_for("page 1 of 2")
        terminal.press("Q")
        assert terminal.wait_for_end() == 0


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "w.md").write_text(TEXT)
    with subprocess.Popen(
        [PROGRAM, "preview", "--web", "w.md"],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout
        yield server.stdout.readline().rpartition(" ")[2].strip()
        server.terminate()


def test_in_a_browser_it_has_the_same_pages(address: str, tmp_path: Path) -> None:
    def state() -> dict[str, object]:
        with urllib.request.urlopen(f"{address}state", timeout=10) as answer:
            found: dict[str, object] = json.load(answer)
            return found

    before = state()
    shown = before["shown"]
    assert isinstance(shown, dict)
    assert [page["title"] for page in shown["pages"]] == ["One", "Two"]
    assert shown["pages"][0]["notes"] == ["line 15: Breathe."]
    (tmp_path / "w.md").write_text(TEXT.replace("@SHOW", "@SHO"))
    after = state()
    assert after["version"] != before["version"]
    assert "unknown directive" in str(after["shown"])
    for name in ("", "preview.js", "preview.css"):
        with urllib.request.urlopen(f"{address}{name}", timeout=10) as page:
            assert page.status == 200
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(address.replace("/preview/", "x/preview/"), timeout=10)


def test_what_cannot_be_shown_is_an_error(meshpeek: RunProgram, tmp_path: Path) -> None:
    assert meshpeek("preview", "none.md").returncode == 2
    (tmp_path / "w.md").write_text(TEXT)
    result = meshpeek("preview", "w.md")
    assert result.returncode == 3
    assert "--web" in result.stderr
