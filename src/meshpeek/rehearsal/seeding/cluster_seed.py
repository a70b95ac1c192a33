"""What a cluster is to hold at the start, and how that is written in a request."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from meshpeek.rehearsal.errors import RehearsalError

FORM = 'write one line: {"clusters": {"north": {"manifests": ["/a/folder"], "links": ["east"]}}}'
_LONGEST_NAME = 253


class ClusterSeed(NamedTuple):
    """What a cluster holds at the start, beside what every cluster has.

    `manifests` are files, or folders of files, of YAML or JSON; `links` are the names of the
    clusters that it is linked to, without gateways. `install` names what is installed; None: what
    the manifests, the links and `commands` call for. `commands` are the words of each command that
    will be run on the cluster, as far as they are known.
    """

    manifests: tuple[Path, ...] = ()
    links: tuple[str, ...] = ()
    install: tuple[str, ...] | None = None
    commands: tuple[tuple[str, ...], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what a request has for the cluster."""
        return {
            "manifests": [str(path.absolute()) for path in self.manifests],
            "links": list(self.links),
            **({} if self.install is None else {"install": list(self.install)}),
            "commands": [list(words) for words in self.commands],
        }


def read_seed(name: str, given: object) -> ClusterSeed:
    """Return what a request says about the cluster `name`. Raises RehearsalError."""
    check_name(name)
    values = given if isinstance(given, dict) else {"manifests": given}
    install = values.get("install")
    commands = values.get("commands") or ()
    if not isinstance(commands, list | tuple):
        raise _unreadable(name)
    return ClusterSeed(
        tuple(map(Path, _read_texts(name, values.get("manifests")))),
        _read_texts(name, values.get("links")),
        None if install is None else _read_texts(name, install),
        tuple(_read_texts(name, words) for words in commands if words),
    )


def check_name(name: str) -> None:
    """Raise RehearsalError for what cannot name a cluster."""
    if not name.isprintable() or not 0 < len(name) <= _LONGEST_NAME:
        raise RehearsalError(
            f"invalid name of a cluster: {name!r}",
            hint=f"a name has up to {_LONGEST_NAME} printable characters",
        )


def _read_texts(name: str, given: object) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise _unreadable(name)
    return tuple(given)


def _unreadable(name: str) -> RehearsalError:
    return RehearsalError(f"the request on standard input: invalid value for {name}", hint=FORM)
