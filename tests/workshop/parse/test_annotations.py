"""What annotations make of a command."""

from __future__ import annotations

import pytest

from meshpeek.workshop.model import Command
from meshpeek.workshop.parse import parse


def command(*annotations: str) -> Command:
    lines = "".join(f"## meshpeek: {annotation}\n" for annotation in annotations)
    workshop = parse(f"```bash\n{lines}true\n```\n", "w.md", str)
    (step,) = workshop.steps
    assert isinstance(step, Command)
    return step


@pytest.mark.parametrize(
    ("annotation", "holds", "misses"),
    [
        ("expect a.c", "x a.c x", "abc"),
        ("expect /a.c/", "abc", "ac"),
        ("expect /^b$/", "a\nb\nc", "abc"),
        ("expect /", "a/b", "ab"),
        ("expect //", "a//b", "ab"),
        ("expect two  blanks ", "two  blanks", "two blanks"),
    ],
)
def test_expectations(annotation: str, holds: str, misses: str) -> None:
    (expectation,) = command(annotation).checks.expect
    assert expectation.found_in(holds)
    assert not expectation.found_in(misses)


@pytest.mark.parametrize(
    "text",
    [
        "<!-- @# meshpeek: exit 7 -->\n```bash\ntrue\n```\n",
        "<!-- meshpeek: exit 7 -->\n```bash\ntrue\n```\n",
        "Words <!-- @# meshpeek: exit 7 --> and words.\n```bash\ntrue\n```\n",
        "- <!-- @# meshpeek: exit 7 -->\n\n```bash\ntrue\n```\n",
        "```bash\n## meshpeek: exit 7\ntrue\n```\n",
        "```bash\n#@# meshpeek: exit 7\ntrue\n```\n",
        "<!-- @noshow -->\n<!-- @# meshpeek: exit 7 -->\n```bash\ntrue\n```\n",
    ],
)
def test_each_form_is_for_the_next_command(text: str) -> None:
    (step,) = (step for step in parse(text, "w.md", str).steps if isinstance(step, Command))
    assert step.checks.exit_status == 7


def test_a_private_remark_is_neither_a_step_nor_shown() -> None:
    text = "<!-- @SHOW -->\n<!-- @# a remark -->\n\n```bash\n#@# another\ntrue\n```\n"
    assert [step.text for step in parse(text, "w.md", str).steps] == ["true"]


def test_nothing_is_asked_for_without_annotations() -> None:
    checks = command().checks
    assert (checks.exit_status, checks.timeout, checks.until) == (0, None, None)
    assert not checks.expect
    assert not checks.reject


def test_where_a_step_takes_part() -> None:
    selection = command("only ci rehearse", "skip present").selection
    assert selection.excluded_by(frozenset({"run"})) == "only ci rehearse"
    assert selection.excluded_by(frozenset({"ci"})) is None
    assert selection.excluded_by(frozenset({"present", "rehearse"})) == "skip present"


def test_an_edit_is_a_command_or_a_patch() -> None:
    for annotation, expected in (("editor ed -s", ("ed -s", None)), ("patch []", (None, "[]"))):
        edit = command(annotation).edit
        assert edit is not None
        assert (edit.command, edit.patch) == expected
