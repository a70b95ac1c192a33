"""Older forms of annotations and settings, rewritten: nothing else changes, nor the meaning."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshpeek.workshop.migration import migrate
from meshpeek.workshop.problems import WorkshopError
from tests.conftest import ROOT, RunProgram

FENCE = "\n```bash\ntrue\n```\n"

REWRITTEN = {
    "an annotation": ("<!-- meshpeek: exit 0 -->", "<!-- @# meshpeek: exit 0 -->"),
    "without blanks": ("<!--meshpeek:exit 0-->", "<!-- @# meshpeek:exit 0 -->"),
    "two": (
        "<!-- meshpeek: exit 0 -->\n<!-- meshpeek: always -->",
        "<!-- @# meshpeek: exit 0 -->\n<!-- @# meshpeek: always -->",
    ),
    "a patch in lines": (
        '<!-- meshpeek: patch [\n  {"op": "add", "path": "/a"}\n]\n-->',
        '<!-- @# meshpeek: patch [ {"op": "add", "path": "/a"} ] -->',
    ),
    "below a modifier": (
        "<!-- @noshow -->\n<!-- meshpeek: exit 0 -->",
        "<!-- @# meshpeek: exit 0 -->\n<!-- @noshow -->",
    ),
    "two below modifiers": (
        "x\n\n<!-- @noshow -->\n<!-- @waitafter -->\n\n"
        "<!-- meshpeek: exit 0 -->\n<!-- meshpeek: always -->",
        "x\n\n<!-- @# meshpeek: exit 0 -->\n<!-- @# meshpeek: always -->\n"
        "<!-- @noshow -->\n<!-- @waitafter -->\n",
    ),
    "front matter": (
        "---\nmeshpeek:\n  timeout: 2m\n  # why\n  env:\n    A: b\n---",
        "<!-- meshpeek:\ntimeout: 2m\n# why\nenv:\n  A: b\n-->",
    ),
    "front matter in one line": (
        "---\nmeshpeek: {timeout: 2m}\n---",
        "<!-- meshpeek:\n{timeout: 2m}\n-->",
    ),
    "front matter with remarks": (
        "---\n# mine\n\nmeshpeek:\n  timeout: 2m\n---",
        "<!-- meshpeek:\n# mine\ntimeout: 2m\n-->",
    ),
    "front matter of others, too": (
        "---\ntitle: x\nmeshpeek:\n  timeout: 2m\ntags: [a]\n---\n\n# T",
        "---\ntitle: x\ntags: [a]\n---\n<!-- meshpeek:\ntimeout: 2m\n-->\n\n# T",
    ),
    "behind a byte order mark": (
        "\ufeff---\nmeshpeek:\n  timeout: 2m\n---",
        "\ufeff<!-- meshpeek:\ntimeout: 2m\n-->",
    ),
}

KEPT = [
    "<!-- @# meshpeek: exit 0 -->",
    "<!-- A note. -->",
    "<!-- meshpeek:\ntimeout: 2m\n-->",
    "---\ntitle: x\n---",
    "```markdown\n<!-- meshpeek: exit 0 -->\n```",
    "```bash\n## meshpeek: exit 0\ntrue\n```",
    "`<!-- meshpeek: exit 0 -->`",
    "Text  \nwith\ttabs \n\n\n",
]

LEFT = [
    "<!-- meshpeek: note Don't -->",
    "Text <!-- meshpeek: exit 0 --> text.\n",
    "<!-- meshpeek: note one\ntwo -->",
    "- <!-- meshpeek: exit 0 -->\n",
]


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(("before", "after"), REWRITTEN.values(), ids=REWRITTEN)
def test_an_older_form_is_rewritten_and_once_only(before: str, after: str, ending: str) -> None:
    old, new = ((text + FENCE).replace("\n", ending) for text in (before, after))
    migration = migrate(old, "w.md", str)
    assert migration.text == new
    assert migration.left == ()
    assert migrate(new, "w.md", str).text == new


@pytest.mark.parametrize("text", KEPT)
def test_everything_else_is_kept(text: str) -> None:
    assert migrate(text + FENCE, "w.md", str) == (text + FENCE, ())


@pytest.mark.parametrize("text", LEFT)
def test_what_cannot_be_rewritten_is_told(text: str) -> None:
    migration = migrate(text + FENCE, "w.md", str)
    assert migration.text == text + FENCE
    (problem,) = migration.left
    assert problem.hint
    assert problem.excerpt


def test_a_script_is_as_it_should_be() -> None:
    assert migrate("## meshpeek: exit 0\ntrue\n", "w.sh", str).text.startswith("## meshpeek")


def test_settings_that_would_not_mean_the_same_are_left_to_their_author() -> None:
    text = "---\nbase: &all {A: b}\nmeshpeek:\n  env: *all\n---\n" + FENCE
    with pytest.raises(WorkshopError):
        migrate(text, "w.md", str)


def test_the_workshop_is_in_the_new_forms() -> None:
    text = (ROOT / "workshop.md").read_text()
    assert migrate(text, "workshop.md", str) == (text, ())


def test_the_command_checks_shows_and_rewrites(meshpeek: RunProgram, tmp_path: Path) -> None:
    file = tmp_path / "w.md"
    text = f"<!-- meshpeek: exit 0 -->\n{FENCE}"
    file.write_text(text)
    file.chmod(0o640)
    assert meshpeek("migrate", "--check", "w.md").returncode == 1
    diff = meshpeek("migrate", "--diff", "w.md")
    assert diff.returncode == 0
    assert "\n-<!-- meshpeek: exit 0 -->\n+<!-- @# meshpeek: exit 0 -->\n" in diff.stdout
    assert file.read_text() == text
    assert meshpeek("migrate", "w.md").stdout == "w.md: rewritten\n"
    assert file.read_text() == f"<!-- @# meshpeek: exit 0 -->\n{FENCE}"
    assert file.stat().st_mode & 0o777 == 0o640
    again = meshpeek("migrate", "--check", "w.md")
    assert (again.returncode, again.stdout) == (0, "w.md: nothing to rewrite\n")
