"""What a presenter controls a run with: keys, other sources of actions, signals."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from meshpeek.cli.signals import handling
from meshpeek.run.actions import Action, ActionQueue
from meshpeek.session.shell.shell import Shell
from meshpeek.sinks import Sink
from meshpeek.terminal.background import (
    COLORFGBG,
    QUERY,
    Background,
    answered_background,
    background_of,
    is_answered,
)
from meshpeek.terminal.keyboard import Keyboard
from meshpeek.workshop.values import Value

if TYPE_CHECKING:
    from meshpeek.run.presenting.bindings import Binding


_ANSWER_SECONDS = 0.3
_MUTE_TERMINALS = ("dumb", "unknown", "linux")
"""Values of TERM: these do not know the question for the background, and may show it."""


class Controls(Value):
    """What a presenter controls a run with; `actions` come from elsewhere than the keyboard.

    `addresses` are those of the page for the room, to be shown at a key.
    """

    keyboard: Keyboard
    actions: ActionQueue
    bindings: tuple[Binding, ...]
    addresses: tuple[str, ...] = ()


@contextlib.contextmanager
def open_controls(actions: ActionQueue, addresses: tuple[str, ...] = ()) -> Iterator[Controls]:
    """Take over the keyboard, with a person's own bindings.

    Raises EnvironmentUnfitError without a terminal, InputError for a wrong configuration file.
    """
    from meshpeek.run.presenting.configuration import configuration_path, load_bindings

    bindings = load_bindings(configuration_path())
    with Keyboard(sys.stdin.fileno()) as keyboard:

        def suspend(*_: object) -> None:
            keyboard.suspend()
            actions.put(Action.REDRAW)

        with handling((signal.SIGTSTP,), suspend):
            yield Controls(keyboard, actions, bindings, addresses)


def find_background(theme: str, controls: Controls | None) -> Background:
    """Return the background that `theme` names; of `auto`, the one that the terminal has."""
    if theme != "auto":
        return Background(theme)
    if controls and os.environ.get("TERM", "dumb") not in _MUTE_TERMINALS:
        reply = controls.keyboard.ask(QUERY, is_answered, _ANSWER_SECONDS)
        found = answered_background(reply)
        if found is not Background.UNKNOWN:
            return found
    return background_of(os.environ.get(COLORFGBG, ""))


def terminal_size() -> os.terminal_size:
    """Return the size of the terminal as it is now, whatever COLUMNS and LINES say."""
    return os.get_terminal_size(sys.stdin.fileno())


@contextlib.contextmanager
def handling_terminal_signals(controls: Controls, shell: Shell, screen: Sink) -> Iterator[None]:
    """Give the shell the window's new size at WINCH; restore the terminal before a stop by TSTP.

    Either way the page is drawn again.
    """
    from meshpeek.sinks.screen.screen import Screen

    def resize(*_: object) -> None:
        columns, rows = terminal_size()
        shell.resize(rows, columns)
        controls.actions.put(Action.REDRAW)

    def suspend(*_: object) -> None:
        if isinstance(screen, Screen):
            screen.suspend()
        controls.keyboard.suspend()
        if isinstance(screen, Screen):
            screen.resume()
        shell.refresh()
        controls.actions.put(Action.REDRAW)

    with handling((signal.SIGWINCH,), resize), handling((signal.SIGTSTP,), suspend):
        yield
