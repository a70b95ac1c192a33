"""A window of tmux that a test sits at: keys go in, and what the screen shows comes out."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PATIENCE_SECONDS = 60
_GLANCE_SECONDS = 0.02


class Tmux:
    """Runs a command in the only window of a tmux of its own; use it as a context manager."""

    def __init__(
        self,
        command: Sequence[str | Path],
        environment: Mapping[str, str],
        folder: Path,
        *,
        rows: int,
        columns: int,
    ) -> None:
        self._environment = dict(environment)
        self._folder = folder
        self._own = tempfile.TemporaryDirectory(prefix="tmux-")
        self._socket = Path(self._own.name, "socket")
        size = ("-x", str(columns), "-y", str(rows))
        self._tmux("new-session", "-d", *size, shlex.join(map(str, command)))
        self._tmux("set-option", "status", "off")
        self._tmux("resize-window", *size)  # the status line's row is the program's, too

    def __enter__(self) -> Tmux:
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(
            ["tmux", "-S", self._socket, "kill-server"], capture_output=True, check=False
        )
        self._own.cleanup()

    def type(self, text: str) -> None:
        """Type `text`, as it is."""
        self._tmux("send-keys", "-l", "--", text)

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names for them: Enter, Escape, Down, C-d."""
        self._tmux("send-keys", *keys)

    def resize(self, rows: int, columns: int) -> None:
        """Give the window another size."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    @property
    def screen(self) -> str:
        """What the screen shows, with the escape sequences for colours."""
        return self._tmux("capture-pane", "-e", "-p")

    @property
    def text(self) -> str:
        """What the screen shows, without blank ends."""
        lines = self._tmux("capture-pane", "-p").splitlines()
        return "\n".join(line.rstrip() for line in lines).rstrip()

    @property
    def history(self) -> str:
        """What has been scrolled off the top of the screen."""
        return self._tmux("capture-pane", "-p", "-S", "-", "-E", "-1")

    def wait_for(self, text: str) -> None:
        """Look until the screen shows `text`; fail with the screen if it does not come."""
        self.look_until(lambda: text in self.text, f"{text!r} did not come")

    def look_until(self, condition: Callable[[], bool], complaint: str) -> None:
        """Look until `condition` holds; fail with `complaint` and the screen if it never does."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"{complaint}; the screen:\n{self.text}")
            time.sleep(_GLANCE_SECONDS)

    def _tmux(self, *arguments: str) -> str:
        result = subprocess.run(
            ["tmux", "-S", self._socket, "-f", "/dev/null", *arguments],
            env=self._environment,
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=True,
        )
        return result.stdout
