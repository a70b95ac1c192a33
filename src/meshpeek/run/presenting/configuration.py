"""The user's configuration: config.toml in the platform's folder for configurations."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

from platformdirs import user_config_path

from meshpeek.errors import InputError
from meshpeek.run.actions import Action
from meshpeek.run.presenting.bindings import BINDINGS, Binding
from meshpeek.terminal.key_decoder import NAMED_KEYS
from meshpeek.workshop.parse.suggestions import find_closest, suggest
from meshpeek.workshop.problems import Problem, WorkshopError
from meshpeek.workshop.spans import Span

_KEYS = "keys"
_ERROR_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")
_OTHER_NAMES = {
    "return": "enter",
    "ctrl-m": "enter",
    "ctrl-j": "enter",
    "ctrl-i": "tab",
    "ctrl-h": "backspace",
    "esc": "escape",
    "pgup": "page-up",
    "pgdn": "page-down",
    "": "space",
    " ": "space",
}
"""Other names of keys, and keys that a terminal cannot tell from them."""


def configuration_path() -> Path:
    """Return the path of the file, which need not exist."""
    return user_config_path("meshpeek", appauthor=False) / "config.toml"


def load_bindings(path: Path) -> tuple[Binding, ...]:
    """Return the presenter's keys as the file at `path` has them; the defaults without a file.

    Raises WorkshopError with all mistakes in the file, InputError if it cannot be read.
    """
    try:
        text = path.read_text()
    except FileNotFoundError:
        return BINDINGS
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {error}") from error
    return parse_bindings(text, str(path))


def parse_bindings(text: str, path: str) -> tuple[Binding, ...]:
    """Return the presenter's keys as `text`, of the configuration file `path`, has them.

    Raises WorkshopError with all mistakes in it.
    """
    file = _File(text, path)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WorkshopError([file.broken(str(error))]) from error
    problems = [
        file.problem(name, f"unknown setting `{name}`", suggest(name, [_KEYS]))
        for name in document
        if name != _KEYS
    ]
    changes: dict[Action, tuple[str, ...]] = {}
    table = document.get(_KEYS, {})
    if not isinstance(table, dict):
        problems.append(
            file.problem(_KEYS, "`keys` must be a table", "write [keys] on a line of its own")
        )
        table = {}
    for name, value in table.items():
        if name not in list(Action):
            hint = suggest(name, [action.value for action in Action])
            problems.append(file.problem(name, f"unknown action `{name}`", hint))
            continue
        keys = [value] if isinstance(value, str) else value
        problems += _check_keys(file, name, keys)
        changes[Action(name)] = tuple(keys) if isinstance(keys, list) else ()
    bindings = tuple(
        binding.replace(keys=changes.get(binding.action, binding.keys)) for binding in BINDINGS
    )
    problems += _conflicts(file, bindings, changes)
    problems += _missing(file, bindings, changes)
    if problems:
        raise WorkshopError(sorted(problems, key=lambda problem: problem.span.line))
    return bindings


def _check_keys(file: _File, name: str, keys: object) -> Iterable[Problem]:
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        yield file.problem(
            name, f"`{name}` needs a key or a list of keys", 'such as "r" or ["r", "f5"]'
        )
        return
    for key in keys:
        if key in NAMED_KEYS or (len(key) == 1 and key.isprintable() and key != " "):
            continue
        other = _OTHER_NAMES.get(key.lower()) or find_closest(key, NAMED_KEYS)
        hint = f"did you mean `{other}`?" if other else "docs/presenting.md lists the names of keys"
        yield file.problem(name, f"unknown key `{key}`", hint)


def _conflicts(
    file: _File, bindings: Sequence[Binding], changes: dict[Action, tuple[str, ...]]
) -> Iterable[Problem]:
    owners: dict[str, Action] = {}
    for binding in bindings:
        for key in binding.keys:
            owner = owners.setdefault(key, binding.action)
            if owner is binding.action:
                continue
            named = binding.action if binding.action in changes else owner
            yield file.problem(
                named.value,
                f"the key `{key}` is bound to both `{owner}` and `{binding.action}`",
                f"bind one of them to other keys; `{owner} = []` unbinds it",
            )


def _missing(
    file: _File, bindings: Sequence[Binding], changes: dict[Action, tuple[str, ...]]
) -> Iterable[Problem]:
    """Yield what no key does any more, and a presentation cannot do without."""
    keys = {binding.action: binding.keys for binding in bindings}
    for actions, needed in (((Action.GO,), "go on"), ((Action.QUIT, Action.INTERRUPT), "end")):
        if not any(keys[action] for action in actions):
            words = " and ".join(f"`{action}`" for action in actions)
            named = next(action for action in reversed(actions) if action in changes)
            yield file.problem(
                named.value, f"{words} without a key", f"a presentation could not {needed}"
            )


class _File:
    """The text of the file, to locate settings in: the parser tells no places."""

    def __init__(self, text: str, path: str) -> None:
        self._text = text
        self._path = path

    def problem(self, name: str, message: str, hint: str) -> Problem:
        """Return a problem at the line that sets `name`."""
        quoted = re.escape(name)
        found = re.search(
            rf"^[ \t]*(?:\[[ \t]*)?(?:keys[ \t]*\.[ \t]*)?([\"']?{quoted}[\"']?)[ \t]*[=.\]]",
            self._text,
            re.MULTILINE,
        )
        start = found.start(1) if found else 0
        line = self._text.count("\n", 0, start) + 1
        column = start - (self._text.rfind("\n", 0, start) + 1) + 1
        span = Span(self._path, line, line, column, len(found[1]) if found else 1)
        return Problem.at(self._text, span, message, hint)

    def broken(self, message: str) -> Problem:
        """Return the problem that the file is not valid TOML."""
        place = _ERROR_PLACE.search(message)
        line, column = (int(place[1]), int(place[2])) if place else (self._text.count("\n") + 1, 1)
        span = Span(self._path, line, line, column)
        return Problem.at(self._text, span, f"not valid TOML: {_ERROR_PLACE.sub('', message)}")
