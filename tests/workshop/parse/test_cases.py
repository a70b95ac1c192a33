"""Each row of the dialect's table and each edge case: a workshop, and the steps it comes to."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshpeek.workshop.parse.vocabulary import ANNOTATIONS, BUILTIN_MACROS, DIRECTIVES
from tests.workshop.parse.listing import CASE_FILES, list_problems, list_workshop, parse_case

HERE = Path(__file__).parent
PROBLEMS = sorted(HERE.glob("problems/*.md"))


@pytest.mark.parametrize("case", CASE_FILES, ids=lambda case: case.name)
def test_steps(case: Path) -> None:
    assert list_workshop(parse_case(case)) == case.with_suffix(".steps").read_text("utf-8")


@pytest.mark.parametrize("case", PROBLEMS, ids=lambda case: case.name)
def test_problems(case: Path) -> None:
    assert list_problems(case) == case.with_suffix(".problems").read_text("utf-8")


@pytest.mark.parametrize("word", [*DIRECTIVES, *BUILTIN_MACROS])
def test_every_directive_has_a_case(word: str) -> None:
    assert any(f"@{word}" in case.read_text("utf-8") for case in CASE_FILES)


@pytest.mark.parametrize("word", ANNOTATIONS)
def test_every_annotation_has_a_case(word: str) -> None:
    assert f"meshpeek: {word}" in (HERE / "cases/annotations.md").read_text("utf-8").replace(
        "##meshpeek", "## meshpeek"
    )
