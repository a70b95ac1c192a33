"""Noticing that a command waits for the person at the keyboard."""

from __future__ import annotations

import time
from collections.abc import Callable

_PROMPT_SECONDS = 0.2
_SILENT_SECONDS = 1.5


class PromptWatch:
    """Tells, once, that a command that has written something seems to wait for an answer.

    It does if it is silent for a moment after an unfinished line, or while the terminal is set to
    give it single keys or to hide what is typed (`reads_keys`): a prompt, a pager, an editor. After
    whole lines, silence takes longer to mean that.
    """

    def __init__(
        self, reads_keys: Callable[[], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._reads_keys = reads_keys
        self._clock = clock
        self._since: float | None = None
        self._is_line_open = False

    def wrote(self, data: bytes) -> None:
        """Take what the command has written next."""
        self._since = self._clock()
        self._is_line_open = not data.endswith(b"\n")

    def is_waiting(self) -> bool:
        """Tell whether the command seems to wait; True once, if it has not written since."""
        if self._since is None:
            return False
        asks = self._is_line_open or self._reads_keys()
        if self._clock() - self._since < (_PROMPT_SECONDS if asks else _SILENT_SECONDS):
            return False
        self._since = None
        return True
