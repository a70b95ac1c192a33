"""The cluster contexts that a command names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from meshpeek.workshop.bash import unquote

_OPTIONS = ("--context", "--kube-context")
_OTHER_CONTEXTS = frozenset({"docker", "docker-compose", "podman"})
_RUNS_ITS_ARGUMENTS = frozenset({"watch", "bash", "sh", "eval", "timeout"})
_IN_TEXT = re.compile(r"--(?:kube-)?context[= ]+([\w.@:/-]+)")


def find_contexts(text: str, commands: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Return the contexts that bash code names, in order, each once.

    `commands` are the words of each simple command in `text`, quotes included. A value that only
    the shell knows (`--context $CTX`) is left out, and so is a context of another kind (docker's).
    """
    if "context" not in text:
        return ()
    found: dict[str, None] = {}
    for words in commands:
        if words[0] not in _OTHER_CONTEXTS:
            found.update(dict.fromkeys(_contexts_of(words)))
    return tuple(found)


def _contexts_of(words: Sequence[str]) -> Iterator[str]:
    runs_its_arguments = words[0] in _RUNS_ITS_ARGUMENTS
    expected = False
    for word in words:
        text = unquote(word)
        if text == "--" and not runs_its_arguments:
            return
        if expected:
            expected = False
            if text:
                yield text
        elif text is None:
            continue
        elif text in _OPTIONS:
            expected = True
        elif text.startswith("--"):
            option, separator, value = text.partition("=")
            if option in _OPTIONS and separator and value:
                yield value
        elif runs_its_arguments and " " in text:
            yield from _IN_TEXT.findall(text)
