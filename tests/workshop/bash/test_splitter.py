"""Splitting bash into complete commands, with bash itself as the authority."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshpeek.workshop.bash import (
    CompleteCommand,
    read_command,
    unquote,
    without_dangling_backslash,
)

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


def _without_comment(code: str) -> str:
    """A comment would hide what a generated construct puts after it on the line."""
    return code.replace(" #", " +")


def _compounds(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    code = inner.map(_without_comment)
    between = st.sampled_from(["\n", "; ", "\n\n  ", " # comment\n"])
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
        st.builds("{0} |\n# comment\n  {1}".format, code, code),
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
        st.sampled_from(["", "# a comment", "  ", "echo é", "ls -l # it's `a", "ls # it's $("]),
    ),
    min_size=1,
    max_size=5,
).map("\n".join)


@cache
def bash_accepts(code: str) -> bool:
    """Tell whether bash takes this as complete: no error, nor a warning of a missing end."""
    checked = subprocess.run(["bash", "-n"], input=code.encode(), capture_output=True, check=False)
    return checked.returncode == 0 and not checked.stderr


def split(text: str) -> Iterator[tuple[str, CompleteCommand]]:
    """Yield the complete commands of `text`, each with its lines; blank ones are in none."""
    position = 0
    while text[position:].strip():
        line, _, _ = text[position:].partition("\n")
        if not line.strip():
            position += len(line) + 1
            continue
        command = read_command(text, position)
        assert command.end > position
        yield text[position : command.end], command
        position = command.end


@settings(deadline=None, max_examples=150)
@given(blocks)
def test_commands_are_what_bash_takes_as_complete(block: str) -> None:
    text = block + "\n"
    if not bash_accepts(text):
        return
    for lines, command in split(text):
        assert command.error is None
        assert bash_accepts(lines)
        *unfinished, _ = lines.splitlines(keepends=True)
        for end in range(1, len(unfinished) + 1):
            beginning = "".join(unfinished[:end])
            # bash takes a backslash at the end for a complete command, and comments for none
            is_open = beginning.endswith("\\\n") or not beginning.strip()
            assert is_open or not bash_accepts(beginning), "two commands in one"
    assert "".join(lines for lines, _ in split(text)).split() == text.split()


@settings(deadline=None, max_examples=150)
@given(blocks, st.data())
def test_what_bash_takes_is_taken(block: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(block)))
    text = block[:cut] + "\n"
    if bash_accepts(text):
        assert all(command.error is None for _, command in split(text))


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
def test_what_bash_refuses_is_an_error(block: str) -> None:
    assert not bash_accepts(block + "\n")
    (error,) = (command.error for _, command in split(block + "\n") if command.error)
    assert 0 <= error.offset <= len(block)
    assert error.width >= 1
    assert error.message
    assert error.hint


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("ls -l 'a b'", [("ls", "-l", "'a b'")]),
        ("a=1 make >out 2>&1", [("a=1", "make")]),
        ("if a; then b x; fi | c", [("a",), ("b", "x"), ("c",)]),
        ('echo "$(date +%s)" `ls`', [("echo", '"$(date +%s)"', "`ls`"), ("date", "+%s")]),
        ("diff <(a) <(b 1)", [("diff", "<(a)", "<(b 1)"), ("a",), ("b", "1")]),
        ("greet() { hello; }", [("hello",)]),
        ("# nothing", []),
    ],
)
def test_the_simple_commands_of_a_command(text: str, commands: list[tuple[str, ...]]) -> None:
    assert list(read_command(text, 0).commands) == commands


def test_the_functions_that_a_command_defines() -> None:
    text = "greet() { hello; }; function farewell { bye; }\nlater() { :; }"
    assert read_command(text, 0).functions == ("greet", "farewell")


@pytest.mark.parametrize(
    ("text", "is_pipeline"),
    [
        ("a | b", True),
        ("a; b | c", True),
        ("a | b; c", False),
        ("! a | b", False),
        ("a || b", False),
        ("x=$(a | b)", False),
        ("{ a | b; }", False),
        ("time a |& b", True),
    ],
)
def test_whether_the_last_statement_is_a_pipeline(text: str, is_pipeline: bool) -> None:
    assert read_command(text, 0).pipeline is is_pipeline


def test_a_syntax_error_takes_its_line_and_an_unfinished_command_the_rest() -> None:
    text = "echo a\ndone; x\necho b\necho 'c\necho d\n"
    assert [lines for lines, _ in split(text)] == [
        "echo a\n",
        "done; x\n",
        "echo b\n",
        "echo 'c\necho d\n",
    ]


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("plain", "plain"),
        ("'$x'", "$x"),
        ('"a \\$b\\""', 'a $b"'),
        ("a\\ b'c'\"d\"", "a bcd"),
        ("a\\\nb", "ab"),
        ("$x", None),
        ('"`ls`"', None),
        ("", ""),
    ],
)
def test_what_a_word_stands_for(word: str, text: str | None) -> None:
    assert unquote(word) == text


@given(st.text(st.characters(codec="ascii", exclude_characters="\0\r"), max_size=20))
def test_words_stand_for_what_bash_makes_of_them(text: str) -> None:
    quoted = "'" + text.replace("'", "'\\''") + "'"
    assert unquote(quoted) == text


@pytest.mark.parametrize(
    ("text", "without"), [("a \\", "a"), ("a \\\\", "a \\\\"), ("a", "a"), ("\\", "")]
)
def test_a_backslash_at_the_end_goes(text: str, without: str) -> None:
    assert without_dangling_backslash(text) == without
