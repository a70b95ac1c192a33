"""What only a presenter has: a keyboard, its keys, and the signals of the terminal they sit at."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from meshpeek.cli.signals import handling
from meshpeek.session.shell import Shell
from meshpeek.sinks import Sink
from meshpeek.terminal.keyboard import Keyboard

if TYPE_CHECKING:
    from meshpeek.run.actions import Inbox
    from meshpeek.run.presenting.bindings import Binding


class Stage(NamedTuple):
    """What only a presenter has: a keyboard, its bindings, and other ways to ask for something."""

    keyboard: Keyboard
    inbox: Inbox
    bindings: tuple[Binding, ...]


@contextlib.contextmanager
def open_stage(inbox: Inbox) -> Iterator[Stage]:
    """Take over the keyboard, and let requests come from `inbox` as well.

    Raises EnvironmentUnfitError without a terminal, InputError for a wrong configuration file.
    """
    from meshpeek.run.actions import Action
    from meshpeek.run.presenting.configuration import configuration_path, load_bindings

    bindings = load_bindings(configuration_path())
    with Keyboard(sys.stdin.fileno()) as keyboard:

        def suspend(*_: object) -> None:
            keyboard.suspend()
            inbox.post(Action.REDRAW)

        with handling((signal.SIGTSTP,), suspend):
            yield Stage(keyboard, inbox, bindings)


def terminal_size() -> os.terminal_size:
    """Return the size of the terminal as it is now, whatever the environment says of it."""
    return os.get_terminal_size(sys.stdin.fileno())


@contextlib.contextmanager
def resizing(shell: Shell, inbox: Inbox) -> Iterator[None]:
    """Pass a new size of the window on to the shell, and have the page drawn again."""
    from meshpeek.run.actions import Action

    def resize(*_: object) -> None:
        columns, rows = terminal_size()
        shell.resize(rows, columns)
        inbox.post(Action.REDRAW)

    with handling((signal.SIGWINCH,), resize):
        yield


@contextlib.contextmanager
def stopping(stage: Stage, shell: Shell, screen: Sink) -> Iterator[None]:
    """Let TSTP stop the program with the terminal as it was before, whoever has it at that time."""
    from meshpeek.run.actions import Action
    from meshpeek.sinks.screen.screen import Screen

    def stop(*_: object) -> None:
        if isinstance(screen, Screen):
            screen.step_aside()
        stage.keyboard.suspend()
        if isinstance(screen, Screen):
            screen.step_back()
        shell.refresh()
        stage.inbox.post(Action.REDRAW)

    with handling((signal.SIGTSTP,), stop):
        yield
