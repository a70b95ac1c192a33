"""Reading directives: their words, their arguments, and probable misspellings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from meshpeek.workshop.bash import without_dangling_backslash
from meshpeek.workshop.parse.elements import Directive
from meshpeek.workshop.parse.suggestions import find_closest
from meshpeek.workshop.parse.text_document import TextDocument
from meshpeek.workshop.parse.vocabulary import BUILTIN_HOOKS, BUILTIN_MACROS, DIRECTIVES, Argument
from meshpeek.workshop.spans import Span

_WORD = re.compile(r"\s*(\S+)")
_NEXT_DIRECTIVE = re.compile(r"\s*#?@")
_COMMENT = re.compile(r"\s*#")
_SIMILARITY = 0.8
_SHORTEST = 4
_REAL_COMMANDS = frozenset({"printf"})


def read_directives(
    document: TextDocument, text: str, line: int, end_line: int, column: int
) -> Iterator[Directive]:
    """Yield the directives that `text` holds: what follows the first `@`, at `line` and `column`.

    Several may stand on a line, and a comment after one that takes no argument.
    """
    found = _WORD.match(text)
    if found is None:
        place = Span(document.path, line, line, max(1, column - 1))
        document.report(place, "directive without a name", "write the name right after the `@`")
        return
    word, rest = found.group(1), text[found.end() :]
    span = Span(document.path, line, end_line, column + found.start(1), len(word))
    takes_none = word in DIRECTIVES and DIRECTIVES[word].argument is Argument.NONE
    following = _NEXT_DIRECTIVE.match(rest) if takes_none else None
    if following is not None:
        yield Directive(word, "", span)
        column += found.end() + following.end()
        yield from read_directives(document, rest[following.end() :], line, end_line, column)
    elif takes_none and _COMMENT.match(rest):
        yield Directive(word, "", span)
    else:
        yield Directive(word, without_dangling_backslash(rest.strip()), span)


def is_known(directive: Directive) -> bool:
    """Tell whether the directive is one of the dialect's own.

    As in demosh, a word that takes no argument and is given one is not: `@immed CMD` runs a
    command `immed`.
    """
    word = DIRECTIVES.get(directive.word)
    return word is not None and (word.argument is not Argument.NONE or not directive.argument)


def command_of(directive: Directive) -> str:
    """Return the command that a directive stands for which the dialect does not have."""
    return f"{directive.word} {directive.argument}".rstrip()


def find_near_miss(word: str, names: Iterable[str]) -> str | None:
    """Return the directive or name that `word`, which is neither, is a misspelling of.

    `names` are the macros and hooks that exist. Digits make a name another (`show_6` is no
    misspelt `show_5`).
    """
    if word in _REAL_COMMANDS:
        return None
    known = dict.fromkeys([*DIRECTIVES, *BUILTIN_MACROS, *BUILTIN_HOOKS, *names])
    letters = sorted(word.lower())
    swapped = (name for name in known if sorted(name.lower()) == letters)
    digits = _digits(word)
    alike = [name for name in known if _digits(name) == digits and len(name) >= _SHORTEST]
    return next(swapped, None) or find_closest(word, alike, similarity=_SIMILARITY)


def _digits(word: str) -> str:
    return "".join(character for character in word if character.isdigit())
