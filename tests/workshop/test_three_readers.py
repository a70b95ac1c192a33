"""One document, three readers: what demosh 0.6.0 and GitHub make of workshop.md."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import lxml.html
import pytest
from markdown_it import MarkdownIt

from meshpeek.terminal.escape_sequences import strip_escapes
from meshpeek.workshop.model import Command
from meshpeek.workshop.parse import parse
from tests.conftest import ROOT
from tests.pty_terminal import Terminal

TEXT = (ROOT / "workshop.md").read_text()
DEMOSH = Path(sys.executable).parent / "demosh"
TOOLS = ("kubectl", "linkerd", "bat", "yq")
SHIM = """#!/bin/bash
words=$(printf ' %q' "$@")
echo "${0##*/}$words" >>"$LOG"
"""


def our_words() -> Iterator[str]:
    """Yield what only we read: each line of the settings, and each annotation's words."""
    settings = re.search(r"\A<!-- meshpeek:\n(.*?)^-->$", TEXT, re.MULTILINE | re.DOTALL)
    assert settings
    yield from (line.strip() for line in settings[1].splitlines() if ": " in line)
    yield from re.findall(r"^<!-- @# (meshpeek: .*?) -->$", TEXT, re.MULTILINE)
    yield from re.findall(r"^<!-- @# meshpeek: (?:note|patch) (.*?) -->$", TEXT, re.MULTILINE)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Set up a PATH with tools that write down how they were called, to $LOG."""
    shims = tmp_path / "bin"
    shims.mkdir()
    for tool in TOOLS:
        (shims / tool).write_text(SHIM)
        (shims / tool).chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    return {
        "PATH": f"{shims}:{os.environ['PATH']}",
        "HOME": str(home),
        "TMPDIR": str(tmp_path),
        "LOG": str(tmp_path / "demosh.log"),
        "LANG": "C.UTF-8",
    }


def play_in_demosh(document: Path, environment: dict[str, str]) -> str:
    """Return what a person sees of `document` in demosh, who presses RETURN all the time."""
    with Terminal([DEMOSH, "--no-blurb", document], environment, ROOT, rows=50) as terminal:
        terminal.press("\n" * 500)
        terminal.wait_for_end()
        return strip_escapes(terminal.written.decode())


def test_demosh_shows_no_word_of_ours_and_runs_our_commands(
    environment: dict[str, str], tmp_path: Path
) -> None:
    shown = play_in_demosh(ROOT / "workshop.md", environment)
    assert "have moved a workload" in shown  # it came to the end
    assert "could not parse" not in shown
    words = " ".join(shown.split())
    told = [word for word in our_words() if " ".join(word.split()) in words]
    assert told == []
    assert "meshpeek:" not in shown

    steps = parse(TEXT, "workshop.md", lambda path: (ROOT / path).read_text()).steps
    script = "\n".join(step.text for step in steps if isinstance(step, Command))
    ours = {**environment, "LOG": str(tmp_path / "ours.log")}
    subprocess.run(["bash"], input=script, env=ours, cwd=ROOT, text=True, check=True)
    # Of the parts of a pipeline either may come first.
    demoshs, expected = (
        sorted((tmp_path / name).read_text().splitlines()) for name in ("demosh.log", "ours.log")
    )
    assert len(expected) > 30
    assert demoshs == expected


def test_demosh_shows_the_form_that_it_does_not_hide(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """The test above would see it."""
    document = tmp_path / "w.md"
    document.write_text("<!-- @SHOW -->\n<!-- meshpeek: note Psst. -->\n\n```bash\ntrue\n```\n")
    assert "meshpeek: note Psst." in play_in_demosh(document, environment)


def test_fences_in_html_and_comments_and_macros_run_as_in_demosh(
    environment: dict[str, str], tmp_path: Path
) -> None:
    text = (
        "<!-- @SHOW -->\n<details>\n```bash\nkubectl 1\n\nkubectl 2\n```\n</details>\n\n"
        "<!-- off\n```bash\nkubectl 3\n```\n-->\n\n<img src=x>\n```bash\nkubectl 4\n```\n"
        "```bash\n#@macro m\nkubectl 5\n#@end\nm\nkubectl 6\n```\n"
    )
    document = tmp_path / "w.md"
    document.write_text(text)
    shown = play_in_demosh(document, environment)
    log = (tmp_path / "demosh.log").read_text().split("\n")
    steps = [step for step in parse(text, "w.md", str).steps if isinstance(step, Command)]
    assert log[:-1] == [step.text for step in steps if step.runs]
    assert [step.text for step in steps if step.shown] == re.findall(r"\$ (.*?)\W*\n", shown)


def test_quotes_in_annotations_come_in_pairs() -> None:
    for annotation in re.findall(r"^<!-- @(#.*?)-->$", TEXT, re.MULTILINE):
        shlex.split(annotation)


def test_github_shows_no_word_of_ours_and_begins_with_the_title() -> None:
    html = MarkdownIt("commonmark").enable("table").render(TEXT)
    page = lxml.html.fromstring(f"<div>{html}</div>")
    comments = list(page.iter(lxml.etree.Comment))
    assert len(comments) > 80
    for comment in comments:
        comment.drop_tree()
    elements = [element.tag for element in page if isinstance(element.tag, str)]
    assert elements[0] == "h1"
    words = " ".join(page.text_content().split())
    assert [word for word in our_words() if " ".join(word.split()) in words] == []
