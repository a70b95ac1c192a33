"""Splitting bash into complete commands, with bash itself as the authority."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshpeek.workshop.bash.words import without_dangling_backslash
from meshpeek.workshop.model import Command, Comment, Workshop
from meshpeek.workshop.parse import parse
from meshpeek.workshop.problems import WorkshopError
from tests.workshop.parse.listing import CASE_FILES, parse_case

ROOT = Path(__file__).parents[3]

WORDS = ["ls", "-l", "a=1", "x", "'it is'", "'two\nlines'", '"a $(date) b"', '"${x:-"y z"}"', "é"]
WORDS += ["$((1 << 2))", "`ls`", "$'it\\'s'", "{", "}", "if", "done", "#", "a#b", "\\'", '"\\""']
WORDS += [
    "$(ls; case x in (y) z;; esac)",
    "${x//\\}/'}'}",
    "<(ls\n)",
    "\\\n",
    "$#",
    "$$",
    '""',
    "[[",
]

simple = st.lists(st.sampled_from(WORDS), max_size=4).map(lambda words: " ".join(["echo", *words]))


def _without_remark(code: str) -> str:
    """A remark would hide what a generated construct puts after it on the line."""
    return code.replace(" #", " +")


def _compounds(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    code = inner.map(_without_remark)
    between = st.sampled_from(["\n", "; ", "\n\n  ", " # remark\n"])
    return st.one_of(
        st.builds("if {0}{2}then {1}{2}fi".format, code, code, between),
        st.builds(
            "if {0}; then {1}\nelif {0}\nthen\n{1}{2}else {0}{2}fi".format, code, code, between
        ),
        st.builds("while {0}{2}do {1}{2}done".format, code, code, between),
        st.builds("until {0}; do \\\n{1} ;\\\ndone".format, code, code),
        st.builds("for name in a 'b c'{1}do {0}{1}done".format, code, between),
        st.builds("for ((i = 0; i < 2; i++)) {{ {0}; }}".format, code),
        st.builds("case $x in\n  a | b) {0} ;;\n  (*) {1}\nesac".format, code, code),
        st.builds("case $x in a) {0} ;;& b) {1} ;& c) ;; esac".format, code, code),
        st.builds("{0} |& {1}".format, code, code),
        st.builds("{{ {0}{1}}}".format, code, between),
        st.builds("( {0} )".format, code),
        st.builds("greet() {{\n{0}\n}}".format, code),
        st.builds("function greet\n(\n{0}\n)".format, code),
        st.builds("{0} &&\n  {1} || {0}".format, code, code),
        st.builds("{0} |\n# remark\n  {1}".format, code, code),
        st.builds("{0} \\\n  | {1} 2>&1 >/dev/null".format, code, code),
        st.builds("! {0} &".format, code),
        st.builds('x="$({0}\n)"; y=(a\n  b) {1}'.format, code, code),
        st.builds("[[ a == b && ( c || $x =~ ^(a|b)+$ ) ]] && {0}".format, code),
        st.builds("(( x < 2 )) && {0}; {1}".format, code, code),
        st.builds("if {{ {0}; }} then ( {1} ) fi".format, code, code),
        st.builds("until [[ a ]] do if (( 1 )) then {0}; fi done".format, code),
        st.builds("x=( # it's )\n  'a)' # {1}\n  b) {0}".format, code, st.just("`")),
    )


bash_code = st.recursive(simple, _compounds, max_leaves=6)
here_documents = st.sampled_from(
    [
        "cat <<EOF\n{ it's\nEOF",
        "cat <<'EOF' | grep a >b\n$(\nEOF",
        "cat <<-EOF\n\tx\n\tEOF",
        'cat <<A; cat <<"B C"\na\nA\n`\nB C',
        "cat <<EOF &&\na \\\nEOF\nEOF\necho b",
        "if true; then cat <<EOF; fi\nx\nEOF",
        'x="$(cat <<EOF\nit\'s )\nEOF\n)"',
        "cat <<E\\\nOF\n$(\nEOF",
        "cat <<<EOF",
        "cat {fd}<<EOF 3<<-E\n(\nEOF\n\tE",
        "echo $$'\\' x",
        "cat <<EOF $(ls\n) b\nit's\nEOF",
    ]
)
blocks = st.lists(
    st.one_of(
        bash_code,
        here_documents,
        st.sampled_from(["", "# a remark", "  ", "echo é", "ls -l # it's `a", "ls # it's $("]),
    ),
    min_size=1,
    max_size=5,
).map("\n".join)


@cache
def bash_accepts(code: str) -> bool:
    """Tell whether bash takes this as complete: no error, nor a warning of a missing end."""
    checked = subprocess.run(["bash", "-n"], input=code.encode(), capture_output=True, check=False)
    return checked.returncode == 0 and not checked.stderr


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


@settings(deadline=None, max_examples=150)
@given(blocks, st.data())
def test_what_bash_refuses_and_what_is_refused_agree(block: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(block)))
    block = block[:cut]
    if not bash_accepts(block + "\n"):
        return
    steps = parse_block(block).steps
    assert all(isinstance(step, Command | Comment) for step in steps)


@pytest.mark.parametrize("path", [*CASE_FILES, ROOT / "workshop.md"], ids=lambda path: path.name)
def test_every_command_of_every_workshop_here_is_complete(path: Path) -> None:
    for step in parse_case(path).steps:
        if isinstance(step, Command) and step.runs:
            assert bash_accepts(step.text + "\n")


@pytest.mark.parametrize(
    "block",
    [
        "echo 'it",
        'echo "it',
        "echo $(ls",
        "echo `ls",
        "echo ${x",
        "echo $'x\\'",
        "cat <<EOF\nEOF ",
        "if true; then",
        "if true; fi",
        "while true\ndone",
        "for x in a; echo; done",
        "case x in y) echo",
        "case x y",
        "{ echo",
        "( echo",
        "echo )",
        "}",
        "fi",
        "f() echo",
        "f()",
        "function",
        "a && ",
        "a | ",
        "| a",
        "a ;; b",
        "; a",
        "a & & b",
        "[[ a == b",
        "x=(a",
        "echo >",
        "((1",
        "coproc {",
        "( )",
    ],
)
def test_what_bash_refuses_is_a_problem(block: str) -> None:
    assert not bash_accepts(block + "\n")
    with pytest.raises(WorkshopError) as raised:
        parse_block(block)
    assert len(raised.value.problems) == 1


def test_a_mistake_keeps_the_steps_before_and_after_when_asked_to_keep_going() -> None:
    text = "```bash\necho a\ndone; x\necho b\necho 'c\necho d\n```\n\n```bash\necho e\n```\n"
    workshop = parse(text, "block.md", _no_file, keep_going=True)
    assert [step.text for step in workshop.steps] == [
        "echo a",
        "done; x",
        "echo b",
        "echo 'c\necho d",
        "echo e",
    ]


def test_a_block_that_ends_in_a_backslash_is_complete_without_it() -> None:
    (step,) = parse_block("echo one \\").steps
    assert step.text == "echo one"
    assert bash_accepts(step.text)
