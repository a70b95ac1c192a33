"""A recording that asciinema plays: what a presenter's or a reader's screen shows, and when.

The format is asciicast v2 (https://docs.asciinema.org/manual/asciicast/v2/): a header, then a line
for each piece of output. The screen is drawn as it is on a terminal, by the same module.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import json
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from meshpeek.run.events import CommandStarted, Event, OutputReceived, RunRefused, RunStarted
from meshpeek.sinks.reports.incremental.document import completes_step
from meshpeek.sinks.reports.incremental.double_buffered_file import open_output
from meshpeek.sinks.screen.screen import Screen
from meshpeek.workshop.model import Mode

KEPT_BYTES = 1024 * 1024
"""How much of what a command writes is recorded: nobody watches more of it scroll by."""

_COLUMNS, _ROWS = 100, 30


class CastFile:
    """Records a run, or several one after the other, to the file at `path`.

    `clock` tells seconds, `now` the seconds since 1970. Raises OSError if it cannot be written.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._file = open_output(path)
        self._clock = clock
        self._began: float | None = None
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        self._written = io.BytesIO()
        self._stream = io.TextIOWrapper(
            self._written, encoding="utf-8", errors="replace", newline="", write_through=True
        )
        self._screen = self._new_screen()
        self._is_raw = True
        self._room = KEPT_BYTES
        header = {
            "version": 2,
            "width": _COLUMNS,
            "height": _ROWS,
            "timestamp": int(now()),
            "title": "meshpeek",
            "env": {"TERM": "xterm-256color", "SHELL": "/bin/bash"},
        }
        self._file.add(f"{json.dumps(header)}\n".encode())
        self._file.publish(b"")

    def take(self, event: Event) -> None:
        """Draw the event and record what that wrote; after a step, let readers see it."""
        match event:
            case RunStarted(mode=mode):
                self._screen = self._new_screen()
                self._is_raw = mode is Mode.PRESENT  # its output has a screen's line ends already
            case RunRefused(message=message):
                self._stream.write(f"{message}\n")
            case CommandStarted():
                self._room = KEPT_BYTES
            case OutputReceived(data=data):
                event = self._shorten(event, data)
        self._screen.take(event)
        self._record(is_output=isinstance(event, OutputReceived))
        if completes_step(event):
            self._file.publish(b"")

    def close(self) -> None:
        """Write the recording's last state."""
        with contextlib.closing(self._file):
            self._screen.close()
            self._record(is_output=False)
            self._file.publish(b"")

    def _new_screen(self) -> Screen:
        return Screen(
            Console(
                file=self._stream,
                force_terminal=True,
                color_system="truecolor",
                width=_COLUMNS,
                height=_ROWS,
                legacy_windows=False,
                _environ={},
            )
        )

    def _shorten(self, event: OutputReceived, data: bytes) -> OutputReceived:
        """Return the event without what is too much to record."""
        if self._room <= 0:
            return event.replace(data=b"")
        kept = data[: self._room]
        self._room -= len(data)
        if self._room < 0:
            kept += b"\n[... not recorded any further ...]\n"
        return event.replace(data=kept)

    def _record(self, *, is_output: bool) -> None:
        text = self._decode(self._written.getvalue())
        self._written.seek(0)
        self._written.truncate()
        if not text:
            return
        if not (is_output and self._is_raw):
            text = text.replace("\n", "\r\n")
        if self._began is None:
            self._began = self._clock()
        line = json.dumps([round(self._clock() - self._began, 6), "o", text])
        self._file.add(f"{line}\n".encode())
