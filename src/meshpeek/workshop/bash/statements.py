"""Reading bash's statements: lists, pipelines, simple commands, redirections.

"Shell Grammar" in the Bash 5.2 manual, as far as it decides where a command ends.
"""

from __future__ import annotations

import re
from abc import abstractmethod

from meshpeek.workshop.bash.words import BashSyntaxError, WordReader

_REDIRECTION = re.compile(
    r"(?:\d+|\{[A-Za-z_]\w*\})?"
    r"(?P<operator><<<|<<-?|<>|<&|>>|>&|>\||<(?!\()|>(?!\()|&>>?)"
)
# Most words are plain, and followed by a blank: taking such in one go halves the time.
_PLAIN_WORDS = re.compile(r"(?:[^\s|&;()<>'\"`$\\#\d{][^\s|&;()<>'\"`$\\]*[ \t]+)+")


class StatementReader(WordReader):
    """Reads statements, and notes what is in them.

    `commands` are the words of each simple command, in the order in which the commands begin,
    `functions` the names of those that are defined. `ends_in_pipeline` says that the statement
    read last is a pipeline of several parts without a `!`.
    """

    def __init__(self, text: str, position: int) -> None:
        super().__init__(text, position)
        self.commands: list[list[str]] = []
        self.functions: list[str] = []
        self.ends_in_pipeline = False
        self._closed = -1

    @abstractmethod
    def read_command(self) -> None:
        """Read a command of any kind."""

    @abstractmethod
    def read_function(self, name: str, offset: int) -> None:
        """Read the rest of a function's definition, after its `name`, which is at `offset`."""

    def read_complete_command(self) -> None:
        """Read up to the end of a line at which bash would run what it has read."""
        self.skip_blanks()
        # A line of nothing but a backslash, and a blank one after it, are a command to bash.
        while not self._at_line_end():
            self._read_and_or()
            self.skip_blanks()
            if self._read_separator():
                self.skip_blanks()
            elif not self._at_line_end():
                raise self.unexpected()
        if self.position >= len(self.text):
            self.end_here_documents()
        else:
            self.read_newline()

    def read_substitution(self) -> None:
        """Read the commands of a `$(`, `<(` or `>(` up to and with its `)`."""
        waiting = self.without_here_documents()
        self.read_list((")",), may_be_empty=True)
        self.position += 1
        self.restore_here_documents(waiting)

    def _at_line_end(self) -> bool:
        return self.peek() in ("", "\n")

    def _read_separator(self) -> bool:
        character = self.peek()
        if character == ";" and self.peek(2) not in (";;", ";&"):
            self.position += 1
            return True
        if character == "&" and self.peek(2) != "&&":
            self.position += 1
            return True
        return False

    def read_list(self, ends: tuple[str, ...], *, may_be_empty: bool = False) -> str:
        """Read commands up to one of `ends` and return that one, without passing over it."""
        empty = True
        while True:
            self.skip_newlines()
            end = self._end_at_position(ends)
            if end:
                if empty and not may_be_empty:
                    raise self.unexpected()
                return end
            if self.position >= len(self.text):
                raise self.unfinished()
            self._read_and_or()
            empty = False
            self.skip_blanks()
            if self._read_separator() or self._at_line_end():
                continue
            if not self._end_at_position(ends, operators_only=self._closed != self.position):
                raise self.unexpected()

    def _end_at_position(self, ends: tuple[str, ...], *, operators_only: bool = False) -> str:
        for end in ends:
            if end[0] in ";)":
                if self.text.startswith(end, self.position):
                    return end
            elif not operators_only and self.read_plain() == end:
                return end
        return ""

    def _read_and_or(self) -> None:
        while True:
            self._read_pipeline()
            self.skip_blanks()
            if self.peek(2) not in ("&&", "||"):
                return
            self._enter_rest(2)

    def _read_pipeline(self) -> None:
        self.skip_blanks()
        negated = self.read_plain() == "!"
        if not self._read_prefixes():
            self.read_command()
        self.skip_blanks()
        parts = 1
        while self.peek() == "|" and self.peek(2) != "||":
            self._enter_rest(2 if self.peek(2) == "|&" else 1)
            self.read_command()
            self.skip_blanks()
            parts += 1
        # The outermost pipeline is the last to get here.
        self.ends_in_pipeline = parts > 1 and not negated

    def _enter_rest(self, width: int) -> None:
        """Pass over an operator that another command has to follow, maybe lines later."""
        offset = self.position
        self.position += width
        self.skip_newlines()
        if self.position >= len(self.text):
            operator = self.text[offset : offset + width]
            raise BashSyntaxError(
                offset,
                width,
                f"missing command after `{operator}`",
                f"complete the command, or remove the `{operator}`",
                unfinished=True,
            )

    def _read_prefixes(self) -> bool:
        """Read `!` and `time`; return whether nothing more follows, as bash allows after them."""
        found = False
        while True:
            self.skip_blanks()
            word = self.read_plain()
            if word not in ("!", "time"):
                return found and (self._at_line_end() or self.peek() in (";", "&", "|", ")"))
            found = True
            self.position += len(word)
            if word == "time":
                self.skip_blanks()
                if self.read_plain() == "-p":
                    self.position += 2

    def read_simple_command(self) -> None:
        """Read words and redirections, or a function if parentheses follow the first word."""
        words: list[str] = []
        self.commands.append(words)
        self.skip_blanks()
        start = self.position
        while True:
            self.skip_blanks()
            plain = _PLAIN_WORDS.match(self.text, self.position)
            if plain is not None:
                words += plain.group().split()
                self.position = plain.end()
                self.skip_blanks()
            if self._read_redirection():
                continue
            word = self.read_word()
            if word:
                words.append(word)
            elif self.peek() == "(" and len(words) == 1:
                self.read_function(words.pop(), start)
                return
            else:
                break
        if self.position == start or self.peek() == "(":
            raise self.unexpected()

    def read_redirections(self) -> None:
        """Read the redirections that follow a compound command.

        Where there is none, a reserved word may come next: `if (true) then`.
        """
        self.skip_blanks()
        self._closed = self.position
        while self._read_redirection():
            self.skip_blanks()

    def _read_redirection(self) -> bool:
        found = _REDIRECTION.match(self.text, self.position)
        if found is None:
            return False
        offset = self.position
        self.position = found.end()
        self.skip_blanks()
        target = self.read_word()
        if not target:
            raise self.unexpected()
        operator = found.group("operator")
        if operator in ("<<", "<<-"):
            self.add_here_document(offset, operator, target)
        return True
