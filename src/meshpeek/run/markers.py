"""The markers that bound a command's output: making bash print them, and finding them again."""

from __future__ import annotations

import re

SEPARATOR = b"\x1e"
"""What a marker begins and ends with: ASCII's record separator, and never within one."""

_LONGEST_MARKER = 64 * 1024


def command_lines(
    command: str, token: str, *, status: int, traced: bool, stdin: str, slot: int
) -> str:
    """Return the lines that make bash run `command`, mark its ends with `token`, and save.

    `status` is what `$?` is to be at its start. `traced`: `set -x` is in force. `slot` names the
    file that the state is saved in (see session.bash, which defines what is called here).

    The command is one line for bash whatever is in it, so that bash never waits for more of
    it. The second line speaks when the first was broken off, by ^C or `set -u`; the empty one
    before it ends what a syntax error may have left open. The groups keep our own commands out
    of a `set -x` trace, and `&& :` keeps `set -e` from seeing a status.
    """
    end = end_line(token)
    begin, body = f"__meshpeek_begin {token} {status} && :", f"{command}\n{end}"
    if traced:
        begin = f"set +x; {begin}"
        body = f"{{ __meshpeek_trace {status} && :; }} 2>/dev/null\n{body}"
    return (
        f"{{ {begin}; }} 2>/dev/null; eval {_quote(body)} <{stdin}\n\n{end}\n"
        f"{{ __meshpeek_save {slot}; }} 2>/dev/null\n"
    )


def end_line(token: str) -> str:
    """Return the line that makes bash mark the end of a command, unless it has done so."""
    return f'{{ __meshpeek_end {token} "$?" "${{PIPESTATUS[@]}}"; }} 2>/dev/null'


def _quote(text: str) -> str:
    """Quote `text` as bash's $'…', on one line whatever line ends it holds."""
    text = text.replace("\\", "\\\\").replace("'", "\\'")
    return "$'" + text.replace("\n", "\\n").replace("\r", "\\r") + "'"


def begin_marker(token: str) -> re.Pattern[bytes]:
    """Return what the marker before a command's output looks like."""
    return re.compile(SEPARATOR + re.escape(token).encode() + SEPARATOR)


def end_marker(token: str) -> re.Pattern[bytes]:
    """Return what the marker after it looks like: groups are bash's `$-` and the statuses."""
    return re.compile(SEPARATOR + re.escape(token).encode() + rb":(\w*):([\d ]+)" + SEPARATOR)


def without_markers(data: bytes, session: str) -> bytes:
    """Return `data` without the markers of any token that begins with `session`.

    A command that was interrupted while it was being marked may be marked twice.
    """
    if SEPARATOR not in data:
        return data
    marker = SEPARATOR + re.escape(session).encode() + rb"[^\x1e]*" + SEPARATOR
    return re.sub(marker, b"", data)


class MarkerScanner:
    """Splits a stream at a marker, holding back only what may be the start of one."""

    def __init__(self) -> None:
        self._held = b""

    def scan(self, data: bytes, marker: re.Pattern[bytes]) -> tuple[bytes, re.Match[bytes] | None]:
        """Take the next `data`; return what is sure to precede the marker, and the marker's match.

        After a match the bytes behind it are held; call again (with empty `data`, for the
        next marker) to get them.
        """
        if not self._held and SEPARATOR not in data:
            return data, None
        data = self._held + data
        match = marker.search(data)
        if match:
            self._held = data[match.end() :]
            return data[: match.start()], match
        # A marker holds separators at its ends only, so just the last one can begin one.
        start = data.rfind(SEPARATOR)
        if start < 0 or len(data) - start > _LONGEST_MARKER:
            start = len(data)
        self._held = data[start:]
        return data[:start], None

    def release(self) -> bytes:
        """Return what is held: the stream has ended, so it is no marker."""
        held, self._held = self._held, b""
        return held
