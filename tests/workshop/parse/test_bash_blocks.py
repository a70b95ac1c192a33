"""Fences and scripts of bash as steps, with bash itself as the authority."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from meshpeek.workshop.bash import without_dangling_backslash
from meshpeek.workshop.model import Command, Comment, Workshop
from meshpeek.workshop.parse import parse
from meshpeek.workshop.problems import WorkshopError
from tests.workshop.bash.test_splitter import bash_accepts, blocks
from tests.workshop.parse.listing import CASE_FILES, parse_case

ROOT = Path(__file__).parents[3]


def parse_block(block: str) -> Workshop:
    return parse(f"```bash\n{block}\n```\n", "block.md", _no_file)


def _no_file(path: str) -> str:
    raise AssertionError(path)


@settings(deadline=None, max_examples=150)
@given(blocks)
def test_steps_are_what_bash_takes_as_complete(block: str) -> None:
    if not bash_accepts(block + "\n"):
        return
    lines = ["```bash", *block.split("\n")]
    next_line = 2
    for step in parse_block(block).steps:
        between = lines[next_line - 1 : step.span.line - 1]
        assert not "".join(between).strip(), "a line that is no blank one is in no step"
        next_line = step.span.end_line + 1
        text = lines[step.span.line - 1 : step.span.end_line]
        if isinstance(step, Comment):
            assert all(line.startswith("#") for line in text)
            continue
        assert step.text == without_dangling_backslash("\n".join(text))
        assert bash_accepts(step.text + "\n")
        for end in range(1, len(text)):
            unfinished = "\n".join(text[:end])
            is_continued = unfinished.endswith("\\")
            assert is_continued or not bash_accepts(unfinished + "\n"), "two commands in a step"
    assert not "".join(lines[next_line - 1 :]).strip()


@pytest.mark.parametrize("path", [*CASE_FILES, ROOT / "workshop.md"], ids=lambda path: path.name)
def test_every_command_of_every_workshop_here_is_complete(path: Path) -> None:
    for step in parse_case(path).steps:
        if isinstance(step, Command) and step.runs:
            assert bash_accepts(step.text + "\n")


def test_what_bash_refuses_is_one_problem() -> None:
    with pytest.raises(WorkshopError) as raised:
        parse_block("if true; then\necho a")
    assert len(raised.value.problems) == 1


def test_a_block_that_ends_in_a_backslash_is_complete_without_it() -> None:
    (step,) = parse_block("echo one \\").steps
    assert step.text == "echo one"
    assert bash_accepts(step.text)
