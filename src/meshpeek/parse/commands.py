"""Splitting bash into complete commands: what a shell would run at each end of a line.

A grammar of bash as far as it decides where a command ends ("Shell Grammar" in the Bash 5.2
manual). A text that bash refuses may be accepted here, never the other way round.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from meshpeek.parse.words import BashSyntaxError, WordReader

_REDIRECTION = re.compile(
    r"(?:\d+|\{[A-Za-z_]\w*\})?(?:<<<|<<-?|<>|<&|>>|>&|>\||<(?!\()|>(?!\())|&>>?"
)
# Most words are plain, and followed by a blank: taking such in one go halves the time.
_PLAIN_WORDS = re.compile(r"(?:[^\s|&;()<>'\"`$\\#\d{][^\s|&;()<>'\"`$\\]*[ \t]+)+")
_REGULAR_OPERATOR = re.compile(r"&&|\|\||[<>()]")
_CLOSING_WORDS = frozenset({"then", "elif", "else", "fi", "do", "done", "esac", "}"})
_CASE_ENDS = (";;&", ";;", ";&")


@dataclass(frozen=True, slots=True)
class CompleteCommand:
    """What bash would run after reading up to `end` (an offset, past the command's newline).

    `commands` are the words of each simple command, as they are written and in the order in
    which the commands begin; `functions` the names of the functions it defines. `pipeline` says
    that the last thing it does is a pipeline of several parts, not one with `!`. `mistake` is
    what bash would refuse, if anything: the command then goes to the end of the line where that
    was noticed.
    """

    end: int
    commands: tuple[tuple[str, ...], ...]
    functions: tuple[str, ...]
    mistake: BashSyntaxError | None = None
    pipeline: bool = False


def read_command(text: str, start: int) -> CompleteCommand:
    """Read the complete command of `text` that begins at the offset `start`, no blank line."""
    reader = _CommandReader(text, start)
    mistake = None
    try:
        reader.read_complete_command()
    except BashSyntaxError as refused:
        mistake = refused
        line_end = text.find("\n", max(refused.offset, start))
        unfinished = refused.unfinished or line_end < 0
        reader.position = len(text) if unfinished else line_end + 1
    return CompleteCommand(
        reader.position,
        tuple(tuple(words) for words in reader.commands if words),
        tuple(reader.functions),
        mistake,
        reader.pipeline,
    )


class _CommandReader(WordReader):
    def __init__(self, text: str, position: int) -> None:
        super().__init__(text, position)
        self.commands: list[list[str]] = []
        self.functions: list[str] = []
        self.pipeline = False

    def read_complete_command(self) -> None:
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
        waiting = self.without_here_documents()
        self._read_list((")",), may_be_empty=True)
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

    def _skip_newlines(self) -> None:
        self.skip_blanks()
        while self.peek() == "\n":
            self.read_newline()
            self.skip_blanks()

    def _read_list(self, ends: tuple[str, ...], *, may_be_empty: bool = False) -> str:
        """Read commands up to one of `ends` and return that one, without passing over it."""
        empty = True
        while True:
            self._skip_newlines()
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
            if not self._end_at_position(ends, operators_only=True):
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
            self._read_command()
        self.skip_blanks()
        parts = 1
        while self.peek() == "|" and self.peek(2) != "||":
            self._enter_rest(2 if self.peek(2) == "|&" else 1)
            self._read_command()
            self.skip_blanks()
            parts += 1
        # The outermost pipeline is the last to get here.
        self.pipeline = parts > 1 and not negated

    def _enter_rest(self, width: int) -> None:
        """Pass over an operator that another command has to follow, maybe lines later."""
        offset = self.position
        self.position += width
        self._skip_newlines()
        if self.position >= len(self.text):
            operator = self.text[offset : offset + width]
            raise BashSyntaxError(
                offset,
                width,
                f"a command is missing after `{operator}`",
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

    def _read_command(self) -> None:
        if self.peek() == "(":
            self._read_parentheses()
            self._read_redirections()
            return
        word = self.read_plain()
        compound = _COMPOUNDS.get(word)
        if compound is not None:
            compound(self)
            self._read_redirections()
        elif word == "function":
            self.position += len(word)
            self.skip_blanks()
            self._read_function(self.read_word())
        elif word == "coproc":
            self._read_coprocess()
        elif word in _CLOSING_WORDS:
            raise self.unexpected()
        else:
            self._read_simple_command()

    def _read_compound(self) -> None:
        self._skip_newlines()
        if self.peek() != "(" and self.read_plain() not in _COMPOUNDS:
            raise self.unexpected()
        self._read_command()

    def _read_parentheses(self) -> None:
        start = self.position
        if self.peek(2) == "((" and self.read_arithmetic(start + 2):
            return
        self.enter(start, "(", ")")
        self.position += 1
        self._read_list((")",))
        self.position += 1
        self.leave()

    def _read_between(self, opening: str, closing: str) -> None:
        self._open_word(opening, closing)
        self._read_list((closing,))
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
        self._read_list(("then",))
        self.position += len("then")
        end = self._read_list(("elif", "else", "fi"))
        while end == "elif":
            self.position += len("elif")
            self._read_list(("then",))
            self.position += len("then")
            end = self._read_list(("elif", "else", "fi"))
        if end == "else":
            self.position += len("else")
            self._read_list(("fi",))
        self._close_word("fi")

    def _read_while(self) -> None:
        self._open_word(self.read_plain(), "done")
        self._read_list(("do",))
        self.position += len("do")
        self._read_list(("done",))
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
        self._skip_newlines()
        closing = {"do": "done", "{": "}"}.get(self.read_plain())
        if closing is None:
            raise self.unexpected()
        self.position += 2 if closing == "done" else 1
        self._read_list((closing,))
        self._close_word(closing)

    def _read_for_words(self) -> None:
        self.skip_blanks()
        if self.peek() == ";":
            self.position += 1
            return
        self._skip_newlines()
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
        self._skip_newlines()
        if self.read_plain() != "in":
            raise self.unexpected()
        self.position += len("in")
        end = ""
        while end != "esac":
            self._skip_newlines()
            if self.read_plain() == "esac":
                break
            self._read_patterns()
            end = self._read_list((*_CASE_ENDS, "esac"), may_be_empty=True)
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
            self._skip_newlines()
            if self.read_plain() == "]]":
                break
            if self.read_word():
                continue
            operator = _REGULAR_OPERATOR.match(self.text, self.position)
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
        self._read_command()
        self.leave()

    def _read_function(self, name: str) -> None:
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
        self._enter_body(name)

    def _enter_body(self, name: str) -> None:
        self._skip_newlines()
        if self.position >= len(self.text):
            raise BashSyntaxError(
                self.text.rfind(name),
                len(name),
                f"the function `{name}` has no body",
                "add the function's body in `{ }`",
                unfinished=True,
            )
        self._read_compound()

    def _read_simple_command(self) -> None:
        words: list[str] = []
        self.commands.append(words)
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
                name = words.pop()
                self._read_function(name)
                return
            else:
                break
        if self.position == start or self.peek() == "(":
            raise self.unexpected()

    def _read_redirections(self) -> None:
        self.skip_blanks()
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
        operator = found.group().lstrip("0123456789")
        if operator in ("<<", "<<-"):
            self.add_here_document(offset, operator, target)
        return True


_COMPOUNDS = {
    "{": _CommandReader._read_group,
    "if": _CommandReader._read_if,
    "while": _CommandReader._read_while,
    "until": _CommandReader._read_while,
    "for": _CommandReader._read_for,
    "select": _CommandReader._read_for,
    "case": _CommandReader._read_case,
    "[[": _CommandReader._read_test,
}

_RESERVED_WORDS = frozenset({*_COMPOUNDS, *_CLOSING_WORDS, "function", "coproc", "time", "!"})
