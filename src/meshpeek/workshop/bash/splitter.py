r"""Splitting bash into complete commands: what a shell would run at each end of a line.

Some text that bash refuses is accepted here. What is refused here, bash refuses too, except for
text that nobody writes: a reserved word after `time` in a command substitution, or one that
continues in the next line.

tree-sitter-bash cannot do this: it is made for editors, and guesses where bash is exact.
Version 0.25.1 finds errors in what bash runs (`cat <<A <<B` with its two texts, `for i do`, `((echo
a) | cat)`, `if (true) then`, `[ -n x -a \( -f y \) ]`) and none in what bash refuses (`if true;
then fi`, a lone `done`): it cannot tell where a command ends.
"""

from __future__ import annotations

from typing import NamedTuple

from meshpeek.workshop.bash.compounds import CommandReader
from meshpeek.workshop.bash.words import BashSyntaxError


class CompleteCommand(NamedTuple):
    """What bash would run after reading up to `end` (an offset, past the command's newline).

    `commands` are the words of each simple command, as they are written and in the order in
    which the commands begin; `functions` the names of the functions it defines. `pipeline` says
    that its last statement is a pipeline of several parts without a `!`. `error` is what bash
    would refuse, if anything: the command then ends with the line of the error.
    """

    end: int
    commands: tuple[tuple[str, ...], ...]
    functions: tuple[str, ...]
    error: BashSyntaxError | None = None
    pipeline: bool = False


def read_command(text: str, start: int) -> CompleteCommand:
    """Read the complete command of `text` that begins at the offset `start`, no blank line."""
    reader = CommandReader(text, start)
    error = None
    try:
        reader.read_complete_command()
    except BashSyntaxError as refused:
        error = refused
        line_end = text.find("\n", max(refused.offset, start))
        unfinished = refused.unfinished or line_end < 0
        reader.position = len(text) if unfinished else line_end + 1
    return CompleteCommand(
        reader.position,
        tuple(tuple(words) for words in reader.commands if words),
        tuple(reader.functions),
        error,
        reader.ends_in_pipeline,
    )
