"""The markers around a command's output: making bash print them, and finding them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

SEPARATOR = b"\x1e"
"""What a marker begins and ends with, and does not contain: ASCII's record separator."""

_LONGEST_MARKER = 64 * 1024


def command_lines(
    command: str,
    token: str,
    *,
    statuses: Sequence[int],
    traced: bool,
    stdin: str,
) -> str:
    """Return the lines that make bash run `command`, and mark its ends with `token`.

    `statuses` are `$?` and PIPESTATUS at its start. `traced`: `set -x` is in force. The functions
    are defined in session.bash.

    The command is one line for bash whatever is in it, so that bash never waits for more of
    it. The last line marks the end if the first was interrupted, by ^C or `set -u`; the empty one
    before it ends what a syntax error may have left open. The groups keep our own commands out
    of a `set -x` trace, and `&& :` keeps `set -e` from seeing a status.
    """
    end = end_line(token)
    leave = _leave(statuses, command)
    begin, body = f"__meshpeek_begin {token} {leave}", f"{command}\n{end}"
    if traced:
        begin = f"set +x; {begin}"
        body = f"{{ __meshpeek_trace {leave}; }} 2>/dev/null\n{body}"
    return f"{{ {begin}; }} 2>/dev/null; builtin eval {quote(body)} <{stdin}\n\n{end}\n"


def _leave(statuses: Sequence[int], command: str) -> str:
    """Return the argument with which our function before `command` leaves it `statuses`.

    Only a pipeline can set PIPESTATUS to several. That costs processes, so it is done only if the
    command asks for it, and if `$?` is right afterwards (it would not be for a pipeline with `!`).
    """
    status, *parts = statuses
    if len(parts) < 2 or parts[-1] != status or "PIPESTATUS" not in command:
        return f"{status} && :"
    pipeline = " | ".join(f"(exit {part})" for part in parts)
    return f"0; {pipeline} && :" if status else f"0; {pipeline}"


def end_line(token: str) -> str:
    """Return the line that makes bash mark the end of a command, unless it has done so."""
    return f'{{ __meshpeek_end {token} "$?" "${{PIPESTATUS[@]}}"; }} 2>/dev/null'


def quote(text: str) -> str:
    """Quote `text` as bash's $'…', on one line whatever line ends it holds."""
    text = text.replace("\\", "\\\\").replace("'", "\\'")
    return "$'" + text.replace("\n", "\\n").replace("\r", "\\r") + "'"


class Marker(NamedTuple):
    """A marker of the command `number`.

    The one at the end of a command has bash's `flags` (`$-`) and its `statuses`: `$?`, then those
    of the last pipeline's parts. The one at the beginning has no statuses.
    """

    number: int
    flags: str = ""
    statuses: tuple[int, ...] = ()


class MarkerScanner:
    """Splits a stream at the markers of a session; holds back only what may be part of one."""

    def __init__(self, session: str) -> None:
        self._held = b""
        self._pattern = re.compile(
            SEPARATOR + re.escape(session).encode() + rb"\.(\d+)(?::(\w*):([\d ]+))?" + SEPARATOR
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
            number, flags, statuses = match.groups(default=b"")
            marker = Marker(int(number), flags.decode(), tuple(map(int, statuses.split())))
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
