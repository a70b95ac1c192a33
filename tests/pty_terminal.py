"""A terminal that a test sits at: a real pty, and an emulator that shows what a person sees."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pexpect
import pyte

_PATIENCE_SECONDS = 30


class _Screen(pyte.HistoryScreen):
    def select_graphic_rendition(self, *attributes: int, private: bool = False) -> None:
        """Set colours and the like; pyte fails at the private sequences that vim sends."""
        if not private:
            super().select_graphic_rendition(*attributes)


class Terminal:
    """Runs a program on a screen of `rows` and `columns`; use it as a context manager.

    `kind` is the TERM that programs see: of `linux`, pyte understands all. `written` is all that
    has been written, as it was.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        environment: Mapping[str, str],
        cwd: Path,
        *,
        rows: int = 24,
        columns: int = 80,
        kind: str = "linux",
    ) -> None:
        self.written = bytearray()
        self.is_over = False
        """Whether the program has closed the terminal."""
        self.screen = _Screen(columns, rows, history=10_000)
        self._stream = pyte.ByteStream(self.screen)
        program, *arguments = map(str, command)
        self.child = pexpect.spawn(
            program,
            arguments,
            env={**environment, "TERM": kind},
            cwd=str(cwd),
            dimensions=(rows, columns),
        )
        self.child.delaybeforesend = None

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close_window()
        self.child.wait()

    @property
    def text(self) -> str:
        """What the screen shows, without blank ends."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def close_window(self) -> None:
        """Close the window: the program gets HUP, and must end."""
        # pexpect's own close() waits, and kills; and left open, it would close this later.
        process = self.child.ptyproc
        process.fileobj.close()
        process.closed = True

    def press(self, keys: str) -> None:
        """Send keys, as a keyboard does."""
        self.child.send(keys)

    def wait_for(self, text: str) -> None:
        """Read until the screen shows `text`; fail with the screen if it does not come."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while text not in self.text:
            if not self._read(deadline):
                raise AssertionError(f"{text!r} did not come; the screen:\n{self.text}")

    def read_until(self, condition: Callable[[], bool]) -> None:
        """Read until `condition` holds; fail with the screen if it never does."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"it did not come to that; the screen:\n{self.text}")
            self._read(time.monotonic() + 0.02)

    def wait_for_end(self) -> int:
        """Read until the program ends, and return its exit status; fail if it does not end."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self._read(deadline):
            pass
        if time.monotonic() > deadline:
            raise AssertionError(f"it did not end; the screen:\n{self.text}")
        self.child.wait()
        status = self.child.exitstatus
        assert status is not None, f"killed by signal {self.child.signalstatus}"
        return status

    def _read(self, deadline: float) -> bool:
        try:
            data = self.child.read_nonblocking(65536, timeout=max(0, deadline - time.monotonic()))
        except pexpect.EOF:
            self.is_over = True
            return False
        except pexpect.TIMEOUT:
            return False
        self.written += data
        self._stream.feed(data)
        return True

    def resize(self, rows: int, columns: int) -> None:
        """Give the window another size."""
        self.screen.resize(rows, columns)
        self.child.setwinsize(rows, columns)


class Show:
    """A terminal with a show on it. `press` waits until the show waits for a key."""

    def __init__(self, terminal: Terminal, events: Path) -> None:
        self.terminal = terminal
        self.wait_for = terminal.wait_for
        self.type = terminal.press
        self._events = events
        self._waits = 0

    @property
    def text(self) -> str:
        return self.terminal.text

    def waits(self) -> int:
        lines = self._events.read_text().splitlines() if self._events.exists() else []
        return sum(json.loads(line)["event"] == "wait" for line in lines)

    def wait_for_end(self) -> int:
        """Go on at the wait at the end, if it comes to that; return the exit status."""
        self.terminal.read_until(lambda: self.terminal.is_over or self._is_at_end())
        if not self.terminal.is_over:
            self.terminal.press("\r")
        return self.terminal.wait_for_end()

    def _is_at_end(self) -> bool:
        lines = self._events.read_text().splitlines() if self._events.exists() else []
        waits = [event for event in map(json.loads, lines) if event["event"] == "wait"]
        return bool(waits) and waits[-1]["step"] is None

    def press(self, key: str) -> None:
        self.terminal.read_until(lambda: self.waits() > self._waits)
        self._waits += 1
        self.terminal.press(key)


Present = Callable[..., Show]
