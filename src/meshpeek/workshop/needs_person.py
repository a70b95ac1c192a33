"""Which commands need a person at the keyboard, because no annotation says what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence

from meshpeek.workshop.bash import read_command, unquote
from meshpeek.workshop.model import Command, Workshop

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_WRAPPERS = frozenset({"sudo", "exec", "command", "time", "nohup", "env"})
_EDITORS = frozenset(
    {"vi", "vim", "nvim", "nano", "emacs", "micro", "$EDITOR", "${EDITOR}", "$VISUAL"}
)
_MAY_NEED = re.compile(r"\bedit\b|\bn?vim?\b|nano|emacs|micro|EDITOR|VISUAL|\bread\b")
_GETS_A_LINE = re.compile(r"<|\|\s*read\b|\s-t")
_SETS_EDITOR = re.compile(r"\b(?:KUBE_)?(?:EDITOR|VISUAL)=")


def find_interactive_steps(workshop: Workshop) -> dict[int, str]:
    """Return why commands need a person, by the index of their step."""
    commands = [
        (index, step)
        for index, step in enumerate(workshop.steps)
        if isinstance(step, Command) and step.runs
    ]
    has_editor = any(_SETS_EDITOR.search(step.text) for _, step in commands)
    found = {}
    for index, step in commands:
        if _MAY_NEED.search(step.text) is None:
            continue
        simple = read_command(step.text, 0).commands
        if not has_editor and step.edit is None and any(map(opens_editor, simple)):
            found[index] = "needs a person: it opens an editor"
        elif waits_for_line(step, simple):
            found[index] = "needs a person: it waits for a line"
    return found


def opens_editor(words: Sequence[str]) -> bool:
    """Tell whether a simple command, as its words are written, opens an editor."""
    words = without_wrappers(words)
    if not words:
        return False
    name = program_of(words)
    if words[0].strip('"') in _EDITORS or name in _EDITORS:
        return True
    return name == "kubectl" and verb_of_kubectl(words) == "edit"


def waits_for_line(step: Command, commands: Sequence[Sequence[str]]) -> bool:
    """Tell whether `step` is a `read` from the keyboard; `commands` are its simple commands."""
    if len(commands) != 1 or step.answers:
        return False
    words = without_wrappers(commands[0])
    return bool(words) and program_of(words) == "read" and not _GETS_A_LINE.search(step.text)


def without_wrappers(words: Sequence[str]) -> Sequence[str]:
    """Return a simple command without assignments before it, and without `sudo` and the like."""
    index = 0
    while index < len(words) and (words[index] in _WRAPPERS or _ASSIGNMENT.match(words[index])):
        index += 1
    return words[index:]


def program_of(words: Sequence[str]) -> str:
    """Return the name of the program that a command runs, without its folder."""
    return (unquote(words[0]) or words[0]).rpartition("/")[2]


def verb_of_kubectl(words: Sequence[str]) -> str:
    """Return the first argument of kubectl that is neither an option nor the value of one."""
    arguments = iter(words[1:])
    for word in arguments:
        if not word.startswith("-"):
            return word
        if word in ("-n", "--namespace", "--context", "--kubeconfig", "-s", "--cluster", "--user"):
            next(arguments, None)
    return ""
