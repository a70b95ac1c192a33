"""Which clusters commands need to be there, and which they make themselves.

For a rehearsal of a workshop that lists no contexts: it was written for clusters that its readers
have, or that it makes with k3d, kind, minikube or civo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from meshpeek.workshop.bash import read_command, unquote
from meshpeek.workshop.parse.contexts import find_contexts

Words = Sequence[str | None]
"""The words of a simple command; None for one that only the shell knows (`"$CLUSTER"`)."""

_TOOLS = frozenset({"civo", "k3d", "kind", "kubectl", "kubectl-ctx", "kubectx", "minikube"})
_SAY = frozenset({"echo", "printf"})
_FLAGS_OF_K3D = frozenset(
    {
        "--kubeconfig-switch-context",
        "--kubeconfig-update-default",
        "--no-image-volume",
        "--no-lb",
        "--no-rollback",
        "--wait",
    }
)


class ClusterNames(NamedTuple):
    """The contexts that commands name, and those that they make or get by renaming.

    `makes_others`: they make clusters whose names only the shell knows.
    """

    named: tuple[str, ...] = ()
    made: frozenset[str] = frozenset()
    makes_others: bool = False

    @property
    def makes_clusters(self) -> bool:
        """Whether commands make clusters, or get contexts by renaming."""
        return self.makes_others or bool(self.made)

    @property
    def needed(self) -> tuple[str, ...]:
        """The contexts that have to be there before the first command."""
        if self.makes_others:
            return ()
        return tuple(name for name in self.named if name not in self.made)

    def joined(self, other: ClusterNames) -> ClusterNames:
        """Return what these commands and those of `other` name and make together."""
        return ClusterNames(
            tuple(dict.fromkeys([*self.named, *other.named])),
            self.made | other.made,
            self.makes_others or other.makes_others,
        )


def find_cluster_names(text: str) -> ClusterNames:
    """Return what the commands in the bash code `text` name and make."""
    named: dict[str, None] = {}
    made: set[str | None] = set()
    for written in _commands(text):
        named.update(dict.fromkeys(find_contexts(" ".join(written), [written])))
        words = _from_tool([unquote(word) for word in written])
        if words:
            named.update(dict.fromkeys(_selected(words)))
            made |= set(_made(words))
    known = frozenset(name for name in made if name is not None)
    return ClusterNames(tuple(named), known, None in made)


def find_files(text: str, suffixes: tuple[str, ...]) -> list[str]:
    """Return the words of the commands in `text` that may name files with one of `suffixes`."""
    found = dict.fromkeys(unquote(word) for written in _commands(text) for word in written)
    return [word for word in found if word and word.endswith(suffixes)]


def _commands(text: str) -> Iterator[Sequence[str]]:
    while text := text.lstrip():
        command = read_command(text, 0)
        yield from command.commands
        text = text[command.end :]


def _from_tool(words: Words) -> Words:
    """Return a command from the name of its tool on: `sudo k3d …`, `run_quietly k3d …`."""
    if words[0] in _SAY:
        return ()
    return next((words[i:] for i, word in enumerate(words) if word in _TOOLS), ())


def _selected(words: Words) -> Iterator[str]:
    """Yield the contexts that a command makes the current one, or renames."""
    if words[0] == "kubectl" and "config" in words:
        if (name := _after(words, "use-context", "use")) is not None:
            yield name
        if (name := _after(words, "rename-context")) is not None:
            yield name
    elif words[0] in ("kubectx", "kubectl-ctx") and len(words) == 2:
        name = words[1]
        if name and not name.startswith("-") and "=" not in name:
            yield name


def _made(words: Words) -> Iterator[str | None]:
    """Yield the contexts that a command makes, None for one whose name only the shell knows."""
    if words[0] == "kubectl" and "config" in words:
        yield from _made_by_config(words)
    elif words[0] == "kubectx" and len(words) == 2:
        if words[1] and "=" in words[1]:
            yield words[1].partition("=")[0]
    elif maker := _MAKERS.get(words[0] or ""):
        yield from maker(words)


def _made_by_config(words: Words) -> Iterator[str | None]:
    if "rename-context" in words:
        new = words[words.index("rename-context") + 2 :]
        yield new[0] if new else None
    elif "set-context" in words and any(w and w.startswith("--cluster") for w in words):
        yield _after(words, "set-context")


def _made_by_k3d(words: Words) -> Iterator[str | None]:
    if tuple(words[1:3]) not in (("cluster", "create"), ("cluster", "c")):
        return
    if any(word in ("-c", "--config") or (word or "").startswith("--config=") for word in words):
        yield None
        return
    name: str | None = "k3s-default"
    rest = iter(words[3:])
    for word in rest:
        if word is not None and word.startswith("-"):
            if "=" not in word and word not in _FLAGS_OF_K3D:
                next(rest, None)
        else:
            name = word
            break
    yield name and f"k3d-{name}"


def _made_by_kind(words: Words) -> Iterator[str | None]:
    if tuple(words[1:3]) == ("create", "cluster"):
        name = _option(words, ("--name", "-n"), "kind")
        yield name and f"kind-{name}"


def _made_by_minikube(words: Words) -> Iterator[str | None]:
    if "start" in words[1:]:
        yield _option(words, ("--profile", "-p"), "minikube")


def _made_by_civo(words: Words) -> Iterator[str | None]:
    if words[1:2] in (["kubernetes"], ["k8s"], ["k3s"]) and "create" in words:
        yield _after(words, "create")


_MAKERS: dict[str, Callable[[Words], Iterable[str | None]]] = {
    "civo": _made_by_civo,
    "k3d": _made_by_k3d,
    "kind": _made_by_kind,
    "minikube": _made_by_minikube,
}


def _after(words: Words, *names: str) -> str | None:
    """Return the word after the first of `names`; None without one that is known."""
    for index, word in enumerate(words[:-1]):
        if word in names:
            found = words[index + 1]
            return None if found is None or found.startswith("-") else found
    return None


def _option(words: Words, names: tuple[str, ...], default: str) -> str | None:
    """Return the value of an option that has one of `names`."""
    for index, word in enumerate(words):
        if word is None:
            continue
        option, separator, value = word.partition("=")
        if option in names:
            if not separator:
                return words[index + 1] if words[index + 1 :] else None
            return value
    return default
