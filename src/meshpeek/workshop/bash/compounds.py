"""Reading bash's compound commands and functions.

"Compound Commands" and "Shell Functions" in the Bash 5.2 manual, as far as they decide where a
command ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from meshpeek.workshop.bash.statements import StatementReader
from meshpeek.workshop.bash.words import BashSyntaxError

_TEST_OPERATOR = re.compile(r"&&|\|\||[<>()]")
_CLOSING_WORDS = frozenset({"then", "elif", "else", "fi", "do", "done", "esac", "}"})
_CASE_ENDS = (";;&", ";;", ";&")


class CommandReader(StatementReader):
    """Reads commands of every kind."""

    def read_command(self) -> None:
        """Read a command of any kind."""
        if self.peek() == "(":
            self._read_parentheses()
            self.read_redirections()
            return
        word = self.read_plain()
        compound = _COMPOUNDS.get(word)
        if compound is not None:
            compound(self)
            self.read_redirections()
        elif word == "function":
            self.position += len(word)
            self.skip_blanks()
            offset = self.position
            self.read_function(self.read_word(), offset)
        elif word == "coproc":
            self._read_coprocess()
        elif word in _CLOSING_WORDS:
            raise self.unexpected()
        else:
            self.read_simple_command()

    def _read_compound(self) -> None:
        self.skip_newlines()
        if self.peek() != "(" and self.read_plain() not in _COMPOUNDS:
            raise self.unexpected()
        self.read_command()

    def _read_parentheses(self) -> None:
        start = self.position
        if self.peek(2) == "((" and self.read_arithmetic(start + 2):
            return
        self.enter(start, "(", ")")
        self.position += 1
        self.read_list((")",))
        self.position += 1
        self.leave()

    def _read_between(self, opening: str, closing: str) -> None:
        self._open_word(opening, closing)
        self.read_list((closing,))
        self._close_word(closing)

    def _open_word(self, opening: str, closing: str) -> None:
        self.enter(self.position, opening, closing)
        self.position += len(opening)

    def _close_word(self, closing: str) -> None:
        self.position += len(closing)
        self.leave()

    def _read_group(self) -> None:
        self._read_between("{", "}")

    def _read_if(self) -> None:
        self._open_word("if", "fi")
        self.read_list(("then",))
        self.position += len("then")
        end = self.read_list(("elif", "else", "fi"))
        while end == "elif":
            self.position += len("elif")
            self.read_list(("then",))
            self.position += len("then")
            end = self.read_list(("elif", "else", "fi"))
        if end == "else":
            self.position += len("else")
            self.read_list(("fi",))
        self._close_word("fi")

    def _read_while(self) -> None:
        self._open_word(self.read_plain(), "done")
        self.read_list(("do",))
        self.position += len("do")
        self.read_list(("done",))
        self._close_word("done")

    def _read_for(self) -> None:
        self._open_word(self.read_plain(), "done")
        self.skip_blanks()
        if self.peek(2) == "((":
            if not self.read_arithmetic(self.position + 2):
                raise self.unexpected()
            self.skip_blanks()
            if self.peek() == ";":
                self.position += 1
        else:
            if not self.read_word():
                raise self.unexpected()
            self._read_for_words()
        self.skip_newlines()
        closing = {"do": "done", "{": "}"}.get(self.read_plain())
        if closing is None:
            raise self.unexpected()
        self.position += 2 if closing == "done" else 1
        self.read_list((closing,))
        self._close_word(closing)

    def _read_for_words(self) -> None:
        self.skip_blanks()
        if self.peek() == ";":
            self.position += 1
            return
        self.skip_newlines()
        if self.read_plain() != "in":
            return
        self.position += len("in")
        self.skip_blanks()
        while self.read_word():
            self.skip_blanks()
        if self.peek() not in (";", "\n"):
            raise self.unexpected()
        if self.peek() == ";":
            self.position += 1

    def _read_case(self) -> None:
        self._open_word("case", "esac")
        self.skip_blanks()
        if not self.read_word():
            raise self.unexpected()
        self.skip_newlines()
        if self.read_plain() != "in":
            raise self.unexpected()
        self.position += len("in")
        end = ""
        while end != "esac":
            self.skip_newlines()
            if self.read_plain() == "esac":
                break
            self._read_patterns()
            end = self.read_list((*_CASE_ENDS, "esac"), may_be_empty=True)
            if end != "esac":
                self.position += len(end)
        self._close_word("esac")

    def _read_patterns(self) -> None:
        if self.peek() == "(":
            self.position += 1
        while True:
            self.skip_blanks()
            if not self.read_word():
                raise self.unexpected()
            self.skip_blanks()
            if self.peek() not in ("|", ")"):
                raise self.unexpected()
            self.position += 1
            if self.text[self.position - 1] == ")":
                return

    def _read_test(self) -> None:
        self._open_word("[[", "]]")
        while True:
            self.skip_newlines()
            if self.read_plain() == "]]":
                break
            if self.read_word():
                continue
            operator = _TEST_OPERATOR.match(self.text, self.position)
            if operator is None:
                # A `|` or `;` can only be part of a regular expression here.
                if self.peek() not in ("|", ";"):
                    raise self.unexpected()
                self.position += 1
            else:
                self.position = operator.end()
        self._close_word("]]")

    def _read_coprocess(self) -> None:
        self._open_word("coproc", "command")
        self.skip_blanks()
        start = self.position
        word = self.read_plain()
        if word not in _COMPOUNDS and word.isidentifier():
            self.position += len(word)
            self.skip_blanks()
            if self.read_plain() not in _COMPOUNDS and self.peek() != "(":
                self.position = start
        self.read_command()
        self.leave()

    def read_function(self, name: str, offset: int) -> None:
        """Read the rest of a function's definition, after its `name`, which is at `offset`."""
        if not name:
            raise self.unexpected()
        self.functions.append(name)
        self.skip_blanks()
        if self.peek() == "(":
            opening = self.position
            self.position += 1
            self.skip_blanks()
            if self.peek() == ")":
                self.position += 1
            else:
                self.position = opening
        self.skip_newlines()
        if self.position >= len(self.text):
            raise BashSyntaxError(
                offset,
                len(name),
                f"function `{name}` has no body",
                "add the function's body in `{ }`",
                unfinished=True,
            )
        self._read_compound()


_COMPOUNDS: Mapping[str, Callable[[CommandReader], None]] = {
    "{": CommandReader._read_group,
    "if": CommandReader._read_if,
    "while": CommandReader._read_while,
    "until": CommandReader._read_while,
    "for": CommandReader._read_for,
    "select": CommandReader._read_for,
    "case": CommandReader._read_case,
    "[[": CommandReader._read_test,
}
