"""Whatever the text: an answer or a WorkshopError, in time that grows with its length."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshpeek.errors import InputError
from meshpeek.workshop.model import Workshop
from meshpeek.workshop.parse import parse
from meshpeek.workshop.problems import WorkshopError
from tests.workshop.parse.listing import CASE_FILES, read_beside

TEXTS = [path.read_bytes().decode() for path in CASE_FILES]
FRAGMENTS = [
    *["<!--", "-->", "<!-- @", "<!-- meshpeek: ", "```", "```bash\n", "~~~", "#@", "## meshpeek: "],
    *[
        "@macro ",
        "@end",
        "@ifhook ",
        "@endif",
        "@import ",
        "@hook ",
        "@SKIP",
        "\n",
        "\r",
        "\0",
        "\t",
    ],
    *[
        "'",
        '"',
        "`",
        "$(",
        "${",
        "$((",
        "<<EOF",
        "(",
        ")",
        "{",
        "}",
        "if",
        "fi",
        "\\",
        "\\\n",
        ";;",
    ],
    *[
        "---\n",
        "meshpeek:",
        "[",
        "]",
        "[x]: <",
        "> ",
        "- ",
        "    ",
        "# ",
        "===",
        "\u2028",
        "\f",
        "🙂",
    ],
    *["case x in", "[[", "function", "coproc", "/(/", "until 3", "&a [*a]", "!!python/none"],
]
edits = st.lists(
    st.tuples(
        st.integers(0, 10_000), st.integers(0, 30), st.sampled_from(FRAGMENTS) | st.text(max_size=5)
    ),
    max_size=8,
)


def mutate(text: str, changes: list[tuple[int, int, str]]) -> str:
    for position, length, inserted in changes:
        position %= len(text) + 1
        text = text[:position] + inserted + text[position + length :]
    return text


def try_to_parse(text: str, path: str = "w.md") -> Workshop | None:
    try:
        return parse(text, path, read_beside(CASE_FILES[0]))
    except WorkshopError as error:
        error.render()
        return None


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(TEXTS), edits, st.sampled_from(["w.md", "w.sh"]))
def test_mutated_workshops(text: str, changes: list[tuple[int, int, str]], path: str) -> None:
    text = mutate(text, changes)
    workshop = try_to_parse(text, path)
    if workshop is None:
        return
    assert workshop.sections
    last_line = text.count("\n") + 1
    for step in workshop.steps:
        assert 0 <= step.section < len(workshop.sections)
        if step.span.path == path:
            assert 1 <= step.span.line <= step.span.end_line <= last_line


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet=st.sampled_from("<!->@#`\n\\'\"$(){}[]ab: \t~=*_&;|"), max_size=60))
def test_any_text(text: str) -> None:
    try_to_parse(text)
    try_to_parse(f"```bash\n{text}\n```")
    try_to_parse(f"---\nmeshpeek: {text}\n---\n")


@pytest.mark.parametrize(
    "text",
    [
        "```bash\n" + "$(" * 5000 + "\n```",
        "```bash\n" + '"${x:-' * 5000 + "\n```",
        "```bash\n" + "( " * 5000 + "\n```",
        "```bash\n" + "if " * 5000 + "\n```",
        "```bash\n" + "coproc " * 5000 + "\n```",
        "```bash\n" + "f() { " * 5000 + "\n```",
        "```bash\n" + "echo $((" * 5000 + "\n```",
        "```bash\n" + "((" * 5000 + "\n```",
        "```bash\n" + "#@ifhook show_1\n" * 5000 + "#@endif\n" * 5000 + "```",
        "```bash\n" + "#@macro m\n" * 5000 + "#@end\n" * 5000 + "```",
        "---\nmeshpeek: " + "[" * 50_000 + "\n---\n",
        "---\nmeshpeek:\n  " + "- " * 49_000 + "\n---\n",
        "---\nmeshpeek:\n  env: &a {b: *a}\n---\n",
        "> " * 5000 + "<!-- @wait -->",
        "## meshpeek: expect /" + "(" * 5000 + "/",
        "<!-- meshpeek: expect /" + "(" * 5000 + "/ -->",
        "<!-- meshpeek: patch " + "[" * 50_000 + " -->",
    ],
    ids=lambda text: text.strip("`\n")[:24],
)
def test_deep_nesting(text: str) -> None:
    try_to_parse(text)


def test_macros_that_multiply() -> None:
    macros = "".join(f"#@macro m{n}\n" + f"#@m{n + 1}\n" * 9 + "#@end\n" for n in range(9))
    with pytest.raises(WorkshopError, match="too often"):
        parse(macros + "#@m0\n", "w.sh", read_beside(CASE_FILES[0]))


def test_macros_deep_inside_each_other() -> None:
    macros = "".join(f"#@macro m{n}\n#@m{n + 1}\n#@end\n" for n in range(400))
    with pytest.raises(WorkshopError, match="too often"):
        parse(macros + "#@m0\n", "w.sh", read_beside(CASE_FILES[0]))


def test_imports_that_multiply() -> None:
    def read(path: str) -> str:
        number = int(path.removesuffix(".sh"))
        return f"#@import {number + 1}.sh\n" * 2

    with pytest.raises(WorkshopError, match="too many imports"):
        parse("#@import 1.sh\n", "w.sh", read)


def test_imports_that_never_end() -> None:
    with pytest.raises(WorkshopError, match="too many imports"):
        parse("#@import a/w.sh\n", "w.sh", lambda _: "#@import a/w.sh\n")


SHAPES: dict[str, Callable[[int], str]] = {
    "prose": lambda n: "Some *prose* with `code`.\n\n" * n,
    "one paragraph": lambda n: "prose <!-- a --> goes <!-- b --> on `\n" * n,
    "commands": lambda n: (
        "<!-- @SHOW -->\n```bash\n" + "kubectl --context a get x | b\n" * n + "```\n"
    ),
    "fences": lambda n: "```bash\necho 'a' \\\n  b\n```\n\ntext\n\n<!-- @wait_clear -->\n" * n,
    "comments": lambda n: "<!-- a\n<!-- @wait -->\n```bash\nls\n```\n" * n,
    "unclosed comments": lambda n: "<!-- a >\n\n" * n,
    "misspelt directives": lambda n: "".join(
        f"<!-- @wiat{i % 7} -->\n<!-- @wiat -->\n" for i in range(n)
    ),
    "wrong annotations": lambda n: "<!-- meshpeek: untl -->\n\n" * n,
    "syntax errors": lambda n: "```bash\n" + "done\n" * n + "```\n",
    "unclosed quotes": lambda n: "```bash\necho '\n```\n" * n,
    "arithmetic": lambda n: "```bash\n" + "(( a ) b )\n" * n + "```\n",
    "here-documents": lambda n: "```bash\n" + "cat <<A <<B\n$(\nA\nB\n" * n + "```\n",
    "long command": lambda n: "```bash\necho \\\n" + "a 'b' \\\n" * n + "c\n```\n",
    "long quote": lambda n: "```bash\necho '" + "a\n" * n + "'\n```\n",
    "links": lambda n: "[a] [b]\n\n```bash\nls\n```\n\n" * n + "[a]: b\n",
    "list": lambda n: "- item\n  <!-- @wait -->\n" * n,
    "headings": lambda n: "# Title `a_b`\n\n" * n,
}


def count_calls(work: Callable[[], object]) -> int:
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("shape", SHAPES)
def test_work_grows_with_the_length(shape: str) -> None:
    try_to_parse(SHAPES[shape](1))
    short = count_calls(lambda: try_to_parse(SHAPES[shape](100)))
    long = count_calls(lambda: try_to_parse(SHAPES[shape](400)))
    assert long < 4.4 * short


@pytest.mark.parametrize("shape", SHAPES)
def test_ten_thousand_lines(shape: str) -> None:
    lines = SHAPES[shape](100).count("\n")
    try_to_parse(SHAPES[shape](10_000 * 100 // lines))


def test_a_hundred_thousand_lines() -> None:
    workshop = try_to_parse("<!-- @SHOW -->\n" + SHAPES["fences"](12_500))
    assert workshop is not None
    assert workshop.steps[-1].span.line == 100_001


def test_a_startup_file_that_cannot_be_read() -> None:
    with pytest.raises(InputError, match=r"nothing\.md"):
        parse("", "w.md", read_beside(CASE_FILES[0]), startup=["nothing.md"])


def test_an_empty_file_is_a_workshop_without_steps() -> None:
    for path in ("w.md", "w.sh"):
        workshop = parse("", path, read_beside(CASE_FILES[0]))
        assert not workshop.steps
        assert [section.title for section in workshop.sections] == [""]


def test_cases_are_found() -> None:
    assert Path(CASE_FILES[0]).exists()
