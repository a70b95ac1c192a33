"""What a command in the session comes to: bytes as they arrive, and its end."""

from __future__ import annotations

from enum import StrEnum

from meshpeek.workshop.values import Value


class Ending(StrEnum):
    """How a command came to its end."""

    COMPLETED = "completed"
    TIMED_OUT = "timed out"
    SHELL_ENDED = "shell ended"


class Output(Value):
    """Bytes that the command wrote, in order."""

    data: bytes


class Leftover(Value):
    """Bytes that came between two commands: from background jobs, or bash's word about them."""

    data: bytes


class Outcome(Value):
    """The end of a command: its status, those of its last pipeline's parts, and how it ended.

    A status above 128 means that signal (status - 128), as bash has it.
    """

    status: int
    pipestatus: tuple[int, ...]
    ending: Ending = Ending.COMPLETED
