"""Patterns of schemas mean what they mean to Go."""

from __future__ import annotations

import pytest

from meshpeek.rehearsal.types.patterns import PatternError, compiled


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("^b$", "b\n", False),
        ("\\Ab\\z", "b", True),
        ("^[a-z$]+$", "a$", True),
        ("\\$$", "a$", True),
        ("^[[:alpha:]]+$", "ab", True),
        ("^[[:alpha:]]+$", "a:", False),
        ("^[^[:digit:]_]$", "1", False),
        ("^[]a]+$", "]a", True),
        ("^[[:punct:]]+$", "[]^`~", True),
    ],
)
def test_a_pattern_matches_as_in_go(pattern: str, text: str, matches: bool) -> None:
    assert bool(compiled(pattern).search(text)) is matches


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("^(?=a)b$", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?<!a)b", "invalid or unsupported Perl syntax: `(?<`"),
        ("(?>a)", "invalid or unsupported Perl syntax: `(?>`"),
        ("(a)\\1", "invalid escape sequence: `\\1`"),
        ("a++", "invalid nested repetition operator: `++`"),
        ("[[:letters:]]", "invalid character class range: `[:letters:]`"),
        ("(", "missing ), unterminated subpattern"),
    ],
)
def test_what_go_has_not_is_refused(pattern: str, said: str) -> None:
    with pytest.raises(PatternError) as caught:
        compiled(pattern)
    assert str(caught.value) == f"error parsing regexp: {said}"


@pytest.mark.parametrize("pattern", [r"\(?=a", "[(?=]a", r"\\1", r"a\++", "[*]+", "(?i)a", "a+?"])
def test_what_only_looks_like_it_is_accepted(pattern: str) -> None:
    compiled(pattern)
