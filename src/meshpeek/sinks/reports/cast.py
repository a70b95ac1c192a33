"""A recording that asciinema plays: what a screen shows, and when.

The format is asciicast v2 (https://docs.asciinema.org/manual/asciicast/v2/): a header, then a line
for each piece of output. The screen is drawn by the module that draws it on a terminal.
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

from meshpeek.run.events import (
    CommandStarted,
    Event,
    OutputReceived,
    RunRefused,
    RunStarted,
    WorkshopSkipped,
)
from meshpeek.sinks.reports.incremental.document import must_be_on_disk
from meshpeek.sinks.reports.incremental.double_buffered_file import open_output
from meshpeek.sinks.screen.screen import Screen
from meshpeek.workshop.model import Mode

KEPT_BYTES = 1024 * 1024
"""How much of a command's output is recorded."""

_USUAL_SIZE = 120, 24
"""Columns and rows where a run does not tell them."""


class CastFile:
    """Records a run, or several one after the other, to the file at `path`.

    `clock` returns seconds, `now` seconds since 1970. Raises OSError if it cannot be written.
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
        self._size: tuple[int, int] | None = None
        self._screen = self._new_screen()
        self._is_raw = True
        self._room = KEPT_BYTES
        self._begun_at = int(now())
        self._file.publish(self._header(_USUAL_SIZE))

    def take(self, event: Event) -> None:
        """Draw the event and record it; after a step, publish the file."""
        if self._size is None:
            self._begin(getattr(event, "size", None) or _USUAL_SIZE)
        match event:
            case RunStarted(mode=mode):
                self._screen = self._new_screen()
                self._is_raw = mode is Mode.PRESENT  # then output has a terminal's line ends
            case RunRefused(message=message):
                self._stream.write(f"{message}\n")
            case WorkshopSkipped(path=path, reason=reason):
                self._stream.write(f"{path} skipped: {reason}\n")
            case CommandStarted():
                self._room = KEPT_BYTES
            case OutputReceived(data=data):
                event = self._shorten(event, data)
        self._screen.take(event)
        self._record(is_output=isinstance(event, OutputReceived))
        if must_be_on_disk(event):
            self._file.publish(b"")

    def close(self) -> None:
        """Write the recording's last state."""
        with contextlib.closing(self._file):
            if self._size is None:
                self._begin(_USUAL_SIZE)
            self._screen.close()
            self._record(is_output=False)
            self._file.publish(b"")

    def _begin(self, size: tuple[int, int]) -> None:
        """Write the header: the first run tells the size."""
        self._size = size
        self._screen = self._new_screen()
        self._file.add(self._header(size))

    def _header(self, size: tuple[int, int]) -> bytes:
        header = {
            "version": 2,
            "width": size[0],
            "height": size[1],
            "timestamp": self._begun_at,
            "title": "meshpeek",
            "env": {"TERM": "xterm-256color", "SHELL": "/bin/bash"},
        }
        return f"{json.dumps(header)}\n".encode()

    def _new_screen(self) -> Screen:
        columns, rows = self._size or _USUAL_SIZE
        return Screen(
            Console(
                file=self._stream,
                force_terminal=True,
                color_system="truecolor",
                width=columns,
                height=rows,
                legacy_windows=False,
                _environ={},
            )
        )

    def _shorten(self, event: OutputReceived, data: bytes) -> OutputReceived:
        """Return the event without the bytes that are too many to record."""
        if self._room <= 0:
            return event.replace(data=b"")
        kept = data[: self._room]
        self._room -= len(data)
        if self._room < 0:
            kept += b"\n[... the rest is not recorded ...]\n"
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
