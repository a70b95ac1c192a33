"""The lines that give the session's bash to a presenter, and take it back."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from meshpeek.session.shell.markers import end_line, quote

_FUNCTIONS = Path(__file__).with_name("takeover.bash")
_EDIT_PROMPT = "$ "


def takeover_lines(token: str, fifo: Path, history: Iterable[str]) -> str:
    """Return the lines that make bash read from its terminal until `exit` or ^D.

    Then it reads on from `fifo`, and marks the end with `token`. `history` are commands for the
    arrow keys.
    """
    remembered = "".join(rf"\builtin history -s -- {quote(command)}; " for command in history)
    return (
        rf"{{ \__meshpeek_begin {token} 0; {_load(fifo)} \__meshpeek_take_over; {remembered}}} "
        r"2>/dev/null; \command \exec 0</dev/tty; \builtin \set -o emacs"
        "\n"
        f"{end_line(token)}\n"
    )


def edit_command(text: str, fifo: Path, result: Path) -> str:
    """Return the command that lets a person edit `text`, and writes it to the file `result`."""
    return (
        f"{_load(fifo)} \\__meshpeek_edit {quote(_EDIT_PROMPT)} {quote(text)} {quote(str(result))}"
    )


def _load(fifo: Path) -> str:
    return rf"\__meshpeek_load {quote(str(_FUNCTIONS))}; __meshpeek_fifo={quote(str(fifo))};"
