"""What a presenter does in the session's shell between two steps."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable, Iterator

from meshpeek.run.events import (
    EditEnded,
    EditStarted,
    Event,
    OutputReceived,
    ShellLent,
    ShellReturned,
)
from meshpeek.session.shell.command_stream import BackgroundOutput, OutputChunk
from meshpeek.session.shell.shell import Shell
from meshpeek.workshop.model import Command


def lend_shell(shell: Shell, history: Iterable[str]) -> Iterator[Event]:
    """Give the presenter the shell until they leave it; the arrow keys find `history`."""
    yield ShellLent()
    with contextlib.closing(shell.take_over(history)) as running:
        for item in running:
            if isinstance(item, OutputChunk | BackgroundOutput):
                yield OutputReceived(None, item.data)
    yield ShellReturned()


def edit(
    shell: Shell, step: Command, edited: str | None = None
) -> Generator[Event, None, str | None]:
    """Let the presenter change a command; return the changed one, None if it stays as it is.

    `edited` is what an earlier change has made of it.
    """
    yield EditStarted(step)
    before, edited = edited or step.text, None
    with contextlib.closing(shell.edit(before)) as editing:
        for item in editing:
            if isinstance(item, OutputChunk):
                yield OutputReceived(None, item.data)
            else:
                edited = item
    if edited is not None and not edited.strip():
        edited = None
    yield EditEnded(step, edited)
    return edited
