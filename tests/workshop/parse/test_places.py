"""Where problems are: line, column, width, and what is drawn, in every kind of text."""

from __future__ import annotations

import pytest

from meshpeek.errors import InputError
from meshpeek.workshop.parse import parse
from meshpeek.workshop.problems import Problem, WorkshopError


def problems_of(text: str, path: str = "w.md", **files: str) -> tuple[Problem, ...]:
    def read(name: str) -> str:
        key = name.replace(".", "_")
        if key not in files:
            raise InputError(f"{name}: no such file", hint="check the name")
        return files[key]

    with pytest.raises(WorkshopError) as raised:
        parse(text, path, read)
    return raised.value.problems


def place(problem: Problem) -> tuple[str, int, int, int]:
    span = problem.span
    return span.path, span.line, span.column, span.width


def marked(problem: Problem) -> str:
    """Return what the caret line of the excerpt underlines."""
    _, line, carets = problem.excerpt.split("\n")
    start = carets.index("^")
    return line[start : start + carets.count("^")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<!-- @wiat -->", (1, 7, 4)),
        ("﻿<!-- @wiat -->", (1, 7, 4)),
        ("é\r\n\r\n  <!--@wiat-->\r\n", (3, 8, 4)),
        ("Prose é <!-- @wiat -->", (1, 15, 4)),
        ("One\ntwo <!-- a\nb --> <!-- @wiat -->", (3, 13, 4)),
        ("- item\n\n  <!-- @wiat -->", (3, 9, 4)),
        ("> <!-- @wiat -->", (1, 9, 4)),
        ("<!--\n\f<!-- @wiat -->", (2, 8, 4)),
        ("<!-- @wait --> <!-- @wiat -->", (1, 22, 4)),
        ("<!-- @wait @wiat -->", (1, 13, 4)),
        ("```bash\n\t#@wiat\n```", (2, 4, 4)),
        ("```bash\n#@wait #@wiat\n```", (2, 10, 4)),
        ("```bash\n# é\u2028\n#@wiat\n```", (3, 3, 4)),
    ],
)
def test_a_misspelt_directive(text: str, expected: tuple[int, int, int]) -> None:
    (problem,) = problems_of(text)
    assert place(problem) == ("w.md", *expected)
    assert marked(problem) == "wiat"
    assert problem.hint == "did you mean `@wait`?"


@pytest.mark.parametrize(
    ("text", "expected", "word"),
    [
        ("<!-- meshpeek: untl 3s -->", (1, 16), "untl"),
        ("<!--meshpeek:untl 3s-->", (1, 14), "untl"),
        ("<!--\n  meshpeek: untl\n-->", (2, 13), "untl"),
        ("Prose <!-- meshpeek: untl -->", (1, 22), "untl"),
        ("```bash\n  ## meshpeek:  untl 3s\n```", (2, 17), "untl"),
        ("```bash\n## meshpeek: until 3x\n```", (2, 20), "3x"),
        ("<!-- meshpeek: patch\n[1\n-->", (2, 1), "[1"),
        ("<!-- @# meshpeek: untl 3s -->", (1, 19), "untl"),
        ("<!-- @#meshpeek: untl -->", (1, 18), "untl"),
        ("<!-- @# meshpeak: exit 1 -->", (1, 9), "meshpeak"),
        ("<!-- @# meshpeek: patch\n[] -->", (1, 9), "meshpeek"),
        ("```bash\n#@# meshpeek: untl 3s\n```", (2, 15), "untl"),
        ("x\n<!-- meshpeek:\n  expect hi\n  exit 7\n-->", (4, 3), "exit"),
        ("<!-- meshpeek: expect hi\nmeshpeek: exit 7 -->", (2, 11), "exit"),
        ("<!-- @# meshpeek: exit 1 meshpeek: always -->", (1, 36), "always"),
    ],
)
def test_a_wrong_annotation(text: str, expected: tuple[int, int], word: str) -> None:
    (problem,) = problems_of(text)
    assert place(problem) == ("w.md", *expected, len(word))
    assert marked(problem) == word


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```bash\nls\necho é 'x\n\n```", (3, 8, 1)),
        ("```bash\ncat <<EOF\nx\n EOF\n```", (2, 5, 2)),
        ("<!--\n```bash\n  fi\n```\n-->", (3, 3, 2)),
        ("```bash\nls |\n\n```", (2, 4, 1)),
    ],
)
def test_a_syntax_error_in_bash(text: str, expected: tuple[int, int, int]) -> None:
    (problem,) = problems_of(text)
    assert place(problem) == ("w.md", *expected)


def test_a_syntax_error_in_yaml_is_where_yaml_says() -> None:
    (problem,) = problems_of("---\r\na: é\r\nmeshpeek: {timeout: 3s, timeout: 4s}\r\n---\r\n")
    assert place(problem) == ("w.md", 3, 25, 7)
    assert marked(problem) == "timeout"


def test_problems_come_in_the_order_of_files_and_lines() -> None:
    text = "<!-- @import b.sh -->\n<!-- @hook x -->\n<!-- @wiat -->\n<!-- @import c.sh -->\n"
    problems = problems_of(text, b_sh="#@end\n#@wiat\n")
    assert [(problem.span.path, problem.span.line) for problem in problems] == [
        ("w.md", 2),
        ("w.md", 3),
        ("w.md", 4),
        ("b.sh", 1),
        ("b.sh", 2),
    ]


def test_a_problem_of_a_file_imported_twice_is_told_once() -> None:
    problems = problems_of("<!-- @import b.sh -->\n<!-- @import b.sh -->\n", b_sh="#@end\n")
    assert len(problems) == 1


def test_a_problem_of_a_macro_used_twice_is_told_once() -> None:
    text = "```bash\n#@macro a\n## meshpeek: always\n#@end\n#@a\n#@a\n```\n"
    assert len(problems_of(text)) == 1
