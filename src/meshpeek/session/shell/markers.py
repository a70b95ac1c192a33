"""The markers around a command's output: making bash print them, and finding them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

SEPARATOR = b"\x1e"
"""What a marker begins and ends with, and does not contain: ASCII's record separator."""

_MAY_SET_TRAPS = re.compile(r"\btrap\b|\bsource\b|\beval\b|(?:^|[\s;&|(){}])\.\s")
_LONGEST_MARKER = 64 * 1024


def command_lines(
    command: str,
    token: str,
    *,
    statuses: Sequence[int],
    disabled: Sequence[str] = (),
    stdin: str,
    stderr: str | None = None,
) -> str:
    """Return the lines that make bash run `command`, and mark its ends with `token`.

    `statuses` are `$?` and PIPESTATUS at its start. `disabled` are the builtins that the workshop
    has switched off (`enable -n`). `stderr` is a file for its standard error. The functions are
    defined in session.bash.

    The command is one line for bash whatever is in it, so that bash never waits for more of it. The
    last line marks the end if the first was interrupted, by ^C or `set -u`; the empty one before it
    ends what a syntax error may have left open. The groups keep our own commands out of a `set -x`
    trace and what DEBUG traps print, `&& :` and `|| :` keep `set -e` from seeing a status, and
    backslashes keep aliases away. Both ends are inside the eval, so that a marker of the beginning
    tells that it took place.
    """
    end = end_line(token)
    body_end = end_line(token, with_traps=_MAY_SET_TRAPS.search(command) is not None)
    begin = " ".join((rf"\__meshpeek_begin {token}", _leave(statuses, command, disabled)))
    if "DEBUG" in command:
        begin = rf"\__meshpeek_filter_debug; {begin}"
    body = f"{{ {begin}; }} >/dev/null 2>&1\n{command}\n{body_end}"
    errors = "" if stderr is None else f" 2>{quote(stderr)}"
    return f"\\builtin \\eval {quote(body)} <{stdin}{errors}\n\n{end}\n"


def plain_lines(command: str, token: str, *, stdin: str) -> str:
    """Return the lines that run a command which changes nothing in bash (see plain_commands.py).

    So they need neither functions of ours nor what protects those: bash is as it was after a line
    of `command_lines`. The command has no syntax error, so no `eval` is needed. If it is
    interrupted, the end is not marked: bash has to be asked for that (see `end_line`).
    """
    begin = rf"\builtin \printf %b \\0036{token}\\0036 >/dev/tty"
    statuses = r'"$?" "${PIPESTATUS[@]/#/ }"'
    end = rf"\builtin \printf %b \\0036{token}: {statuses} \\0036 >/dev/tty"
    return f"{{ {begin}\n{command}\n{end}; }} <{stdin}\n"


def _leave(statuses: Sequence[int], command: str, disabled: Sequence[str]) -> str:
    """Return the arguments with which our function before `command` leaves it `statuses`.

    Only a pipeline can set PIPESTATUS to several. That costs processes, so it is done only if the
    command asks for it, and if `$?` is right afterwards (it would not be for a pipeline with `!`).
    """
    status, *parts = statuses
    if len(parts) < 2 or parts[-1] != status or "PIPESTATUS" not in command:
        return " ".join((str(status), *disabled, r"&& \: __meshpeek_"))
    pipeline = " | ".join(rf"(\exit {part})" for part in parts)
    call = " ".join(("0", *disabled))
    return rf"{call}; {pipeline} && \: __meshpeek_" if status else f"{call}; {pipeline}"


def end_line(token: str, *, with_traps: bool = False) -> str:
    """Return the line that makes bash mark the end of a command, unless it has done so.

    `with_traps` has bash look for the traps that its functions do not see. That costs a process.
    """
    traps = r'"=$(\builtin trap -p DEBUG ERR RETURN)"' if with_traps else "-"
    call = rf'\__meshpeek_end {token} "$?" "${{PIPESTATUS[@]}}" {traps} || \: __meshpeek_'
    return f"{{ {call}; }} >/dev/null 2>&1"


def quote(text: str) -> str:
    """Quote `text` as bash's $'…', on one line whatever line ends it holds."""
    text = text.replace("\\", "\\\\").replace("'", "\\'")
    return "$'" + text.replace("\n", "\\n").replace("\r", "\\r") + "'"


class Marker(NamedTuple):
    """A marker of the command `number`.

    The one at the end of a command has its `statuses`: `$?`, then those of the last pipeline's
    parts. The one at the beginning has none.
    """

    number: int
    statuses: tuple[int, ...] = ()


class MarkerScanner:
    """Splits a stream at the markers of a session; holds back only what may be part of one."""

    def __init__(self, session: str) -> None:
        self._held = b""
        self._pattern = re.compile(
            SEPARATOR + re.escape(session).encode() + rb"\.(\d+)(?::([\d ]+))?" + SEPARATOR
        )

    def scan(self, data: bytes) -> tuple[bytes, Marker | None]:
        """Take more `data`; return what precedes the first marker, and the marker.

        The bytes after a marker are held back; call again, with empty `data`, to get them.
        """
        if not self._held and SEPARATOR not in data:
            return data, None
        data = self._held + data
        match = self._pattern.search(data)
        if match:
            self._held = data[match.end() :]
            number, statuses = match.groups(default=b"")
            marker = Marker(int(number), tuple(map(int, statuses.split())))
            return data[: match.start()], marker
        # A marker holds separators at its ends only, so just the last one can begin one.
        start = data.rfind(SEPARATOR)
        if start < 0 or len(data) - start > _LONGEST_MARKER:
            start = len(data)
        self._held = data[start:]
        return data[:start], None

    def release(self) -> bytes:
        """Return what is held back: the stream has ended, so it is not part of a marker."""
        held, self._held = self._held, b""
        return held
