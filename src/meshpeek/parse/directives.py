"""Reading a directive: its word, its argument, and whether it is a slip of the pen."""

from __future__ import annotations

import re
from collections.abc import Iterable

from meshpeek.parse.document import Document
from meshpeek.parse.elements import Directive
from meshpeek.parse.suggestions import find_closest
from meshpeek.parse.vocabulary import BUILTIN_HOOKS, BUILTIN_MACROS, DIRECTIVES, Argument
from meshpeek.source import Span

_WORD = re.compile(r"\s*(\S+)")
_SIMILAR = 0.8
_REAL_COMMANDS = frozenset({"printf", "clean"})


def read_directive(
    document: Document, text: str, line: int, end_line: int, column: int
) -> Directive | None:
    """Return the directive that `text` holds: what follows the `@`, at `line` and `column`.

    None, and a problem, if nothing follows.
    """
    found = _WORD.match(text)
    if found is None:
        place = Span(document.path, line, line, max(1, column - 1))
        document.report(place, "a directive without a name", "write the name right after the `@`")
        return None
    start = column + found.start(1)
    span = Span(document.path, line, end_line, start, len(found.group(1)))
    return Directive(found.group(1), text[found.end() :].strip(), span)


def is_known(directive: Directive) -> bool:
    """Tell whether the directive is one of the dialect's own.

    As in demosh, a word that takes no argument and is given one is not: `@immed CMD` runs a
    command `immed`.
    """
    word = DIRECTIVES.get(directive.word)
    return word is not None and (word.argument is not Argument.NONE or not directive.argument)


def find_near_miss(word: str, names: Iterable[str]) -> str | None:
    """Return the directive or name that `word`, which is neither, is a misspelling of.

    `names` are the macros and hooks that exist. Digits make a name another (`show_6` is no
    misspelt `show_5`).
    """
    if word in _REAL_COMMANDS or not word.isascii():
        return None
    known = [*DIRECTIVES, *BUILTIN_MACROS, *BUILTIN_HOOKS, *names]
    digits = _digits(word)
    candidates = [name for name in known if _digits(name) == digits]
    return find_closest(word, candidates, similarity=_SIMILAR)


def _digits(word: str) -> str:
    return "".join(character for character in word if character.isdigit())
