"""`meshpeek new`: what it writes passes at once; and the words that beginners try."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
import yaml

from meshpeek.workshop.model import Command
from meshpeek.workshop.parse import parse
from tests.conftest import ROOT, RunProgram
from tests.pty_terminal import Terminal


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "rehearse"),
    [
        (["--template", "terminal"], []),
        (["--contexts", "demo"], ["--rehearse"]),
        (["--contexts", "a,b,c"], ["--rehearse"]),
    ],
    ids=["terminal", "cluster", "clusters"],
)
def test_what_is_written_passes_at_once(
    meshpeek: RunProgram, tmp_path: Path, options: list[str], rehearse: list[str]
) -> None:
    result = meshpeek("new", "my-talk.md", "--job", *options)
    assert result.returncode == 0, result.stderr
    text = (tmp_path / "my-talk.md").read_text()
    assert "{{" not in text
    assert "\n# My talk\n" in f"\n{text}"
    lint = meshpeek("lint", "--for", "demosh", "my-talk.md")
    assert (lint.returncode, lint.stdout) == (0, "")
    test = meshpeek("ci", *rehearse, "my-talk.md")
    assert test.returncode == 0, test.stdout
    workflow = yaml.safe_load((tmp_path / ".github/workflows/my-talk.yml").read_text())
    checkout, action = workflow["jobs"]["test"]["steps"]
    assert checkout["uses"] in (ROOT / ".github/workflows/checks.yml").read_text()
    assert action["with"]["files"] == "my-talk.md"


def test_at_a_terminal_it_asks_three_questions(meshpeek: RunProgram, tmp_path: Path) -> None:
    program = Path(sys.executable).parent / "meshpeek"
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    with Terminal([program, "new", "w.md"], environment, tmp_path) as terminal:
        terminal.wait_for("Title [W]:")
        terminal.press("A talk\r")
        terminal.wait_for("Template [cluster]:")
        terminal.press("clusters\r")
        terminal.wait_for("Contexts [north,east]:")
        terminal.press("one two\r")
        assert terminal.wait_for_end() == 0
        assert "try it with `meshpeek ci --rehearse w.md`" in terminal.text
    workshop = parse((tmp_path / "w.md").read_text(), "w.md", str)
    assert workshop.sections[0].title == "A talk"
    assert [context.name for context in workshop.front_matter.contexts] == ["one", "two"]
    used = {c for step in workshop.steps if isinstance(step, Command) for c in step.contexts}
    assert used == {"one", "two"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["w.txt"], "a workshop's name ends in .md"),
        (["old.md"], "old.md exists"),
        (["none/w.md"], "none/w.md: No such file or directory"),
        (["w.md", "--contexts", "a b;c"], "invalid context `b;c`"),
        (["w.md", "--template", "clusters", "--contexts", "a"], "has two contexts or more"),
        (["w.md", "--template", "cluster", "--contexts", "a,b"], "has one context"),
        (["w.md", "--template", "terminal", "--contexts", "a"], "has no contexts"),
    ],
)
def test_what_cannot_be_is_refused(
    meshpeek: RunProgram, tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "old.md").write_text("mine")
    result = meshpeek("new", *arguments)
    assert result.returncode == 2
    assert message in result.stderr
    assert "hint: " in result.stderr
    assert [path.name for path in tmp_path.glob("*.md")] == ["old.md"]
    assert (tmp_path / "old.md").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["help"], "Usage: meshpeek [OPTIONS]"),
        (["help", "run"], "Usage: meshpeek run [OPTIONS]"),
        (["version"], "meshpeek "),
        (["-V"], "meshpeek "),
        (["init"], "did you mean `new`?"),
        (["test", "w.md"], "did you mean `ci`?"),
    ],
)
def test_words_that_beginners_try(
    meshpeek: RunProgram, arguments: list[str], expected: str
) -> None:
    result = meshpeek(*arguments)
    assert expected in result.stdout + result.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_script_for_each_shell(meshpeek: RunProgram, shell: str) -> None:
    result = meshpeek("completion", shell)
    assert result.returncode == 0
    assert "_MESHPEEK_COMPLETE" in result.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("meshpeek pre", "plain,present"),
        ("meshpeek w", "file,w"),
        ("meshpeek --ver", "plain,--version"),
        ("meshpeek present --rehe", "plain,--rehearse"),
        ("meshpeek run w.md --from Se", "plain,Second part"),
        ("meshpeek run w.md --from na", "plain,named"),
        ("meshpeek run w", "file,w"),
        ("meshpeek new x.md --template c", "plain,cluster"),
    ],
)
def test_what_bash_is_told(meshpeek: RunProgram, tmp_path: Path, words: str, expected: str) -> None:
    (tmp_path / "w.md").write_text(
        "# First\n\n# Second part\n\n```bash\n## meshpeek: name named\ntrue\n```\n"
    )
    count = len(re.split(r" ", words)) - 1
    result = meshpeek(_MESHPEEK_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(count))
    assert expected in result.stdout.splitlines()


def test_the_man_page_is_what_help_says() -> None:
    from docs.man.page import PAGE, render

    assert PAGE.read_text() == render(), "run `make man`"
