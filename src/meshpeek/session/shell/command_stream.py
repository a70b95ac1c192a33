"""What a command in the session yields while it runs: bytes as they arrive, and last its exit."""

from __future__ import annotations

from collections.abc import Generator
from enum import StrEnum

from meshpeek.workshop.values import Value


class Ending(StrEnum):
    """How a command came to its end."""

    COMPLETED = "completed"
    TIMED_OUT = "timed out"
    SHELL_ENDED = "shell ended"
    SHELL_BROKEN = "shell broken"
    """bash no longer does what it is told; whether the command ran to its end is not known."""


class OutputChunk(Value):
    """Bytes that the command wrote, in order."""

    data: bytes


class BackgroundOutput(Value):
    """Bytes that came between two commands: from background jobs, or bash's word about them."""

    data: bytes


class Prompt(Value):
    """The command has written something, and seems to wait for the person at the keyboard."""


class CommandExit(Value):
    """The end of a command: its status, those of its last pipeline's parts, and how it ended.

    A status above 128 means that signal (status - 128), as bash has it. `steered`: somebody pressed
    keys for a program that reads them one by one, such as a pager. `question` is what the command
    seems to have asked with nobody at the keyboard, empty for a full screen; None for nothing.
    """

    status: int
    pipestatus: tuple[int, ...]
    ending: Ending = Ending.COMPLETED
    steered: bool = False
    question: str | None = None


CommandStream = Generator[OutputChunk | BackgroundOutput | Prompt | CommandExit, None, None]
"""A command under way. Closing it early ends the command."""
