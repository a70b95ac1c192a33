"""What in a command leads to clusters that its workshop does not list, or to none at all.

The session holds commands to the listed ones (see docs/running.md); this tells it beforehand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from meshpeek.workshop.bash import unquote
from meshpeek.workshop.cluster_access.cluster_tools import cluster_tools

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_SETS_KUBECONFIG = re.compile(r"KUBECONFIG\+?=")
_DECLARE = frozenset({"export", "declare", "typeset", "readonly", "local"})
_RUN_OTHERS = frozenset(
    {"env", "sudo", "watch", "time", "timeout", "xargs", "exec", "command", "nohup", "eval"}
)
_OWN_KUBECONFIG = re.compile(r"""(--kubeconfig=)?["']?\$\{?KUBECONFIG\}?["']?""")
_CONFIG_ADDS = ("set-cluster", "set-credentials")


class ClusterMistake(NamedTuple):
    """A word of a command, what is wrong with it, and what to do.

    `reaches_others`: it may reach a cluster that the workshop does not list.
    """

    word: str
    message: str
    hint: str
    reaches_others: bool = False
    code: str = "other-cluster"


def find_cluster_mistakes(
    words: Sequence[str], contexts: Sequence[str], *, needs_context: bool
) -> Iterator[ClusterMistake]:
    """Find what is wrong in a simple command, whose `words` are as written, quotes included.

    `contexts` are those that the workshop lists. `needs_context`: a command without a context
    reaches no cluster.
    """
    yield from _kubeconfig_mistakes(words)
    index = _tool_index(words)
    if index is None:
        return
    name = words[index].rpartition("/")[2]
    if "/" in words[index]:
        yield ClusterMistake(
            words[index],
            f"`{words[index]}` is not the session's {name}, and may reach any cluster",
            f"write `{name}`",
            reaches_others=True,
        )
    arguments = list(words[index + 1 :])
    if "--" in arguments:
        arguments = arguments[: arguments.index("--")]
    if arguments and arguments[0] in cluster_tools()[name].local_commands:
        for word in arguments[1:]:
            if word in _CONFIG_ADDS and not any(w.startswith("--kubeconfig") for w in arguments):
                yield ClusterMistake(
                    word,
                    f"`{name} {arguments[0]} {word}` in the session's kubeconfig stops the run",
                    "write it to another file, with --kubeconfig FILE",
                )
        return
    yield from _option_mistakes(name, arguments)
    if needs_context and _lacks_context(name, arguments):
        option = cluster_tools()[name].context_option
        yield ClusterMistake(
            words[index],
            f"`{name}` without `{option}` reaches no cluster",
            f"add {option} with one of {', '.join(contexts)}",
            code="no-context",
        )


def _kubeconfig_mistakes(words: Sequence[str]) -> Iterator[ClusterMistake]:
    names = [word for word in words if not _ASSIGNMENT.match(word)]
    first = names[0] if names else ""
    leading = words[: words.index(first)] if first else words
    candidates = list(leading)
    if first in _DECLARE or first == "env":
        candidates += words
    for word in dict.fromkeys(candidates):
        if _SETS_KUBECONFIG.match(word):
            yield ClusterMistake(
                word,
                "KUBECONFIG is set, and the session stops what uses another one",
                "leave it as it is; the session's kubeconfig has the contexts of the settings",
            )
    removes = first == "unset" or (first in _DECLARE and "-n" in words) or _env_unsets(first, words)
    if removes and "KUBECONFIG" in " ".join(words):
        yield ClusterMistake(
            "KUBECONFIG",
            "KUBECONFIG is removed, and the session stops what does without it",
            "leave it as it is",
        )
    empties = first == "env" and not {"-i", "-", "--ignore-environment"}.isdisjoint(words)
    if empties and _tool_index(words) is not None:
        yield ClusterMistake(
            "env",
            "`env -i` removes KUBECONFIG and PATH, so this may reach any cluster",
            "remove variables one by one, with `env -u`",
            reaches_others=True,
        )


def _env_unsets(first: str, words: Sequence[str]) -> bool:
    if first != "env":
        return False
    joined = " ".join(words)
    return bool(re.search(r"(-u ?|--unset[= ])KUBECONFIG\b", joined))


def _tool_index(words: Sequence[str]) -> int | None:
    """Return where the name of a tool stands, None if the command is not one of them."""
    first = next((i for i, word in enumerate(words) if not _ASSIGNMENT.match(word)), None)
    if first is None:
        return None
    candidates = range(first, len(words)) if words[first] in _RUN_OTHERS else (first,)
    for index in candidates:
        if words[index].rpartition("/")[2] in cluster_tools():
            return index
    return None


def _option_mistakes(name: str, arguments: Sequence[str]) -> Iterator[ClusterMistake]:
    for index, word in enumerate(arguments):
        value = arguments[index + 1] if word == "--kubeconfig" and arguments[index + 1 :] else word
        is_kubeconfig = word == "--kubeconfig" or word.startswith("--kubeconfig=")
        if is_kubeconfig and not _OWN_KUBECONFIG.fullmatch(value):
            option = "--kubeconfig"
        elif any(
            fnmatchcase(unquote(word) or word, each) for each in cluster_tools()[name].refused
        ):
            option = word.partition("=")[0]
        else:
            continue
        yield ClusterMistake(
            word,
            f"`{name}` refuses `{option}`: it would reach a cluster that is not listed",
            f"leave it out, and name a cluster with {cluster_tools()[name].context_option}",
        )


def _lacks_context(name: str, arguments: Sequence[str]) -> bool:
    option = cluster_tools()[name].context_option
    before = ""
    for word in arguments:
        if word == option or word.startswith(f"{option}=") or word in ("-h", "--help", "--client"):
            return False
        # Several words may come of it, the option among them.
        if word.startswith(("$", '"$@', '"${')) and not before.startswith("-"):
            return False
        before = word
    command = next((word for word in arguments if not word.startswith("-")), None)
    return command is not None and command not in cluster_tools()[name].clusterless_commands
