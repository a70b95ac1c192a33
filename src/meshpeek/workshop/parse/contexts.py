"""The cluster contexts that a command names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

_OPTIONS = ("--context", "--kube-context")
_OTHER_CONTEXTS = frozenset({"docker", "docker-compose", "podman"})
_RUNS_ITS_ARGUMENTS = frozenset({"watch", "bash", "sh", "eval", "timeout"})
_QUOTED_OR_PLAIN = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^'"\\]+)""", re.DOTALL)
_QUOTING = re.compile(r"['\"\\$`]")
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


def unquote(word: str) -> str | None:
    """Return what a word of bash code stands for, None if only the shell can tell."""
    if not _QUOTING.search(word):
        return word
    parts = []
    for match in _QUOTED_OR_PLAIN.finditer(word):
        single, double, escaped, plain = match.groups()
        if single is not None:
            parts.append(single)
            continue
        text = plain if double is None else double
        if text is not None and ("$" in text or "`" in text):
            return None
        if escaped is not None:
            parts.append("" if escaped == "\n" else escaped)
        elif double is not None:
            parts.append(re.sub(r"\\([\"\\$`])", r"\1", double))
        else:
            parts.append(plain)
    return "".join(parts)
