"""Which key asks for what; a configuration file can change it."""

from __future__ import annotations

from collections.abc import Iterable

from meshpeek.run.actions import Action
from meshpeek.workshop.values import Value


class Binding(Value):
    """An action, its keys, and what it does: for the help and the documentation."""

    action: Action
    keys: tuple[str, ...]
    meaning: str


BINDINGS = (
    Binding(Action.GO, ("enter", "page-down"), "run the command, or continue"),
    Binding(Action.FINISH, ("space",), "finish typing"),
    Binding(Action.SKIP, ("+", "right"), "skip this command or wait"),
    Binding(Action.BACK, ("-", "left", "page-up"), "go back to the command before"),
    Binding(Action.NEXT_SECTION, (">",), "go to the next section"),
    Binding(Action.PREVIOUS_SECTION, ("<",), "go to the section's beginning, or the one before"),
    Binding(Action.OUTLINE, ("o", "/"), "find a section or a command, and go there"),
    Binding(Action.REPEAT, ("r",), "run the last command again"),
    Binding(Action.EDIT, ("e",), "change the command, then run it"),
    Binding(Action.SHELL, ("!",), "take over the shell; exit or ^D comes back"),
    Binding(Action.FALLBACK, ("f",), "show what the last command printed when it was recorded"),
    Binding(Action.BLANK, ("b", "."), "blank the screen, until any key"),
    Binding(Action.SCROLL_UP, ("shift-up",), "scroll up in a page higher than the window"),
    Binding(Action.SCROLL_DOWN, ("shift-down",), "scroll down again"),
    Binding(Action.ADDRESS, ("a",), "show the address of the page for the room"),
    Binding(Action.CLOCK, ("c",), "stop the clock, or start it again"),
    Binding(Action.NARRATION, ("n",), "hide the narration, or show it"),
    Binding(Action.STATUS, ("s",), "hide the status line, or show it"),
    Binding(Action.REDRAW, ("ctrl-l",), "draw the page again"),
    Binding(Action.HELP, ("?",), "show this help"),
    Binding(Action.SUSPEND, ("ctrl-z",), "suspend meshpeek; fg comes back"),
    Binding(Action.QUIT, ("Q",), "quit"),
    Binding(Action.INTERRUPT, ("ctrl-c",), "interrupt the presentation"),
)
"""demosh's keys, those of a presenter's remote control (page-down, page-up), and our own."""

_WORDS = {"enter": "RETURN", "space": "SPACE", "escape": "ESC", "backspace": "BACKSPACE"}
_ARROWS = {"up": "↑", "down": "↓", "left": "←", "right": "→"}


def actions_by_key(bindings: Iterable[Binding]) -> dict[str, Action]:
    """Return the action of each key."""
    return {key: binding.action for binding in bindings for key in binding.keys}


def label(key: str) -> str:
    """Return a key's name as people write it: `RETURN`, `^C`, `→`, `Page Down`, `+`."""
    if key.startswith("ctrl-") and len(key) == len("ctrl-x"):
        return f"^{key[-1].upper()}"
    named = _WORDS.get(key) or _ARROWS.get(key)
    return named or (key.replace("-", " ").title() if len(key) > 1 else key)
