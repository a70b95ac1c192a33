"""Patterns of schemas mean what they mean to Go."""

from __future__ import annotations

import pytest

from meshpeek.rehearsal.types.scalars.patterns import PatternError, check_pattern, matches


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("b", "abc", True),
        ("^b$", "b\n", False),
        ("(?m)^b$", "a\nb\nc", True),
        (r"\Ab\z", "b", True),
        ("^[a-z$]+$", "a$", True),
        (r"\$$", "a$", True),
        ("^[[:alpha:]]+$", "ab", True),
        ("^[[:alpha:]]+$", "a:", False),
        ("^[[:^alpha:]]+$", "1:", True),
        ("^[[:^alpha:]]+$", "1a", False),
        ("^[^[:digit:]_]$", "1", False),
        ("^[]a]+$", "]a", True),
        ("^[[:punct:]]+$", "[]^`~", True),
        (r"^\p{Greek}+$", "αβγ", True),
        (r"^\p{Greek}+$", "abc", False),
        (r"^\pL+\PL$", "aä1", True),
        (r"^\Qa.b\E$", "a.b", True),
        (r"^\Qa.b\E$", "axb", False),
        ("^(?i)AB(?-i)c$", "abc", True),
        ("^(?P<first>a)+$", "aa", True),
        (r"^\x41\x{1F600}\101$", "A\U0001f600A", True),
        ("^(?s).$", "\n", True),
        ("^.$", "\n", False),
        (r"^\d$", "\u0661", False),
        ("^a.b$", "a\ud800b", True),
    ],
)
def test_a_pattern_matches_as_in_go(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("^(?=a)b$", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?<!a)b", "invalid or unsupported Perl syntax: `(?<`"),
        ("(?<=a)b", "invalid or unsupported Perl syntax: `(?<`"),
        ("(?>a)", "invalid or unsupported Perl syntax: `(?>`"),
        ("(?z)", "invalid or unsupported Perl syntax: `(?z`"),
        (r"(a)\1", r"invalid escape sequence: `\1`"),
        (r"\Z", r"invalid escape sequence: `\Z`"),
        ("a++", "invalid nested repetition operator: `++`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("[[:letters:]]", "invalid character class range: `[:letters:]`"),
        ("[b-a]", "invalid character class range: `b-a`"),
        (r"\p{Foo}", r"invalid character class range: `\p{Foo}`"),
        ("(?P<n", "invalid named capture: `(?P<n`"),
        ("(?P<a-b>x)", "invalid named capture: `(?P<a-b>`"),
        ("x{1001}", "invalid repeat count: `{1001}`"),
        ("x{2,1}", "invalid repeat count: `{2,1}`"),
        ("(", "missing closing ): `(`"),
        ("a(b|c", "missing closing ): `a(b|c`"),
        ("[a", "missing closing ]: `[a`"),
        ("a)", "unexpected ): `a)`"),
        ("*a", "missing argument to repetition operator: `*`"),
        ("a\\", "trailing backslash at end of expression: ``"),
    ],
)
def test_what_go_refuses_is_refused_in_its_words(pattern: str, said: str) -> None:
    for ask in (check_pattern, lambda each: matches(each, "")):
        with pytest.raises(PatternError) as caught:
            ask(pattern)
        assert str(caught.value) == f"error parsing regexp: {said}"


def test_a_pattern_that_is_too_large_is_refused() -> None:
    pattern = r"(\pL{0,31}\pN{0,31}\pS{0,31}\pP{0,31}){0,31}" * 20
    with pytest.raises(PatternError) as caught:
        check_pattern(pattern)
    assert str(caught.value) == f"error parsing regexp: expression too large: `{pattern}`"


@pytest.mark.parametrize("pattern", [r"\(?=a", "[(?=]a", r"\\1", r"a\++", "[*]+", "(?i)a", "a+?"])
def test_what_only_looks_like_it_is_accepted(pattern: str) -> None:
    check_pattern(pattern)


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|aa)+$", "^(a*)*$", "^([a-z]+)*$"])
def test_a_hostile_pattern_ends(pattern: str) -> None:
    # Going back and trying again, an engine would be at it for longer than the universe is old.
    assert not matches(pattern, "a" * 60 + "!")
    assert matches(pattern, "a" * 60)
