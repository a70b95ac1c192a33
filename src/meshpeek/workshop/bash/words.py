"""Reading bash's words: quotes, expansions, redirection targets, here-documents.

Follows "Shell Syntax" and "Shell Expansions" of the Bash 5.2 manual, and `bash -n` where the
manual is silent; the tests hold the two against each other. Nothing is expanded or run.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import NamedTuple

_DEEPEST_NESTING = 50

_BLANKS = re.compile(r"(?:[ \t]|\\\n)*")
_PLAIN = re.compile(r"[^ \t\n|&;()<>'\"`$\\]+")
_WHOLE_WORD = re.compile(
    r"[^ \t\n|&;()<>'\"`$\\]+"
    r"(?!['\"`$]|\\(?!\n[ \t\n|&;()<>])|[<>]\(|[^ \t\n|&;()<>'\"`$\\])"
)
_IN_DOUBLE_QUOTES = re.compile(r"[^\"`$\\]+")
_IN_BRACES = re.compile(r"[^}'\"`$\\]+")
_IN_PARENTHESES = re.compile(r"[^()'\"`$\\]+")
_IN_BRACKETS = re.compile(r"[^\[\]'\"`$\\]+")
_TO_BACKTICK = re.compile(r"[^`\\]*(?:\\.[^`\\]*)*`", re.DOTALL)
_TO_ANSI_C_QUOTE = re.compile(r"[^'\\]*(?:\\.[^'\\]*)*'", re.DOTALL)
_ARRAY_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(?:\[[^\n]*\])?\+?=")
_EXTENDED_PATTERN = "?*+@!"


class BashSyntaxError(Exception):
    """Bash would refuse the text: `offset` is where, `width` how many characters it is about.

    `unfinished` says that the text ends before the command does.
    """

    def __init__(
        self, offset: int, width: int, message: str, hint: str, *, unfinished: bool = False
    ) -> None:
        super().__init__(message)
        self.offset = offset
        self.width = width
        self.message = message
        self.hint = hint
        self.unfinished = unfinished


class _HereDocument(NamedTuple):
    offset: int
    operator: str
    delimiter: str
    is_literal: bool


class WordReader(ABC):
    """Reads words of `text` from `position` on; `position` moves to what follows each."""

    def __init__(self, text: str, position: int = 0) -> None:
        self.text = text
        self.position = position
        self._open: list[tuple[int, str, str]] = []
        self._here_documents: list[_HereDocument] = []
        self._arithmetic_ends: dict[int, int | None] = {}

    @abstractmethod
    def read_substitution(self) -> None:
        """Read the commands of a `$(`, `<(` or `>(` up to and with its `)`."""

    def enter(self, offset: int, opening: str, closing: str) -> None:
        """Note that `opening` stands at `offset` and that `closing` has to follow."""
        if len(self._open) >= _DEEPEST_NESTING:
            raise BashSyntaxError(
                offset,
                len(opening),
                f"more than {_DEEPEST_NESTING} nested constructs",
                "move part of this to a script of its own",
            )
        self._open.append((offset, opening, closing))

    def leave(self) -> None:
        """Note that the construct entered last is complete."""
        self._open.pop()

    def unfinished(self) -> BashSyntaxError:
        """Return the error for a text that ends inside the construct entered last."""
        if not self._open:
            offset = max(0, len(self.text.rstrip()) - 1)
            return BashSyntaxError(
                offset,
                1,
                "missing command after this",
                "complete the command",
                unfinished=True,
            )
        offset, opening, closing = self._open[-1]
        return BashSyntaxError(
            offset,
            len(opening),
            f"`{opening}` is never closed",
            f"add the missing `{closing}`",
            unfinished=True,
        )

    def unexpected(self) -> BashSyntaxError:
        """Return the error for a text that cannot go on as it does at the position."""
        if self.position >= len(self.text):
            return self.unfinished()
        plain = _PLAIN.match(self.text, self.position)
        found = plain.group() if plain else self.text[self.position]
        shown = "end of line" if found == "\n" else f"`{found}`"
        return BashSyntaxError(
            self.position,
            plain.end() - plain.start() if plain else 1,
            f"bash syntax error: unexpected {shown}",
            "correct the command, or give the fence a language other than `bash` or `sh`",
        )

    def peek(self, length: int = 1) -> str:
        """Return the next characters, fewer at the text's end."""
        return self.text[self.position : self.position + length]

    def skip_blanks(self) -> None:
        """Pass over blanks, escaped newlines and a comment."""
        text = self.text
        position = _BLANKS.match(text, self.position).end()  # type: ignore[union-attr]
        if text.startswith("#", position):
            end = text.find("\n", position)
            position = len(text) if end < 0 else end
        elif position == len(text) - 1 and text[position] == "\\":
            position += 1
        self.position = position

    def skip_newlines(self) -> None:
        """Pass over blanks, comments and newlines."""
        self.skip_blanks()
        while self.peek() == "\n":
            self.read_newline()
            self.skip_blanks()

    def read_plain(self) -> str:
        """Return the unquoted word at the position without passing over it, or ''."""
        word = _WHOLE_WORD.match(self.text, self.position)
        return word.group() if word else ""

    def read_word(self) -> str:
        """Read a word and return it as it is written, '' if there is none."""
        text = self.text
        start = self.position
        while True:
            plain = _PLAIN.match(text, self.position)
            if plain is not None:
                self.position = plain.end()
            character = self.peek()
            if character == "'":
                self._read_single_quotes()
            elif character == '"':
                self._read_double_quotes()
            elif character == "$":
                self._read_dollar(quoted=False)
            elif character == "`":
                self._read_backticks()
            elif character == "\\":
                self.position = min(self.position + 2, len(text))
            elif character and character in "<>" and text.startswith("(", self.position + 1):
                self.position += 1
                self._read_substitution()
            elif character == "(" and self.position > start:
                if text[self.position - 1] in _EXTENDED_PATTERN:
                    self._read_pair("(", ")", _IN_PARENTHESES)
                elif _ARRAY_ASSIGNMENT.fullmatch(text, start, self.position):
                    self._read_array()
                else:
                    break
            else:
                break
        return text[start : self.position]

    def add_here_document(self, offset: int, operator: str, word: str) -> None:
        """Note that the text of a here-document follows the line that is being read."""
        word = word.replace("\\\n", "")
        literal = any(mark in word for mark in "'\"\\")
        delimiter = re.sub(r"\\(.)|['\"]|\$(?=['\"])", r"\1", word, flags=re.DOTALL)
        self._here_documents.append(_HereDocument(offset, operator, delimiter, literal))

    def read_newline(self) -> None:
        """Pass over the newline at the position, and the here-documents that follow it."""
        self.position += 1
        waiting, self._here_documents = self._here_documents, []
        for document in waiting:
            self._read_here_document(document)

    def end_here_documents(self) -> None:
        """Raise BashSyntaxError if the text ended before a here-document began."""
        if self._here_documents:
            raise self._endless(self._here_documents[0])

    def without_here_documents(self) -> list[_HereDocument]:
        """Set aside the waiting here-documents, which do not belong to a substitution."""
        waiting, self._here_documents = self._here_documents, []
        return waiting

    def restore_here_documents(self, waiting: list[_HereDocument]) -> None:
        """Bring back what `without_here_documents` has set aside."""
        self._here_documents = waiting

    def read_arithmetic(self, start: int) -> bool:
        """Read what follows a `((` that ends at `start`, up to its `))`.

        Returns False, and stays, if the parentheses are not closed together: then they are a
        subshell in a subshell.
        """
        if start not in self._arithmetic_ends:
            self._arithmetic_ends[start] = self._find_arithmetic_end(start)
        end = self._arithmetic_ends[start]
        if end is None:
            return False
        self.position = end
        return True

    def _find_arithmetic_end(self, start: int) -> int | None:
        position, depth = self.position, len(self._open)
        self.position = start - 1
        try:
            self._read_pair("(", ")", _IN_PARENTHESES)
            end = self.position + 1 if self.peek() == ")" else None
        except BashSyntaxError:
            end = None
        self.position = position
        del self._open[depth:]
        return end

    def _read_array(self) -> None:
        """Read the words of an array's value; unlike those of a pattern, they may hold comments."""
        self.enter(self.position, "(", ")")
        self.position += 1
        self.skip_newlines()
        while self.peek() != ")":
            if not self.read_word():
                raise self.unexpected()
            self.skip_newlines()
        self.position += 1
        self.leave()

    def _read_single_quotes(self) -> None:
        end = self.text.find("'", self.position + 1)
        if end < 0:
            self.enter(self.position, "'", "'")
            raise self.unfinished()
        self.position = end + 1

    def _read_double_quotes(self) -> None:
        self._read_pair('"', '"', _IN_DOUBLE_QUOTES)

    def _read_backticks(self) -> None:
        end = _TO_BACKTICK.match(self.text, self.position + 1)
        if end is None:
            self.enter(self.position, "`", "`")
            raise self.unfinished()
        self.position = end.end()

    def _read_dollar(self, *, quoted: bool) -> None:
        self.position += 1
        following = self.peek()
        if self.peek(2) == "((":
            # Bash looks for the parentheses' end only, even if this is not arithmetic.
            self._read_pair("(", ")", _IN_PARENTHESES, opening="$(")
        elif following == "(":
            self._read_substitution()
        elif following == "{":
            self._read_pair("{", "}", _IN_BRACES, opening="${")
        elif following == "[":
            self._read_pair("[", "]", _IN_BRACKETS, opening="$[")
        elif following == "$":
            self.position += 1
        elif following == "'" and not quoted:
            end = _TO_ANSI_C_QUOTE.match(self.text, self.position + 1)
            if end is None:
                self.enter(self.position - 1, "$'", "'")
                raise self.unfinished()
            self.position = end.end()

    def _read_substitution(self) -> None:
        self.enter(self.position - 1, self.text[self.position - 1 : self.position + 1], ")")
        self.position += 1
        self.read_substitution()
        self.leave()

    def _read_pair(
        self, left: str, right: str, inside: re.Pattern[str], *, opening: str = ""
    ) -> None:
        """Read from `left` to its `right`; what is quoted or expanded between does not count."""
        quoted = left == '"'
        opening = opening or left
        self.enter(self.position + len(left) - len(opening), opening, right)
        depth = 1
        self.position += 1
        while depth:
            plain = inside.match(self.text, self.position)
            if plain is not None:
                self.position = plain.end()
            character = self.peek()
            if not character:
                raise self.unfinished()
            if character == right:
                depth -= 1
                self.position += 1
            elif character == left:
                depth += 1
                self.position += 1
            elif character == "\\":
                self.position += 2
            elif character == "'":
                self._read_single_quotes()
            elif character == '"':
                self._read_double_quotes()
            elif character == "`":
                self._read_backticks()
            else:
                self._read_dollar(quoted=quoted)
        self.leave()

    def _read_here_document(self, document: _HereDocument) -> None:
        text = self.text
        while self.position < len(text):
            line = self._read_line()
            while not document.is_literal and is_continued(line) and self.position < len(text):
                line = line[:-1] + self._read_line()
            if document.operator == "<<-":
                line = line.lstrip("\t")
            if line == document.delimiter:
                return
        raise self._endless(document)

    def _read_line(self) -> str:
        end = self.text.find("\n", self.position)
        end = len(self.text) if end < 0 else end
        line = self.text[self.position : end]
        self.position = end + 1
        return line

    def _endless(self, document: _HereDocument) -> BashSyntaxError:
        return BashSyntaxError(
            document.offset,
            len(document.operator),
            f"here-document without an end: no line is exactly `{document.delimiter}`",
            f"add a line `{document.delimiter}` without blanks before or after it",
            unfinished=True,
        )


def is_continued(line: str) -> bool:
    """Tell whether a line ends in a backslash that is not itself escaped."""
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def without_dangling_backslash(text: str) -> str:
    """Return `text` without what would make bash wait for a line that does not follow."""
    return text[:-1].rstrip() if is_continued(text) else text
